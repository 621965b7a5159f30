"""When the contact on file counts as shown. Below the verbs: the look-up and the code both lead to it."""

from datetime import datetime

from requests_app.models import Contact, SourceLookup, Submission
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE

from . import evidence
from .actors import Actor
from .evidence import Kind
from .owed_steps import wake_steps

OPEN_RESULTS = (SourceLookup.Result.WAITING, SourceLookup.Result.UNPROVEN, SourceLookup.Result.FAILED)
FOUND = (SourceLookup.Result.SAME, SourceLookup.Result.OTHER)


def settle(submission: Submission, *, actor: Actor, at: datetime) -> bool:
    """Raise the assurance where every source has answered and everybody who was found is shown. True if it rose.

    Needs the caller's transaction with the submission locked.
    """
    wake_steps(submission.pk, at=at)
    lookups = SourceLookup.objects.filter(submission=submission)
    if lookups.filter(result__in=OPEN_RESULTS).exists() or not lookups.filter(result__in=FOUND).exists():
        return False
    contacts = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE)
    if contacts.filter(confirmed_at=None).exists() or contacts.filter(denied_at__isnull=False).exists():
        return False
    # Only from the rung below: whoever lost the proof of the typed address climbs again from there.
    rose = Submission.objects.filter(pk=submission.pk, assurance=CONTACT).update(assurance=CONTACT_ON_FILE)
    if rose:
        by = "typed address" if not contacts.exists() else "code"
        evidence.append(
            submission.pk, Kind.ON_FILE_CONFIRMED, actor=actor, at=at, body={"rung": CONTACT_ON_FILE, "by": by}
        )
    return bool(rose)
