"""Erasure is not a weapon: what has to stand before one may be approved, on each boundary day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from requests_app.rules.erasure import (
    Erasure,
    Need,
    cooling_off_until,
    last_day_to_confirm,
    needs,
    wait_ends_on,
    waits_for_access,
)

DUE = date(2026, 12, 7)
RECEIVED = date(2026, 11, 22)


def on(day: date, hour: int = 12) -> dict[str, object]:
    return {"now": datetime(day.year, day.month, day.day, hour, tzinfo=UTC), "today": day}


ANA = Erasure(**on(date(2026, 11, 24)), due_on=DUE, wait_ends_on=date(2026, 11, 30))
CONFIRMED = replace(ANA, confirmed_at=datetime(2026, 11, 24, 9, tzinfo=UTC), cooling_off_until=date(2026, 11, 27))


def test_an_erasure_confirmed_once_is_not_enough() -> None:
    assert needs(ANA) == (Need.SECOND_CONFIRMATION,)


@pytest.mark.parametrize(("day", "missing"), [(24, (Need.COOLING_OFF,)), (27, (Need.COOLING_OFF,)), (28, ())])
def test_three_whole_days_after_the_second_confirmation_it_can_be_stopped(day: int, missing: tuple[Need, ...]) -> None:
    assert needs(replace(CONFIRMED, **on(date(2026, 11, day), hour=23 if day == 27 else 0))) == missing
    assert cooling_off_until(date(2026, 11, 24), 3) == date(2026, 11, 27)


def test_an_open_access_request_of_the_same_filing_comes_first_until_the_eighth_day() -> None:
    waiting = replace(ANA, access_opened_at=datetime(2026, 11, 22, tzinfo=UTC))
    assert wait_ends_on(RECEIVED, DUE, 3) == date(2026, 11, 30)
    assert needs(replace(waiting, **on(date(2026, 11, 29), hour=23))) == (Need.ACCESS_FIRST, Need.SECOND_CONFIRMATION)
    assert needs(replace(waiting, **on(date(2026, 11, 30), hour=0))) == (Need.SECOND_CONFIRMATION,)
    assert not waits_for_access(replace(ANA, **on(date(2026, 11, 23))))  # none was filed, or it has ended


def test_an_access_request_taken_up_again_after_the_confirmation_comes_first_again() -> None:
    later = replace(CONFIRMED, **on(date(2026, 12, 1)))
    assert needs(replace(later, access_opened_at=datetime(2026, 11, 24, 8, tzinfo=UTC))) == ()
    assert needs(replace(later, access_opened_at=datetime(2026, 11, 24, 10, tzinfo=UTC))) == (Need.ACCESS_FIRST,)


def test_for_a_day_after_files_went_out_nothing_is_erased_but_the_date_is_kept() -> None:
    released = datetime(2026, 12, 1, 12, tzinfo=UTC)
    later = replace(CONFIRMED, released_at=released)
    assert needs(replace(later, now=released + timedelta(hours=23, minutes=59), today=date(2026, 12, 2))) == (
        Need.RELEASED_JUST_NOW,
    )
    assert needs(replace(later, now=released + timedelta(hours=24), today=date(2026, 12, 2))) == ()
    assert needs(replace(later, now=released, today=DUE)) == ()  # the answer is never late for it


def test_the_last_day_to_confirm_leaves_the_cooling_off_and_a_day_for_the_answer() -> None:
    last = last_day_to_confirm(DUE, 3)
    assert last == date(2026, 12, 3)
    assert cooling_off_until(last, 3) == DUE - timedelta(days=1)


def test_where_the_period_is_short_the_access_request_is_waited_for_less_long() -> None:
    assert wait_ends_on(RECEIVED, RECEIVED + timedelta(days=10), 3) == RECEIVED + timedelta(days=6)
    assert wait_ends_on(RECEIVED, RECEIVED + timedelta(days=2), 3) == RECEIVED
