"""Where the marks of the two charts stand. Pure: numbers in, coordinates out; the template draws them as SVG.

Units: those of a view box of WIDTH by HEIGHT; y grows downwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from requests_app.rules.workload import AnswerWeek, DueDay

WIDTH, HEIGHT = 580, 124
FLOOR, CEILING = 98, 20  # below the floor stand the days, above the ceiling the numbers
GAP = 3
APART = 4  # bars between two labels, so that they do not touch


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place, its number, and the words below it."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    count: int
    tone: str  # late, today, ahead
    on: date | None  # None: everything overdue
    labelled: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """One week on a line."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Both lines, broken where a week had no answer, and the promise above them."""

    median: tuple[tuple[Dot, ...], ...]
    ninetieth: tuple[tuple[Dot, ...], ...]
    promise_y: float
    ticks: tuple[tuple[float, date], ...]


def due_bars(overdue: int, days: Sequence[DueDay]) -> tuple[Bar, ...]:
    """Lay out one bar for what is overdue and one for each day; the tallest reaches the ceiling."""
    most = max([overdue, *(day.count for day in days), 1])
    slot = WIDTH / (len(days) + 2)  # one stays empty between what is late and today
    bars, labelled_at = [], 1
    for index in range(len(days) + 1):
        day = days[index - 1] if index else None
        count = day.count if day else overdue
        height = round((FLOOR - CEILING) * count / most, 1)
        place = index + 1 if index else 0
        monday = bool(day and day.on.weekday() == 0 and index - labelled_at >= APART)
        if monday:
            labelled_at = index
        bars.append(
            Bar(
                x=round(place * slot + GAP / 2, 1),
                y=round(FLOOR - height, 1),
                width=round(slot - GAP, 1),
                height=height,
                middle=round((place + 0.5) * slot, 1),
                count=count,
                tone=("late", "today")[index] if index < 2 else "ahead",
                on=day.on if day else None,
                labelled=monday,
            )
        )
    return tuple(bars)


def pace_lines(weeks: Sequence[AnswerWeek], promise: int) -> Lines:
    """Lay out the days to answer of each week under the promised number of days, all to one scale from zero."""
    most = max([promise, *(week.ninetieth or 0 for week in weeks), 1])
    slot = WIDTH / max(len(weeks), 1)

    def height(days: int) -> float:
        return round(FLOOR - (FLOOR - CEILING) * days / most, 1)

    def middle(index: int) -> float:
        return round((index + 0.5) * slot, 1)

    def line(values: Sequence[int | None]) -> tuple[tuple[Dot, ...], ...]:
        parts: list[list[Dot]] = [[]]
        for index, days in enumerate(values):
            if days is None:
                parts.append([])
            else:
                parts[-1].append(Dot(middle(index), height(days)))
        return tuple(tuple(part) for part in parts if part)

    return Lines(
        median=line([week.median for week in weeks]),
        ninetieth=line([week.ninetieth for week in weeks]),
        promise_y=height(promise),
        ticks=tuple((middle(n), week.last) for n, week in enumerate(weeks) if (len(weeks) - 1 - n) % 3 == 0),
    )
