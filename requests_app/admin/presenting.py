"""How facts read at the desk: masked people, days left, the next action."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag

from requests_app.models import DataSubjectRequest, PolicyVersion, Submission
from requests_app.models.keys import KeyDestroyed, data_keys, unseal_with
from requests_app.operations.asking import Awaited
from requests_app.operations.being_erased import PEOPLE_HAVE_TO, Stands
from requests_app.operations.policies import policy_of
from requests_app.rules.lifecycle import State
from requests_app.rules.policy import NEVER_GATED

GONE = "destroyed"
ERASING: Mapping[Stands | None, tuple[str, str]] = {  # the next thing to do while the sources erase
    Stands.CONTRADICTED: ("Have it erased again", "case"),
    Stands.FAILED: ("Look why it failed", "case"),
    Stands.BY_HAND: ("Have it erased by hand", "case"),
    Stands.HELD: ("A legal hold stops it", ""),
    Stands.DEPARTMENT: ("A department erases", ""),
    None: ("The sources erase", ""),
}
ERASED_BY = {Stands.HELD: "us: a legal hold", Stands.DEPARTMENT: "a department", None: "the data sources"}


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
    return people([submission])[submission.pk]


def people(submissions: Iterable[Submission]) -> dict[UUID, dict[str, str]]:
    """Who asks, masked, by submission; one question for all their keys."""
    rows = {submission.pk: submission for submission in submissions}
    keys = data_keys(rows)

    def masked(row: Submission, column: str, mask: Callable[[str], str]) -> str:
        if row.contact_destroyed_at:
            return GONE
        sealed = getattr(row, f"{column}_sealed")
        text = readable(lambda: unseal_with(keys.get(row.pk), row.place(column), sealed))
        return text if text == GONE else mask(text)

    return {
        pk: {"name": masked(row, "name", masked_name), "email": masked(row, "email", masked_email)}
        for pk, row in rows.items()
    }


def days_left(dsr: DataSubjectRequest, today: date) -> dict[str, Any]:
    """The text, the class of its colour, and what the date is about."""
    left = (dsr.due_on - today).days
    about = "in effect, carry out by" if dsr.effective_at else ""
    if not dsr.is_open:
        return {"text": dsr.get_state_display(), "tone": "done", "about": "answer was due by"}
    if left < 0:
        return {"text": "1 day late" if left == -1 else f"{-left} days late", "tone": "late", "about": about}
    if left == 0:
        return {"text": "today", "tone": "today", "about": about}
    return {"text": "1 day left" if left == 1 else f"{left} days left", "tone": "soon" if left <= 3 else "fine",
            "about": about}  # fmt: skip


def holder(dsr: DataSubjectRequest, document: Awaited | None = None, stands: Stands | None = None) -> str:
    """Who has to act. `document`: what was asked for of who asks, if anything. `stands`: against its erasure."""
    if dsr.state == State.EXECUTING:
        return "us" if stands in PEOPLE_HAVE_TO else ERASED_BY[stands]
    if not dsr.is_open:
        return "nobody: ended"
    if document is not None and document.with_us:
        return "us"
    return "the person" if dsr.waiting_since or dsr.state == State.AWAITING_VERIFICATION else "us"


def next_action(
    dsr: DataSubjectRequest,
    user: Any,
    *,
    unread: bool = False,
    unserved: bool = False,
    several: bool = False,
    document: Awaited | None = None,
    stands: Stands | None = None,
) -> tuple[str, str]:
    """The one thing to do next: its words and the key of its page, empty where somebody else has to act.

    `unread`: the person wrote last. `unserved`: a notice did not arrive. `several`: a source knows several people.
    `document`: one was asked for. `stands`: against its erasure.
    """
    if dsr.state == State.EXECUTING and not (unserved and stands is None):
        return ERASING[stands]
    if not dsr.is_open:
        return ("Reach the person", "case") if unserved else ("Nothing", "")
    if dsr.state == State.RECEIVED:
        return "Intake runs", ""
    if dsr.state == State.AWAITING_VERIFICATION:
        if document is not None and document.with_us:
            return "Look at the document", "case"
        waits = "The person confirms" if document is None else "The person sends a document"
        return ("Reach the person", "case") if unserved else (waits, "")
    if dsr.state == State.AWAITING_APPROVAL:
        return ("A second person approves", "") if dsr.decided_by_id == user.pk else ("Approve", "approve")
    if dsr.waiting_since:
        return ("Reach the person", "case") if unserved else ("The person answers", "")
    if dsr.assignee_id is None:
        return "Assign", "assign"
    if several:
        return "Choose whom it is about", "case"
    if unread:
        return "Read the answer", "case"
    return ("Carry out", "carry_out") if dsr.right in NEVER_GATED else ("Decide", "decide")
