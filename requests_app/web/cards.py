"""What the status page shows of one request."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language

from requests_app.models import DataSubjectRequest, EvidenceEvent, Message, Notice, Submission
from requests_app.operations import (
    asking,
    complaints,
    consent_words,
    consents,
    counting,
    erasure,
    erasure_certificates,
    incomplete,
    limits_told,
    person,
    timeline,
)
from requests_app.operations.circumstances import circumstances_of
from requests_app.operations.erasing import facts_of
from requests_app.operations.evidence import Kind
from requests_app.operations.notice_kinds import ANSWERS
from requests_app.operations.policies import policy_of
from requests_app.rules.erasure import waits_for_access
from requests_app.rules.lifecycle import Action, State, allowed
from requests_app.rules.response_deadline import received_on
from requests_app.rules.restriction import OBJECTION, RIGHT
from requests_app.rules.three_dates import UNCHANGED
from requests_app.templatetags.counting import cited, sentence

from . import packages, words

ANSWERED = frozenset({State.EXECUTING, State.FULFILLED, State.PARTLY_FULFILLED, State.REFUSED})
LETTERS = (
    "proof_asked",
    "proof_rejected",
    "proof_settled",
    "deadline_earlier",
    "deadline_extended",
    "deadline_paused",
    "deadline_resumed",
    "missed",
    "decision_done",
    "decision_partly",
    "decision_refused",
    "decision_erasure",
    "erasure_done",
    "erasure_resumed",
    "hold_set",
    "hold_lifted",
    "restriction_ending",
    "restriction_stands",
    "lapsed",
    "cancelled",
    "effect",
    "effect_undone",
)

# What is between us and whoever filed, on the page of the person for whom they filed.
NOT_THE_REQUESTERS = {
    "can_reopen": False,
    "can_report": False,
    "can_write": False,
    "can_complain": False,
    "waiting": "",
    "document_waits": False,
    "proof": None,
}


def card(dsr: DataSubjectRequest, *, at: datetime) -> dict[str, Any]:
    """One request: state, date with its counting, who holds it, what happened, what can be done."""
    until = received_on(dsr.answered_at or at, dsr.submission.received_zone)
    stopped = consents.in_effect(dsr) if dsr.effective_at else []
    in_effect = bool(stopped)
    package = packages.of(dsr, at=at)
    document = _document(dsr)
    unanswered = not dsr.is_open and dsr.state not in ANSWERED
    limit = limits_told.shown(dsr, get_language() or "en") if dsr.right in (RIGHT, OBJECTION) else None
    return {
        "dsr": dsr,
        "title": words.title(dsr.right),
        "sentence": words.sentence(dsr, document, undone=bool(dsr.effective_at) and not in_effect),
        "document": document in {"awaiting_document", "document_with_us"},
        "document_waits": document == "awaiting_document",
        "proof": words.proof(dsr.right, policy_of(dsr.policy), circumstances_of(dsr)) if dsr.is_open else None,
        "due_on": dsr.due_on,
        **_moved(dsr),
        "steps": [] if unanswered else _steps(dsr),
        "bar": None if unanswered else timeline.holder_bar(dsr, until),
        "answered": dsr.state in ANSWERED,
        "letter_first": dsr.state in ANSWERED and package["package"] is None,
        "timeline": timeline.for_dsr(dsr),
        "waiting": _question(dsr) if dsr.waiting_since and dsr.is_open else "",
        **_erasing(dsr, at=at),
        "can_cancel": Action.CANCEL in allowed(dsr.state) and not in_effect,
        "can_reopen": person.may_reopen(dsr),
        "can_report": incomplete.may_report(dsr),
        "answered_before": _answered_before(dsr),
        "can_undo": in_effect,
        "in_effect": in_effect,
        "stops": consent_words.labels(dsr, stopped),
        "goes_on": _going_on(dsr) if in_effect else [],
        "effective_at": dsr.effective_at,
        **package,
        "ended": not dsr.is_open,
        "late": dsr.is_open and until > dsr.due_on,
        "letter": _letter(dsr),
        "certificate": erasure_certificates.current(dsr),
        "thread": _thread(dsr),
        "files_allowed": dsr.state != "awaiting_verification",
        "can_complain": dsr.submission.assurance > 0,
        "about": complaints.about_of(dsr) if dsr.right == complaints.RIGHT else None,
        "can_write": dsr.is_open or limit is not None,
        "limit": limit,
    }


def without_answer(card: dict[str, Any]) -> dict[str, Any]:
    """The same for somebody to whom the answer does not go: where it stands, without its letters and files."""
    letter = card["letter"]
    kept = letter if letter is not None and letter.kind not in ANSWERS else None
    done = card["dsr"].state in {State.EXECUTING, State.FULFILLED, State.PARTLY_FULFILLED}
    return card | {
        **packages.NONE,
        "can_report": False,
        "limit": None,
        "certificate": None,
        "letter": kept,
        "letter_first": kept is not None,
        "sentence": words.answered_to_person() if done else card["sentence"],
    }


def _document(dsr: DataSubjectRequest) -> str:
    """Where the document is that was asked for, as a key of `words.STATES`; nothing where none was."""
    if dsr.state == State.LAPSED:
        return "lapsed_document" if asking.open_doubt(dsr) is not None else ""
    awaited = asking.documents_awaited([dsr]).get(dsr.pk)
    if awaited is None:
        return ""
    return "document_with_us" if awaited.with_us else "awaiting_document"


def _erasing(dsr: DataSubjectRequest, *, at: datetime) -> dict[str, Any]:
    """Where an erasure stands that is not carried out yet: asked, waiting for the access, or still to be stopped."""
    facts = facts_of(dsr, at=at) if dsr.is_open else None
    if facts is None or dsr.state == State.AWAITING_VERIFICATION:
        return {}
    cooling_off = facts.cooling_off_until is not None and facts.today <= facts.cooling_off_until
    return {
        "erase_asked": erasure.is_asked(dsr, at=at),
        "access_first": waits_for_access(facts) and facts.confirmed_at is None,
        "asked_by": facts.wait_ends_on,
        "cooling_off_until": facts.cooling_off_until if cooling_off else None,
    }


def _going_on(dsr: DataSubjectRequest) -> list[dict[str, str]]:
    return consent_words.going_on(policy_of(dsr.policy), get_language() or "en")


def _moved(dsr: DataSubjectRequest) -> dict[str, Any]:
    """What was announced about the date: an extension, and a pause that has not ended."""
    if not dsr.is_open or counting.changes_of(dsr) == UNCHANGED:
        return {}
    pauses = [row for row in counting.pauses_of(dsr) if row.last_on is None]
    return {"extension": counting.extension_of(dsr), "pause": pauses[0] if pauses else None}


def _answered_before(dsr: DataSubjectRequest) -> date | None:
    """When it was answered last before its clock began anew: that answer stays on record."""
    answers = EvidenceEvent.objects.filter(
        submission_id=dsr.submission_id, dsr_id=dsr.pk, kind=Kind.DECISION_APPROVED, at__lt=dsr.opened_at
    )
    last = answers.order_by("-seq").first() if dsr.opened_at > dsr.submission.received_at else None
    return received_on(last.at, dsr.submission.received_zone) if last else None


def _letter(dsr: DataSubjectRequest) -> Notice | None:
    """The letter that says how it ended, that it is in effect, or that we are late."""
    rows = Notice.objects.filter(dsr=dsr, recipient="person", kind__in=LETTERS, created_at__gte=dsr.opened_at)
    return rows.order_by("-created_at").first()


def _thread(dsr: DataSubjectRequest) -> list[dict[str, Any]]:
    """What the person and we wrote to each other, oldest first; notes among staff are not theirs to see."""
    rows = dsr.messages.exclude(author=Message.Author.INTERNAL).select_related("dsr").order_by("written_at")
    return [
        {"own": m.author == Message.Author.PERSON, "body": m.body, "file": m.file_name, "at": m.written_at}
        for m in rows
    ]


def _steps(dsr: DataSubjectRequest) -> list[dict[str, str]]:
    told, steps = "", []
    for step in timeline.deadline_for(dsr).steps:
        cite = cited(step.cite)
        steps.append({"text": sentence(step), "cite": cite if cite != told else ""})  # one rule is named once
        told = cite
    return steps


def _question(dsr: DataSubjectRequest) -> str:
    last = dsr.messages.filter(author=Message.Author.STAFF).order_by("-written_at").first()
    return last.body if last else ""


def inbox(submission: Submission, *, readable: Callable[[Notice], bool]) -> list[dict[str, Any]]:
    """The notices for whoever looks, the newest first. Codes are in the mail only, never in this text."""
    rows = Notice.objects.filter(submission=submission, recipient="person").order_by("-created_at", "kind")
    return [
        {"id": n.pk, "subject": n.subject, "at": n.created_at, "check_code": n.check_code, "body": n.text}
        for n in rows
        if readable(n)
    ]
