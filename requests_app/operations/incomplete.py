"""“Something is missing”: the person says what an answer lacks, and the sources are asked again.

The new clock starts on that day; first receipt, first date and first outcome stay on record. Files that were handed out
can be downloaded until their own date; what the second answer replaces goes then.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models import DataSubjectRequest, EvidenceEvent, Message
from requests_app.rules.identity import CONTACT
from requests_app.rules.lifecycle import State

from . import evidence, messages
from .actors import Actor
from .authorities import authority_of
from .evidence import Kind
from .owed_steps import HANDS_OUT
from .refused import Refused
from .reopening import asks_for_proof, take_up_again
from .team import HANDLER, OFFICER, members, tell
from .transition import lock

ANSWERED = frozenset({State.FULFILLED, State.PARTLY_FULFILLED})
BY_ITSELF = 2  # times that it opens again without anybody of the team; then they judge (GDPR 12(5))
MOST = 10  # of one request in all; who still misses something calls, or complains
APART = timedelta(days=1)
LONGEST_TEXT = 10_000  # characters
WHY = "missing"


def may_report(dsr: DataSubjectRequest) -> bool:
    """Whether the answer can be called incomplete: given, of a right that hands out data, and not too often."""
    if dsr.right not in HANDS_OUT or dsr.state not in ANSWERED:
        return False
    authority = authority_of(dsr.submission)
    return (authority is None or not authority.is_stopped) and len(_reports(dsr)) < MOST


def report_missing(dsr: DataSubjectRequest, *, text: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Store what is missing and take the request up again; it stays ended where the team judges first.

    Raises Refused without a word, within a day of the last report, and for what is not answered or not of this kind.
    """
    if not text.strip():
        raise Refused(_("Say in a few words what is missing."))
    if len(text.strip()) > LONGEST_TEXT:
        raise Refused(_("The text is longer than 10000 characters. Say the most important things."))
    with transaction.atomic():
        dsr = lock(dsr)
        if not may_report(dsr):
            raise Refused(_("This cannot be said here now. Make a new request, or call us."))
        reports = _reports(dsr)
        if reports and reports[-1] > at - APART:
            raise Refused(_("You told us within the last day that something is missing. Please wait a day."))
        message = messages.write(dsr, author=Message.Author.PERSON, text=text, actor=actor, at=at)
        body = {"message": str(message.pk), "why": WHY}
        by_itself = len(reports) < BY_ITSELF
        if by_itself:
            waits = asks_for_proof(dsr) and dsr.submission.assurance < CONTACT
            dsr = take_up_again(dsr, waits=waits, actor=actor, at=at, body=body)
        else:
            evidence.append(
                dsr.submission_id, Kind.MESSAGE_RECEIVED, actor=actor, at=at, dsr_id=dsr.pk, body={**body, "file": ""}
            )
        kind = "staff_new" if by_itself else "staff_answered"
        tell(members(HANDLER, OFFICER), kind, dsr, occurrence=str(message.pk), at=at)
        return dsr


def _reports(dsr: DataSubjectRequest) -> list[datetime]:
    """When something was called missing, oldest first."""
    events = EvidenceEvent.objects.filter(
        submission_id=dsr.submission_id,
        dsr_id=dsr.pk,
        kind__in=(Kind.REOPENED, Kind.MESSAGE_RECEIVED),
        body__contains=f'"why":"{WHY}"',
    )
    return list(events.order_by("seq").values_list("at", flat=True))
