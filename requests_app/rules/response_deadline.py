"""The response deadline: from receipt, rule, calendar and pauses to the last timely day.

Units: whole local days of the controller's zone (IANA name); instants only in `received_on` and `last_second`.
Source: Regulation (EEC, Euratom) 1182/71, art. 3; each `Rule` cites its own law.
Errors: ValueError for a senseless rule, calendar or pause, or a naive instant; OverflowError after the year 9999.
"""

import calendar as _months
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Unit = Literal["calendar_days", "working_days", "months"]
DayOfReceipt = Literal["excluded", "period_opens_next_day"]
RollOver = Literal["none", "next_working_day"]
MissingMonthDay = Literal["last_day", "next_day"]
Values = Mapping[str, str | date | int]

DAY = timedelta(days=1)
LONGEST_CLOSURE = 366  # days in a row without a working day: beyond that the calendar is a mistake


@dataclass(frozen=True, slots=True)
class Rule:
    """How one period is counted. `extension_count` is in `unit`, from the original start (trap 1)."""

    unit: Unit
    count: int
    day_of_receipt: DayOfReceipt = "excluded"
    roll_over: RollOver = "none"
    missing_month_day: MissingMonthDay = "last_day"
    cite: str = ""
    extension_count: int = 0

    def __post_init__(self) -> None:
        kinds = (Unit, DayOfReceipt, RollOver, MissingMonthDay)
        values = (self.unit, self.day_of_receipt, self.roll_over, self.missing_month_day)
        for value, kind in zip(values, kinds, strict=True):
            if value not in get_args(kind):
                raise ValueError(f"unknown value {value!r}, one of {get_args(kind)} expected")
        if self.count < 1 or self.extension_count < 0:
            raise ValueError("at least one unit and no negative extension")


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count, both ends included."""

    first: date
    last: date
    cite: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a pause ends before it begins: {self.first} to {self.last}")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days of one place. `covers`: years whose holidays are known, None = all of them."""

    weekend: frozenset[int] = frozenset({6, 7})  # ISO: Monday 1 ... Sunday 7
    holidays: frozenset[date] = frozenset()
    holiday_ranges: tuple[tuple[date, date], ...] = ()
    makeup_working_days: frozenset[date] = frozenset()
    covers: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(1, 8)):
            raise ValueError("weekend: ISO days 1 to 7, and not all of them")
        if any(last < first for first, last in self.holiday_ranges):
            raise ValueError("a holiday range ends before it begins")

    @classmethod
    def plain(cls) -> "Calendar":
        """Saturday and Sunday, no holidays, taken as complete."""
        return cls()

    def is_working(self, day: date) -> bool:
        """Say whether work is done; a make-up day wins over weekend and holiday (trap 3)."""
        if day in self.makeup_working_days:
            return True
        if day.isoweekday() in self.weekend or day in self.holidays:
            return False
        return not any(first <= day <= last for first, last in self.holiday_ranges)

    def knows(self, year: int) -> bool:
        """Say whether the holidays of this year are known."""
        return self.covers is None or year in self.covers

    def next_working(self, day: date) -> date:
        """`day` itself if it is a working day, else the first one after it."""
        for ahead in range(LONGEST_CLOSURE + 1):
            if self.is_working(candidate := day + ahead * DAY):
                return candidate
        raise ValueError(f"no working day within {LONGEST_CLOSURE} days after {day}")


PLAIN = Calendar.plain()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation: a code and its values, for a template to put into words."""

    code: str
    params: Values
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`due_on` is the last day on which an answer is timely; `raw_end` is it before roll-over."""

    raw_end: date
    due_on: date
    steps: tuple[Step, ...]

    @property
    def needs_alarm(self) -> bool:
        """True if a year without a holiday calendar was met (trap 9)."""
        return any(step.code == "no_calendar" for step in self.steps)


def compute(received_on: date, rule: Rule, *, calendar: Calendar = PLAIN, pauses: Iterable[Pause] = ()) -> Deadline:
    """Count from the local date of receipt to the last timely day, with every step.

    Order: original start, whole count with extension, days that do not count, roll-over last.
    Pauses act on the unrolled period: a day of roll-over is grace, not a counted day, so a pause
    that opens there moves nothing. That is the cautious reading, never later than the statute.
    Step codes: received, count, pause, pauses_ignored, no_calendar, roll_over, due.
    """
    total = rule.count + rule.extension_count
    merged = merge(pauses)
    inside = tuple(Pause(max(p.first, received_on + DAY), p.last, p.cite) for p in merged if p.last > received_on)
    if rule.unit == "working_days":
        raw_end = _working_end(received_on, total, calendar, inside)
        unpaused = _working_end(received_on, total, calendar, ())
    else:
        unpaused = _plain_end(received_on, rule, total)
        raw_end = _skip(unpaused, inside)
    used = tuple(p for p in inside if p.first <= raw_end)
    counted: Values = {"unit": rule.unit, "count": rule.count, "extension": rule.extension_count, "end": unpaused}
    steps = [Step("received", {"on": received_on}, rule.cite), Step("count", counted, rule.cite)]
    steps += [Step("pause", {"first": p.first, "last": p.last, "days": p.days}, p.cite or rule.cite) for p in used]
    if ignored := len(merged) - len(used):
        steps.append(Step("pauses_ignored", {"count": ignored}, rule.cite))
    due_on = raw_end if rule.roll_over == "none" else calendar.next_working(raw_end)
    years = range(received_on.year if rule.unit == "working_days" else raw_end.year, due_on.year + 1)
    needs_calendar = rule.unit == "working_days" or rule.roll_over != "none"
    if needs_calendar and (unknown := [year for year in years if not calendar.knows(year)]):
        steps.append(Step("no_calendar", {"year": unknown[0]}, rule.cite))
        due_on = raw_end  # trap 9: no roll-over on guesswork, the earlier date is the safe one
    if due_on != raw_end:
        steps.append(Step("roll_over", {"from": raw_end, "to": due_on, "days": (due_on - raw_end).days}, rule.cite))
    steps.append(Step("due", {"on": due_on}, rule.cite))
    return Deadline(raw_end, due_on, tuple(steps))


def merge(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """Overlapping and adjacent pauses as one, in order; any input order, idempotent (trap 7)."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: (p.first, p.last, p.cite)):
        if merged and pause.first <= merged[-1].last + DAY:
            before = merged.pop()
            cite = "; ".join(sorted({c for c in (*before.cite.split("; "), *pause.cite.split("; ")) if c}))
            merged.append(Pause(before.first, max(before.last, pause.last), cite))
        else:
            merged.append(pause)
    return tuple(merged)


def opens_on(received_on: date, *restarts: date) -> date:
    """Date from which a period counts that identity, authority or fee restart (UK GDPR 12A; trap 2)."""
    return max(received_on, *restarts) if restarts else received_on


def working_date(*due_dates: date) -> date:
    """Pick the date for alarms: the earliest of the candidate due dates (trap 6)."""
    return min(due_dates)


def received_on(instant: datetime, tz: str) -> date:
    """Local date of receipt in the controller's zone; ValueError if `instant` is naive."""
    if instant.utcoffset() is None:
        raise ValueError("an aware instant is needed")
    return instant.astimezone(ZoneInfo(tz)).date()


def last_second(due_on: date, tz: str) -> datetime:
    """Last whole second of the local day, in UTC, whatever the clocks do at midnight (trap 5).

    Midnight may be skipped (Beirut), come twice (St John's until 2011) or the whole day may be
    missing (Apia, 30 December 2011): then it is the last second not after that day.
    """
    zone = ZoneInfo(tz)
    tomorrow = due_on + DAY
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    low, high = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    second = timedelta(seconds=1)
    for start in (high, low):
        before, after = ((start - ago).astimezone(zone).date() for ago in (second, timedelta()))
        if before <= due_on < after:
            return start - second
    low -= second
    while high - low > second:  # a gap around midnight: find the jump itself
        middle = low + (high - low) // (2 * second) * second
        low, high = (low, middle) if middle.astimezone(zone).date() > due_on else (middle, high)
    return low


def _plain_end(start: date, rule: Rule, count: int) -> date:
    """End of a period of days or months, before pauses and roll-over."""
    if rule.unit == "calendar_days":
        return start + count * DAY
    if rule.day_of_receipt == "period_opens_next_day":
        start += DAY
    years, month = divmod(start.month - 1 + count, 12)
    year, month = start.year + years, month + 1
    if year > date.max.year:
        raise OverflowError("date value out of range")
    last = _months.monthrange(year, month)[1]
    if start.day <= last:
        return date(year, month, start.day)
    clamped = date(year, month, last)  # 1182/71 art. 3(2)(c); Brazil moves it forward (trap 4)
    return clamped if rule.missing_month_day == "last_day" else clamped + DAY


def _skip(end: date, pauses: tuple[Pause, ...]) -> date:
    """Move the end by each pause that opened not after the end as it then stood."""
    for pause in pauses:
        if pause.first > end:
            break
        end += pause.days * DAY
    return end


def _working_end(start: date, count: int, calendar: Calendar, pauses: tuple[Pause, ...]) -> date:
    """Nth working day that is not paused (trap 8); `pauses` are merged, in order and after the start."""
    day, closed, ahead = start, 0, list(reversed(pauses))
    while count:
        day += DAY
        if ahead and day >= ahead[-1].first:
            day = ahead.pop().last
        elif calendar.is_working(day):
            count, closed = count - 1, 0
        elif (closed := closed + 1) > LONGEST_CLOSURE:
            raise ValueError(f"no working day within {LONGEST_CLOSURE} days before {day}")
    return day
