"""The coming weeks as a grid: whole weeks from Monday to Sunday, and who has how much on each day.

Units: local days of the controller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from requests_app.rules.response_deadline import DAY, Calendar

WEEKS = 4
Share = tuple[int | None, int]  # whose (None: nobody's), how many


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One cell. `asked` is false for the days around the four weeks, which only fill the grid."""

    on: date
    asked: bool
    today: bool
    working: bool
    weekend: bool
    shares: tuple[Share, ...]

    @property
    def total(self) -> int:
        """How many fall due."""
        return sum(count for _, count in self.shares)


def last_day(today: date) -> date:
    """The last of the four weeks that begin today."""
    return today + timedelta(weeks=WEEKS) - DAY


def grid(
    due: Mapping[tuple[date, int | None], int], today: date, calendar: Calendar
) -> tuple[tuple[PlannedDay, ...], ...]:
    """Return the weeks; within a day whoever has most comes first, and what is nobody's last."""
    first = today - (today.isoweekday() - 1) * DAY
    end = last_day(today)
    shares: dict[date, list[Share]] = {}
    for (on, who), count in due.items():
        shares.setdefault(on, []).append((who, count))

    def cell(on: date) -> PlannedDay:
        inside = today <= on <= end
        mine = sorted(shares.get(on, ()), key=lambda share: (share[0] is None, -share[1], share[0] or 0))
        return PlannedDay(
            on,
            asked=inside,
            today=on == today,
            working=calendar.is_working(on),
            weekend=on.isoweekday() in calendar.weekend and on not in calendar.makeup_working_days,
            shares=tuple(mine) if inside else (),
        )

    weeks = (end - first).days // 7 + 1
    return tuple(tuple(cell(first + (7 * week + n) * DAY) for n in range(7)) for week in range(weeks))
