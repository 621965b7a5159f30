"""When a department is reminded, and when others are told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from requests_app.rules.task_clock import HALF, LAST, OVER, TaskClock, end_of, last_day, next_at, owed

ROME = "Europe/Rome"
GIVEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = TaskClock(GIVEN, date(2026, 11, 27), ROME)
HALF_AT = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # eight in the morning in Rome
LAST_AT = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
OVER_AT = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def told(now: datetime, *already: str, clock: TaskClock = CLOCK) -> list[str]:
    marked = TaskClock(clock.given_at, clock.last_on, clock.tz, clock.notice_hour, frozenset(already))
    return [item.kind + ("-" if item.superseded else "") for item in owed(marked, now)]


@pytest.mark.parametrize(("at", "kind"), [(HALF_AT, HALF), (LAST_AT, LAST), (OVER_AT, OVER)])
def test_each_is_owed_from_its_very_second(at, kind):
    assert kind not in told(at - SECOND)
    assert told(at)[-1] == kind


def test_each_is_owed_once():
    assert told(HALF_AT, HALF) == told(LAST_AT, HALF, LAST) == told(OVER_AT + timedelta(days=9), HALF, LAST, OVER) == []


def test_late_only_the_most_urgent_is_told_and_the_rest_is_marked():
    assert told(LAST_AT) == ["half-", "last"]
    assert told(OVER_AT + timedelta(days=3)) == ["half-", "last-", "over"]
    assert told(OVER_AT, HALF) == ["last-", "over"]


def test_the_next_instant_is_the_first_that_is_not_marked():
    assert next_at(CLOCK) == HALF_AT
    assert next_at(TaskClock(GIVEN, CLOCK.last_on, ROME, already=frozenset({HALF, LAST}))) == OVER_AT
    assert next_at(TaskClock(GIVEN, CLOCK.last_on, ROME, already=frozenset({HALF, LAST, OVER}))) is None


@pytest.mark.parametrize(("days", "due", "last"), [
    (5, date(2026, 12, 7), date(2026, 11, 27)),
    (5, date(2026, 11, 29), date(2026, 11, 27)),
    (5, date(2026, 11, 28), date(2026, 11, 26)),
    (30, date(2026, 12, 7), date(2026, 12, 5)),
    (5, date(2026, 11, 23), date(2026, 11, 21)),
])  # fmt: skip
def test_its_last_day_is_never_later_than_two_days_before_that_of_the_request(days, due, last):
    assert last_day(date(2026, 11, 22), days, due_on=due) == last


def test_given_when_the_request_is_nearly_due_it_is_late_at_once_and_reminds_of_nothing():
    late = TaskClock(GIVEN, date(2026, 11, 21), ROME)
    assert told(GIVEN, clock=late) == [OVER]


def test_of_one_day_the_reminders_that_would_come_with_the_task_are_left_out():
    short = TaskClock(GIVEN, date(2026, 11, 22), ROME)
    assert [item.kind for item in owed(short, OVER_AT)] == [OVER]
    assert end_of(date(2026, 11, 22), ROME) == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
