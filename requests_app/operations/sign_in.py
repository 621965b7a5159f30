"""The second rung by the controller's own sign-in: whose account it is, and whether it has the address on file there.

Nobody gets an account here by it. Of the account there only a keyed digest of issuer and subject is kept.
"""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from requests_app.models import SignIn, Submission
from requests_app.models.keys import lookup_digests, subject_digests
from requests_app.rules.identity import CONTACT_ON_FILE

from . import evidence
from .actors import Actor
from .evidence import Kind
from .identity_checks import begin

METHOD = "openid"


class Outcome(StrEnum):
    """What a sign-in showed. Nothing changes but by the first."""

    CONFIRMED = "confirmed"
    UNVERIFIED = "unverified"  # the provider does not vouch for the address
    OTHER_ADDRESS = "other_address"
    OTHER_ACCOUNT = "other_account"  # these requests were confirmed with another one before


def confirm_by_sign_in(
    submission: Submission, *, issuer: str, subject: str, email: str, email_verified: bool, actor: Actor, at: datetime
) -> Outcome:
    """Confirm the submission for whoever signed in with its address, as the provider has verified it."""
    digests = subject_digests(issuer, subject)
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=submission.pk)
        bound = SignIn.objects.filter(pk=locked.pk).first()
        if bound is not None and bound.subject_digest not in digests:
            outcome = Outcome.OTHER_ACCOUNT
        elif not email or not email_verified:
            outcome = Outcome.UNVERIFIED
        elif locked.email_digest not in lookup_digests(email):
            outcome = Outcome.OTHER_ADDRESS
        else:
            outcome = Outcome.CONFIRMED
        if outcome != Outcome.CONFIRMED:
            refused = {"method": METHOD, "reason": outcome.value}
            evidence.append(locked.pk, Kind.SIGN_IN_REFUSED, actor=actor, at=at, body=refused)
            return outcome
        SignIn.objects.update_or_create(
            pk=locked.pk,
            defaults={"subject_digest": digests[0], "last_at": at},
            create_defaults={"subject_digest": digests[0], "first_at": at, "last_at": at},
        )
        begin(locked, rung=CONTACT_ON_FILE, proof={"method": METHOD, "purpose": "verify"}, actor=actor, at=at)
        return outcome
