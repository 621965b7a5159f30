"""The clock of a department's task: two reminders, then somebody else is told. Each once, late by any time, truthfully.

Units: dates in `tz` (the controller's zone), instants aware and UTC. Errors: ValueError for a naive instant.
Source: GDPR 12(3): the answer is owed within a month, and a department's delay is the controller's own.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from requests_app.rules.agenda import at_hour
from requests_app.rules.response_deadline import DAY, last_second, received_on

HALF, LAST, OVER = "half", "last", "over"
MARGIN = 2 * DAY  # between a department's last day and that of the request: to review and approve what it sends
PATIENCE, SOONEST = 3 * DAY, DAY / 2  # with a system that says it is preparing its answer


@dataclass(frozen=True, slots=True)
class TaskClock:
    """`already`: what was told, or overtaken by something more urgent."""

    given_at: datetime
    last_on: date
    tz: str
    notice_hour: int = 8
    already: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing owed at `at`; superseded = mark it, but send nothing."""

    kind: str
    at: datetime
    superseded: bool = False


def last_day(given_on: date, days: int, *, due_on: date | None) -> date:
    """Return the last day of the department: after so many days, at the latest two days before the request's own; None
    where the request has its answer already, and this comes after it.

    It may lie before `given_on`, where the request itself is nearly due: then the task is late from the start.
    """
    own = given_on + timedelta(days=days)
    return own if due_on is None else min(own, due_on - MARGIN)


def end_of(last_on: date, tz: str) -> datetime:
    """Return the first instant at which it is late."""
    return last_second(last_on, tz) + timedelta(seconds=1)


def silent_at(since: datetime, *, due_on: date, tz: str) -> datetime:
    """Return when somebody is told that a system which is preparing its answer has not given it: after three days, at
    half of what is left until the request's last day where that is sooner, never within twelve hours."""
    left = last_second(due_on, tz) - since
    return since + max(SOONEST, min(PATIENCE, left / 2))


def owed(clock: TaskClock, now: datetime) -> list[Telling]:
    """Return what is due by `now` and not marked, in order. Of several only the latest is told."""
    passed = [item for item in _items(clock) if item.at <= now]
    marked = [Telling(item.kind, item.at, superseded=item is not passed[-1]) for item in passed]
    return [item for item in marked if item.kind not in clock.already]


def next_at(clock: TaskClock) -> datetime | None:
    """Return the earliest instant of anything not marked, or None."""
    return min((item.at for item in _items(clock) if item.kind not in clock.already), default=None)


def _items(clock: TaskClock) -> list[Telling]:
    """Everything, in order; a reminder that would come with the task itself, or after its end, is none."""
    over = end_of(clock.last_on, clock.tz)
    half_on = received_on(clock.given_at + (over - clock.given_at) / 2, clock.tz)
    reminders = [
        Telling(HALF, at_hour(half_on, clock.notice_hour, clock.tz)),
        Telling(LAST, at_hour(clock.last_on - DAY, clock.notice_hour, clock.tz)),
    ]
    in_time = [item for item in reminders if clock.given_at < item.at < over]
    return sorted([*in_time, Telling(OVER, over)], key=lambda item: item.at)
