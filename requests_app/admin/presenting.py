"""How facts read at the desk: masked people, days left, the next action."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag

from requests_app.models import DataSubjectRequest, PolicyVersion, Submission
from requests_app.models.keys import KeyDestroyed
from requests_app.operations.policies import policy_of
from requests_app.rules.lifecycle import State
from requests_app.rules.policy import NEVER_GATED

GONE = "destroyed"


def local_day(at: datetime, version: PolicyVersion | None) -> date:
    """The controller's date at this instant."""
    return at.astimezone(ZoneInfo(policy_of(version).time_zone if version else "UTC")).date()


def _dots(word: str) -> str:
    return word[:1] + "•" * min(max(len(word) - 1, 1), 6)


def masked_name(name: str) -> str:
    """`Ana Bianchi` as `A•• B••••••`."""
    return " ".join(_dots(word) for word in name.split())


def masked_email(email: str) -> str:
    """`ana@example.org` as `a•••@example.org`."""
    local, at, domain = email.partition("@")
    return f"{local[:1]}•••{at}{domain}" if email else ""


def readable(read: Any) -> str:
    """A sealed text, or the word that says it is gone."""
    try:
        return str(read())
    except (KeyDestroyed, InvalidTag):
        return GONE


def person(submission: Submission) -> dict[str, str]:
    """Who asks, masked."""
    name = readable(lambda: submission.name)
    email = readable(lambda: submission.email)
    return {
        "name": name if name == GONE else masked_name(name),
        "email": email if email == GONE else masked_email(email),
    }


def days_left(dsr: DataSubjectRequest, today: date) -> dict[str, Any]:
    """The text and the class of its colour."""
    left = (dsr.due_on - today).days
    if not dsr.is_open:
        return {"text": dsr.get_state_display(), "tone": "done"}
    if left < 0:
        return {"text": "1 day late" if left == -1 else f"{-left} days late", "tone": "late"}
    if left == 0:
        return {"text": "today", "tone": "today"}
    text = "1 day left" if left == 1 else f"{left} days left"
    return {"text": f"in effect, {text}" if dsr.effective_at else text, "tone": "soon" if left <= 3 else "fine"}


def holder(dsr: DataSubjectRequest) -> str:
    """Who has to act."""
    if not dsr.is_open:
        return "nobody: ended"
    return "the person" if dsr.waiting_since or dsr.state == State.AWAITING_VERIFICATION else "us"


def next_action(dsr: DataSubjectRequest, user: Any) -> tuple[str, str]:
    """The one thing to do next: its words and the key of its page, empty where somebody else has to act."""
    if not dsr.is_open:
        return "Nothing", ""
    if dsr.state == State.RECEIVED:
        return "Intake runs", ""
    if dsr.state == State.AWAITING_VERIFICATION:
        return "The person confirms", ""
    if dsr.state == State.AWAITING_APPROVAL:
        return ("A second person approves", "") if dsr.decided_by_id == user.pk else ("Approve", "approve")
    if dsr.waiting_since:
        return "The person answers", ""
    if dsr.assignee_id is None:
        return "Assign", "assign"
    return ("Carry out", "carry_out") if dsr.right in NEVER_GATED else ("Decide", "decide")
