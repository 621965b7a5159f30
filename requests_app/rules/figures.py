"""What a period came to: how many requests were received and answered, how fast, and how they ended. Pure.

Units: requests, and local days of the controller from the start of the clock to the answer. Source: GDPR 5(2), 12(3),
and the promise of published reports (P36).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from .workload import percentile

LEAST = 5  # below it a public number is hidden, and all others are rounded to it, so that no difference tells it
LEAST_FOR_SHARE = 20  # of fewer answers neither share nor median is published


@dataclass(frozen=True, slots=True)
class Fact:
    """One request. `outcome`: done, partly, refused, cancelled or lapsed in the period, or nothing.

    `days`: until it was answered; `ground`: of a refusal, whole or in part; `rung`: what identity was shown.
    """

    right: str
    received: bool
    outcome: str = ""
    days: int = 0
    late: bool = False
    extended: bool = False
    ground: str = ""
    rung: int = 0

    @property
    def answered(self) -> bool:
        """Whether we answered it in the period: what the person ended, or never confirmed, is not our answer."""
        return self.outcome in {"done", "partly", "refused"}


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one right, or of all; `median` and `ninetieth` are days, None where nothing was answered."""

    received: int
    answered: int
    on_time: int
    extended: int
    outcomes: Counter[str]
    median: int | None
    ninetieth: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything of one period."""

    total: Line
    rights: dict[str, Line]
    grounds: Counter[str] = field(default_factory=Counter)
    rungs: Counter[int] = field(default_factory=Counter)


def figures(facts: Iterable[Fact], *, rights: Sequence[str]) -> Figures:
    """Return the figures, a line for each of these rights, in their order."""
    known = tuple(facts)
    answered = [one for one in known if one.answered]
    return Figures(
        total=_line(known),
        rights={right: _line([one for one in known if one.right == right]) for right in rights},
        grounds=Counter(one.ground for one in answered if one.ground),
        rungs=Counter(one.rung for one in answered),
    )


def _line(facts: Sequence[Fact]) -> Line:
    answered = [one for one in facts if one.answered]
    took = [one.days for one in answered]
    return Line(
        received=sum(one.received for one in facts),
        answered=len(answered),
        on_time=sum(not one.late for one in answered),
        extended=sum(one.extended for one in answered),
        outcomes=Counter(one.outcome for one in facts if one.outcome),
        median=percentile(took, 50),
        ninetieth=percentile(took, 90),
    )


def public(number: int) -> int | None:
    """Return the number as it may be published: rounded to fives, None where it is small and not nothing."""
    if 0 < number < LEAST:
        return None
    return LEAST * ((number + LEAST // 2) // LEAST)


def public_share(part: int, whole: int) -> int | None:
    """Return the percentage that the share reaches at least, None of too few.

    Up to five that are not in it are taken as five: whether it was one of them, or none, is not told.
    """
    if whole < LEAST_FOR_SHARE or 0 < part < LEAST:
        return None
    return 100 * min(part, whole - LEAST) // whole


def quarter_before(day: date) -> tuple[date, date]:
    """Return the first and the last day of the calendar quarter that ended before this day."""
    begun = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    last = begun - timedelta(days=1)
    return date(last.year, 3 * ((last.month - 1) // 3) + 1, 1), last
