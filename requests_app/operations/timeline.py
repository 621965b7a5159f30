"""What has happened to a request, read from its evidence: for the person and for staff alike."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from requests_app.models import DataSubjectRequest, EvidenceEvent
from requests_app.rules.holder import Holder, HolderBar, Spell, days
from requests_app.rules.identity import DOCUMENT
from requests_app.rules.lifecycle import State
from requests_app.rules.response_deadline import Pause, received_on
from requests_app.rules.three_dates import ThreeDates

from .counting import dates_as_stored
from .evidence import Kind
from .policies import policy_of


def _sentences() -> dict[str, str]:
    return {
        Kind.FILED: _("We received your request."),
        Kind.INTAKE_COMPLETED: _("We have everything that we need to begin."),
        Kind.IDENTITY_REQUIRED: _("We asked you for a document, and wrote why."),
        Kind.DOCUMENT_SUBMITTED: _("You sent a document."),
        Kind.DOCUMENT_ACCEPTED: _("One of us looked at your document. A second person checks it."),
        Kind.DOCUMENT_REJECTED: _("We could not accept the document, and wrote why."),
        Kind.DOCUMENT_DESTROYED: _("The document was destroyed."),
        Kind.DOUBT_WITHDRAWN: _("We need no document any more."),
        Kind.DEADLINE_RESTARTED: _("The period of the law counts from the day on which your document came."),
        Kind.TOOK_EFFECT: _("It took effect."),
        Kind.CONSENT_TOLD: _("One of our systems was told."),
        Kind.COMPLAINT_LINKED: _("We noted which of your requests the complaint is about."),
        Kind.COMPLAINT_FILE_MADE: _("You fetched the file for the authority."),
        Kind.CHANGE_STATED: _("We wrote down what is to be put right, and tell our systems."),
        Kind.SOURCE_TOLD: _("One of our systems was told."),
        Kind.RESTRICTION_BEGUN: _("We paused the use of your data, and tell our systems."),
        Kind.RESTRICTION_REVIEWED: _("We looked whether the pause is still needed. It goes on."),
        Kind.LIFTING_ANNOUNCED: _("We wrote to you that the pause ends, and from which day."),
        Kind.RESTRICTION_LIFTED: _("The pause ended."),
        Kind.OBJECTION_WEIGHED: _("We weighed your interests against ours."),
        Kind.EFFECT_REVERSED: _("It was undone, as you asked."),
        Kind.IDENTITY_CONFIRMED: _("You confirmed your address."),
        Kind.QUESTION_ASKED: _("We asked you something."),
        Kind.QUESTION_ANSWERED: _("You answered what we asked."),
        Kind.MESSAGE_RECEIVED: _("You wrote to us."),
        Kind.DECISION_SUBMITTED: _("An answer was prepared and is being checked by a second person."),
        Kind.DECISION_RETURNED: _("The answer is being improved."),
        Kind.DECISION_APPROVED: _("We answered."),
        Kind.CARRIED_OUT: _("It was carried out everywhere."),
        Kind.DOWNLOADED: _("You downloaded a file of the answer."),
        Kind.CANCELLED: _("You cancelled the request."),
        Kind.LAPSED: _("The request ended, because a confirmation was missing."),
        Kind.REOPENED: _("The request was taken up again."),
        Kind.DEADLINE_MISSED: _("We missed the date."),
        Kind.RECEIPT_CORRECTED: _("We corrected the day on which it reached us, and counted anew."),
        Kind.DEADLINE_EXTENDED: _("We need more time. We told you why, and the new date."),
        Kind.DEADLINE_PAUSED: _("The clock stands still until you answer us."),
        Kind.DEADLINE_RESUMED: _("The clock goes on."),
        Kind.DEADLINE_RECALCULATED: _("The holidays were brought up to date, and the date was counted anew."),
        Kind.ERASURE_CONFIRMED: _("You confirmed a second time that your data are to be deleted."),
        **_of_authority(),
        Kind.SENSITIVE_MARKED: _("We noted that sensitive data are concerned."),
        Kind.SENSITIVE_UNMARKED: _("We took back the note that sensitive data are concerned."),
        Kind.ERASURE_PROVED: _("Your data are deleted, and we asked each of our systems whether anything is left."),
        Kind.ERASURE_RESUMED: _("A later check found that something was left. We are deleting it."),
        Kind.CERTIFICATE_ISSUED: _("We issued a certificate of the deletion."),
        Kind.PACKAGE_REISSUED: _("The files of the answer were made available again."),
        Kind.PACKAGE_DESTROYED: _("The files of the answer were destroyed, as announced."),
        Kind.MESSAGES_DESTROYED: _("Messages and the texts of letters were deleted, as our retention rules say."),
    }


def _of_authority() -> dict[str, str]:
    """What happened to an authority, read by whoever acts and by the person: not that the person was asked, which
    would tell an agent that they are known here."""
    return {
        Kind.AUTHORITY_FILED: _("It was filed for another person."),
        Kind.AUTHORITY_CONFIRMED: _("The person said yes."),
        Kind.AUTHORITY_REFUSED: _("It was not confirmed."),
        Kind.AUTHORITY_REVOKED: _("The person took it back."),
        Kind.AUTHORITY_ACCEPTED: _("Two of us checked the authority."),
        Kind.AUTHORITY_ENDED: _("The authority ended."),
        Kind.AUTHORITY_TAKEN_OVER: _("The person goes on alone."),
    }


def for_dsr(dsr: DataSubjectRequest) -> list[dict[str, object]]:
    """Return the events that concern the person, oldest first; `at` is aware, in UTC."""
    said = _sentences()
    ours = Q(dsr_id=dsr.pk) | Q(dsr_id=None, kind__in=[*_of_authority(), Kind.MESSAGES_DESTROYED])
    events = EvidenceEvent.objects.filter(ours, submission_id=dsr.submission_id).order_by("seq")
    return [{"at": e.at, "text": _special(e) or said[e.kind]} for e in events if e.kind in said]


def is_told(event: EvidenceEvent) -> bool:
    """Whether the person reads of it."""
    return event.kind in _sentences()


def _special(event: EvidenceEvent) -> str:
    """What its body makes of an event, or nothing."""
    if event.kind == Kind.IDENTITY_CONFIRMED and json.loads(event.body).get("rung") == DOCUMENT:
        return _("Two of us looked at your document: the request is yours.")
    if event.kind == Kind.LAPSED and json.loads(event.body).get("missing") == "document":
        return _("The request ended, because no document came that we could accept.")
    if event.kind == Kind.DOWNLOADED and json.loads(event.body).get("from"):
        return _("You went on with a download that had broken off.")
    if event.kind in {Kind.REOPENED, Kind.MESSAGE_RECEIVED} and json.loads(event.body).get("why") == "missing":
        return _("You said that something is missing.")
    if event.kind == Kind.PACKAGE_DESTROYED:
        return _destroyed().get(json.loads(event.body).get("why", ""), "")
    return ""


def _destroyed() -> dict[str, str]:
    """Besides the files of the answer themselves."""
    return {
        "gathered": _("What one of our systems had handed out for the answer was destroyed."),
        "replaced": _("What the later answer replaced was destroyed."),
        "draft": _("What we had gathered and not sent was destroyed."),
    }


def deadline_for(dsr: DataSubjectRequest) -> ThreeDates:
    """Return the counting of the stored dates, step by step, with what was extended and paused."""
    return dates_as_stored(dsr)


def holder_bar(dsr: DataSubjectRequest, until: date) -> HolderBar:
    """Return the days with us, with the person and left, from evidence; `until` is a date in the controller's zone."""
    events = list(EvidenceEvent.objects.filter(submission_id=dsr.submission_id, dsr_id=dsr.pk))
    return _bar(dsr, events, until)


def holder_bars(rows: Sequence[DataSubjectRequest], *, at: datetime) -> dict[UUID, HolderBar]:
    """Return the bars of many requests as of this instant, by one question for their evidence."""
    events: dict[UUID | None, list[EvidenceEvent]] = defaultdict(list)
    for event in EvidenceEvent.objects.filter(
        submission_id__in={dsr.submission_id for dsr in rows}, dsr_id__in=[dsr.pk for dsr in rows]
    ):
        events[event.dsr_id].append(event)
    return {dsr.pk: _bar(dsr, events[dsr.pk], received_on(at, policy_of(dsr.policy).time_zone)) for dsr in rows}


def _bar(dsr: DataSubjectRequest, events: Sequence[EvidenceEvent], until: date) -> HolderBar:
    zone = policy_of(dsr.policy).time_zone
    first: Holder = "you" if dsr.state == State.AWAITING_VERIFICATION else "us"
    holders: dict[str, Holder] = {
        Kind.IDENTITY_CONFIRMED: "us",
        Kind.IDENTITY_REQUIRED: "you",
        Kind.DOCUMENT_SUBMITTED: "us",
        Kind.DOCUMENT_REJECTED: "you",
        Kind.DOUBT_WITHDRAWN: "us",
        Kind.QUESTION_ASKED: "you",
        Kind.QUESTION_ANSWERED: "us",
        Kind.DECISION_SUBMITTED: "us",
        Kind.REOPENED: first,
    }
    found = sorted((e for e in events if e.at >= dsr.opened_at and e.kind in holders), key=lambda e: e.seq)
    if any(e.kind == Kind.IDENTITY_CONFIRMED for e in found):
        first = "you"
    spells = [Spell(first, dsr.opened_at), *(Spell(holders[e.kind], e.at) for e in found)]
    end = datetime.combine(until, time(12), ZoneInfo(zone)).astimezone(UTC)
    if dsr.answered_at is not None:
        end = min(end, dsr.answered_at)
    return days(spells, dsr.opened_on, end, zone, dsr.due_on, _pauses(dsr, events))


def _pauses(dsr: DataSubjectRequest, events: Sequence[EvidenceEvent]) -> list[Pause]:
    """The paused days, from evidence: as planned until the clock went on, and then as they were."""
    found: dict[str, Pause] = {}
    for event in sorted((e for e in events if e.at >= dsr.opened_at), key=lambda e: e.seq):
        if event.kind in {Kind.DEADLINE_PAUSED, Kind.DEADLINE_RESUMED}:
            body = json.loads(event.body)
            last = body["last_on" if event.kind == Kind.DEADLINE_RESUMED else "planned_last_on"]
            found[body["pause"]] = Pause(date.fromisoformat(body["first_on"]), date.fromisoformat(last))
    return list(found.values())
