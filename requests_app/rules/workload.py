"""What falls due and how fast answers are, as numbers.

Units: local days of the controller. Source: the promise to answer within the period of the policy, and GDPR 5(2):
being able to show that it is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class DueDay:
    """How many open requests have this day as their last."""

    on: date
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One request that was answered: on which day, how many days after receipt, and whether that was too late."""

    on: date
    days: int
    late: bool


@dataclass(frozen=True, slots=True)
class AnswerWeek:
    """The answers of one week; `median` and `ninetieth` are days, None where nothing was answered."""

    first: date
    last: date
    answers: int
    late: int
    median: int | None
    ninetieth: int | None


def coming(due: Mapping[date, int], today: date, *, days: int = 28) -> tuple[int, tuple[DueDay, ...]]:
    """Return how many are overdue, and the days from today on, empty ones included."""
    overdue = sum(count for on, count in due.items() if on < today)
    return overdue, tuple(DueDay(today + n * DAY, due.get(today + n * DAY, 0)) for n in range(days))


def percentile(values: Sequence[int], percent: int) -> int | None:
    """Return the smallest value that at least this share does not exceed (nearest rank), None of nothing."""
    if not values:
        return None
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(rank, 1) - 1]


def pace(answers: Iterable[Answer], today: date, *, weeks: int = 12) -> tuple[AnswerWeek, ...]:
    """Return the weeks of seven days up to today, the oldest first."""
    known = tuple(answers)
    found = []
    for back in range(weeks - 1, -1, -1):
        last = today - back * WEEK
        first = last - WEEK + DAY
        mine = [answer for answer in known if first <= answer.on <= last]
        took = [answer.days for answer in mine]
        late = sum(answer.late for answer in mine)
        found.append(AnswerWeek(first, last, len(mine), late, percentile(took, 50), percentile(took, 90)))
    return tuple(found)
