"""The grid of the coming four weeks."""

from datetime import date, timedelta

import pytest

from requests_app.rules.planner import grid, last_day
from requests_app.rules.response_deadline import PLAIN, Calendar

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize("ahead", range(7))
def test_the_grid_has_whole_weeks_from_monday_and_asks_for_exactly_four_weeks(ahead):
    today = MONDAY + timedelta(days=ahead)
    weeks = grid({}, today, PLAIN)
    assert all(len(week) == 7 and week[0].on.isoweekday() == 1 for week in weeks)
    asked = [day.on for week in weeks for day in week if day.asked]
    assert asked == [today + timedelta(days=n) for n in range(28)]
    assert asked[-1] == last_day(today)
    assert len(weeks) == (4 if ahead == 0 else 5)


def test_one_day_is_today():
    assert [day.on for week in grid({}, MONDAY, PLAIN) for day in week if day.today] == [MONDAY]


def test_whoever_has_most_comes_first_and_what_is_nobodys_last():
    due = {(MONDAY, None): 9, (MONDAY, 3): 1, (MONDAY, 2): 4, (MONDAY, 1): 1}
    day = grid(due, MONDAY, PLAIN)[0][0]
    assert day.shares == ((2, 4), (1, 1), (3, 1), (None, 9))
    assert day.total == 15


def test_what_is_overdue_or_far_off_is_in_no_cell():
    due = {(MONDAY - timedelta(days=1), 1): 5, (MONDAY + timedelta(days=28), 1): 5}
    assert sum(day.total for week in grid(due, MONDAY, PLAIN) for day in week) == 0


def test_weekend_holiday_and_make_up_day_are_told_apart():
    calendar = Calendar(holidays=frozenset({MONDAY}), makeup_working_days=frozenset({MONDAY + timedelta(days=5)}))
    week = grid({}, MONDAY, calendar)[0]
    assert (week[0].working, week[0].weekend) == (False, False)
    assert (week[5].working, week[5].weekend) == (True, False)
    assert (week[6].working, week[6].weekend) == (False, True)
