"""Whether a date may be moved by a reasoned act, and why not: sentences for whoever wants to move it.

Units: local days of the controller's zone. Source: GDPR 12(3), UK GDPR 12A, 11 CCR 7021(b): told with the reason inside
the original period; the policy may promise less and allow none (H2).
"""

from collections.abc import Iterable
from datetime import date

from requests_app.rules.policy import Policy
from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import DAY
from requests_app.rules.three_dates import ThreeDates

REASONS = ("clarification", "identity")  # for what the clock may stand still; what a law knows of them is in its file
EXTENDABLE = frozenset({"in_progress", "awaiting_approval"})
PAUSABLE = frozenset({"in_progress"})

_TOO_LATE = "The date has passed: nothing moves it any more. Answer as soon as you can."


def why_not_extended(policy: Policy, *, state: str, today: date, last_on: date, already: bool) -> str:
    """Say why the period cannot be extended, or nothing. On `last_on` itself the person can still be told in time."""
    if not policy.extension_days:
        return "The policy of this request allows no extension."
    if state not in EXTENDABLE:
        return "A period is extended while the request is being worked on, not before and not after."
    if already:
        return "It was extended already. A period is extended once."
    if today > last_on:
        return _TOO_LATE
    return ""


def why_not_paused(
    policy: Policy, *, state: str, today: date, due_on: date, asked: bool, paused: bool, last_pause: date | None
) -> str:
    """Say why the clock cannot stand still from today on, or nothing."""
    if not policy.pause_allowed:
        return "The policy of this request allows no pause."
    if state not in PAUSABLE:
        return "The clock stands still only while the request is being worked on."
    if paused:
        return "The clock stands still already."
    if not asked:
        return "Ask the person first: the clock stands still only while their answer is outstanding."
    if today > due_on:
        return _TOO_LATE
    if last_pause is not None and today <= last_pause:
        return "A pause ended today. Pauses do not overlap: the next one can begin tomorrow."
    return ""


def why_not_for(reason: str, laws: Iterable[Regime]) -> str:
    """Say why this reason stops no clock, or nothing: one of the laws that bind has to know it."""
    laws = list(laws)
    if reason in REASONS and any(reason in law.pauses for law in laws):
        return ""
    if restarted := [law.title for law in laws if reason in law.restarts]:
        return f"Under {restarted[0]} this starts the period anew when it comes in; it is no pause."
    return "No law that binds this request lets the clock stand still for it."


def why_not_until(policy: Policy, *, first_on: date, planned_last_on: date) -> str:
    """Say why a pause cannot be planned until this day, or nothing."""
    if planned_last_on < first_on:
        return "The last day of the pause cannot lie before today."
    if (planned_last_on - first_on).days >= policy.pause_days:
        latest = first_on + (policy.pause_days - 1) * DAY
        return f"The policy allows {policy.pause_days} days at most: choose {latest:%d %B %Y} or an earlier day."
    return ""


def why_beyond_the_law(policy: Policy, dates: ThreeDates) -> str:
    """Say why the law does not let the date move so far, or nothing. A recorded legal decision decides otherwise."""
    if policy.legal_decision or dates.statutory_on is None or dates.due_on <= dates.statutory_on:
        return ""
    return f"{dates.regime} asks for the answer by {dates.statutory_on:%d %B %Y}; this would promise a later day."
