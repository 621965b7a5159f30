"""The contact on file confirms, or says that it was somebody else. Only a code that went there can do either."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from requests_app.models import Contact, IdentityCheck, Submission
from requests_app.rules.lifecycle import OPEN, State

from . import evidence, lookups
from .actors import Actor
from .evidence import Kind
from .identity_checks import confirm as evaluate
from .on_file_proof import settle
from .team import alarm_officers

ON_FILE = IdentityCheck.Purpose.ON_FILE
ANSWERED = frozenset({State.FULFILLED, State.PARTLY_FULFILLED})
DENIED = "Whoever reads the mail of the contact on file says that they did not ask."
ANSWERED_ALREADY = "An answer was given before: its files are handed out no more. Judge whether this is a breach."


def confirm_on_file(submission: Submission, *, code: str, actor: Actor, at: datetime) -> bool:
    """Evaluate a code typed on the status page: whoever types it reads the mail of a contact on file."""
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=submission.pk)
        for contact in _unanswered(locked):
            if evaluate(locked, purpose=ON_FILE, contact=contact, code=code, actor=actor, at=at):
                _confirmed(contact, actor=actor, at=at)
                return True
        return False


def answer_by_link(check: IdentityCheck, *, code: str, mine: bool, actor: Actor, at: datetime) -> bool:
    """Confirm, or deny, on the page behind the link of the mail, with the code of that mail. False where it is wrong.

    A denial holds every request of the case back for good: two people release it by hand, or nobody does.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=check.submission_id)
        contact = Contact.objects.get(checks=check)
        right = evaluate(locked, purpose=ON_FILE, contact=contact, code=code, actor=actor, at=at, by_link=True)
        if not right:
            return False
        if mine:
            _confirmed(contact, actor=actor, at=at)
        else:
            _denied(contact, actor=actor, at=at)
        return True


def is_asked(submission: Submission) -> bool:
    """Return whether the page asks for a code of another contact: it does whatever was found, until one was typed.

    That the typed address is itself on file ends nothing here: else the page would tell who is known.
    """
    confirmed = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE, confirmed_at__isnull=False)
    asked = bool(settings.DATA_SOURCES) and lookups.asks_for_contact_on_file(submission)
    return asked and not (confirmed.exists() and not _unanswered(submission))


def send_again(submission: Submission, *, at: datetime) -> None:
    """Have another code sent to whatever is on file. The sweep does it, so that nothing here takes longer."""
    lookups.ask_again(submission, at=at)


def _unanswered(submission: Submission) -> list[Contact]:
    rows = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE)
    return list(rows.filter(confirmed_at=None, denied_at=None).order_by("added_at"))


def _confirmed(contact: Contact, *, actor: Actor, at: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(confirmed_at=at)
    settle(contact.submission, actor=actor, at=at)


def _denied(contact: Contact, *, actor: Actor, at: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(denied_at=at)
    evidence.append(contact.submission_id, Kind.ON_FILE_DENIED, actor=actor, at=at, body={"contact": str(contact.pk)})
    for dsr in contact.submission.requests.filter(state__in=sorted({*OPEN, *ANSWERED})).order_by("pk"):
        sentence = f"{DENIED} {'Nothing is released.' if dsr.is_open else ANSWERED_ALREADY}"
        occurrence = f"denied:{contact.pk.hex}:{dsr.pk.hex}"
        alarm_officers(sentence, submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=at)
