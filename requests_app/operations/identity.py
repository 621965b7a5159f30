"""The first rung: a typed code or a link shows control of the address."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models import Contact, IdentityCheck, Submission
from requests_app.models.keys import look_digests, lookup_digests, seal
from requests_app.rules.identity import CONTACT

from . import evidence
from .actors import Actor
from .evidence import Kind
from .identity_checks import confirm, confirm_found, confirm_from_session
from .identity_codes import Standing, check_for_secret, code_for, issue, link_secret, standing
from .refused import Refused

__all__ = [
    "Standing",
    "change_address",
    "check_for_secret",
    "code_for",
    "confirm",
    "confirm_found",
    "confirm_from_session",
    "issue_code",
    "link_secret",
    "standing",
]


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update().get(pk=submission.pk)


def issue_code(
    submission: Submission, *, purpose: str, actor: Actor, at: datetime, contact: Contact | None = None
) -> IdentityCheck:
    """Send a new code to the address of the submission, or to the contact; the old one is dead. Raises Refused over
    the limit."""
    with transaction.atomic():
        return issue(_locked(submission), purpose=purpose, actor=actor, at=at, contact=contact)


def change_address(submission: Submission, *, email: str, actor: Actor, at: datetime) -> IdentityCheck:
    """Mend a mistyped address before verification: a new code goes out, the old one is dead."""
    with transaction.atomic():
        locked = _locked(submission)
        if locked.assurance >= CONTACT:
            raise Refused(_("The address is confirmed already. Write to us in your request to change it."))
        locked.email_sealed = seal(locked.pk, locked.place("email"), email.strip())
        locked.email_digest, locked.look_digest = lookup_digests(email)[0], look_digests(email)[0]
        locked.save(update_fields=["email_sealed", "email_digest", "look_digest"])
        evidence.append(locked.pk, Kind.ADDRESS_CHANGED, actor=actor, at=at)
        IdentityCheck.objects.filter(submission=locked, dead_at=None).update(dead_at=at)
        return issue(locked, purpose=IdentityCheck.Purpose.VERIFY, actor=actor, at=at)
