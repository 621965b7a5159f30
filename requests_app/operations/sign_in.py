"""The second rung by the controller's own sign-in: whose account it is, and whether it has the address on file there.

Nobody gets an account here by it. Of the account there only a keyed digest of issuer and subject is kept.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """Who signed in; `email` is empty where the provider does not vouch for it."""

    issuer: str
    subject: str
    email: str

    @property
    def digests(self) -> list[str]:
        """What is kept of it, the newest key first."""
        return subject_digests(self.issuer, self.subject)


def confirm_by_sign_in(submission: Submission, *, account: Account, actor: Actor, at: datetime) -> Outcome:
    """Confirm the submission for whoever signed in with its address, as the provider has verified it."""
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=submission.pk)
        outcome = _outcome(locked, account)
        if outcome != Outcome.CONFIRMED:
            refused = {"method": METHOD, "reason": outcome.value}
            evidence.append(locked.pk, Kind.SIGN_IN_REFUSED, actor=actor, at=at, body=refused)
            return outcome
        kept = {"subject_digest": account.digests[0], "last_at": at}
        SignIn.objects.update_or_create(pk=locked.pk, defaults=kept, create_defaults={**kept, "first_at": at})
        begin(locked, rung=CONTACT_ON_FILE, proof={"method": METHOD, "purpose": "verify"}, actor=actor, at=at)
        return outcome


def find_by_sign_in(account: Account, *, actor: Actor, at: datetime) -> list[Submission]:
    """Return the submissions with the address of whoever signed in, the newest first. It confirms none of them.

    What was confirmed with another account is not among them.
    """
    if not account.email:
        return []
    with transaction.atomic():
        same_address = Submission.objects.filter(email_digest__in=lookup_digests(account.email))
        rows = same_address.select_for_update().order_by("pk")
        found = [row for row in rows if _outcome(row, account) == Outcome.CONFIRMED]
        proof: dict[str, str | int] = {"method": METHOD, "purpose": "find", "rung": CONTACT_ON_FILE}
        told = [evidence.Entry(row.pk, Kind.IDENTITY_CONFIRMED, actor, at, body=proof) for row in found]
        evidence.append_all(told)
    return sorted(found, key=lambda row: row.received_at, reverse=True)


def _outcome(submission: Submission, account: Account) -> Outcome:
    bound = SignIn.objects.filter(pk=submission.pk).first()
    if bound is not None and bound.subject_digest not in account.digests:
        return Outcome.OTHER_ACCOUNT
    if not account.email:
        return Outcome.UNVERIFIED
    return Outcome.CONFIRMED if submission.email_digest in lookup_digests(account.email) else Outcome.OTHER_ADDRESS
