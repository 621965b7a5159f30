"""What the status page shows of one request."""

from datetime import datetime
from typing import Any

from requests_app.models import DataSubjectRequest, Message, Notice, Submission
from requests_app.operations import timeline
from requests_app.rules.lifecycle import Action, allowed
from requests_app.rules.response_deadline import received_on
from requests_app.templatetags.counting import sentence

from . import words


def card(dsr: DataSubjectRequest, *, at: datetime) -> dict[str, Any]:
    """One request: state, date with its counting, who holds it, what happened, what can be done."""
    until = received_on(dsr.answered_at or at, dsr.submission.received_zone)
    consent = getattr(dsr, "consent_record", None)
    return {
        "dsr": dsr,
        "title": words.title(dsr.right),
        "sentence": words.sentence(dsr),
        "due_on": dsr.due_on,
        "steps": [{"text": sentence(step), "cite": step.cite} for step in timeline.deadline_for(dsr).steps],
        "bar": timeline.holder_bar(dsr, until),
        "timeline": timeline.for_dsr(dsr),
        "waiting": _question(dsr) if dsr.waiting_since and dsr.is_open else "",
        "can_cancel": Action.CANCEL in allowed(dsr.state),
        "can_undo": consent is not None and consent.reversed_at is None,
        "effective_at": dsr.effective_at,
        "package": _package(dsr, at=at),
        "ended": not dsr.is_open,
    }


def _question(dsr: DataSubjectRequest) -> str:
    last = dsr.messages.filter(author=Message.Author.STAFF).order_by("-written_at").first()
    return last.body if last else ""


def _package(dsr: DataSubjectRequest, *, at: datetime) -> dict[str, Any] | None:
    package = getattr(dsr, "package", None)
    if package is None or package.expires_at <= at:
        return None
    files = dsr.answer_files.filter(destroyed_at=None).order_by("attached_at")
    return {
        "files": [{"id": f.pk, "name": f.name, "size": f.size, "sha256": f.sha256} for f in files],
        "expires_at": package.expires_at,
    }


def inbox(submission: Submission) -> list[dict[str, Any]]:
    """The person's notices, the newest first. Codes are in the mail only, never in this text."""
    rows = Notice.objects.filter(submission=submission, recipient="person").order_by("-created_at")
    return [
        {"id": n.pk, "subject": n.subject, "at": n.created_at, "check_code": n.check_code, "body": n.text} for n in rows
    ]
