"""What falls due and how fast answers are: numbers that anybody can count by hand."""

from datetime import date, timedelta

import pytest

from requests_app.rules.workload import Answer, coming, pace, percentile

SUNDAY = date(2026, 11, 22)


def after(days):
    return SUNDAY + timedelta(days=days)


def test_the_coming_four_weeks_hold_every_day_and_what_is_overdue_apart():
    overdue, days = coming({after(-3): 1, after(-1): 2, after(0): 4, after(27): 5, after(28): 9}, SUNDAY)
    assert overdue == 3
    assert (len(days), days[0].on, days[-1].on) == (28, SUNDAY, after(27))
    assert [day.count for day in days if day.count] == [4, 5]


@pytest.mark.parametrize(
    ("values", "half", "nine_in_ten"),
    [([], None, None), ([7], 7, 7), ([1, 9], 1, 9), ([3, 1, 2], 2, 3), (list(range(1, 11)), 5, 9)],
)
def test_percentiles_are_days_that_really_occurred(values, half, nine_in_ten):
    assert (percentile(values, 50), percentile(values, 90)) == (half, nine_in_ten)


def test_an_answer_counts_in_the_week_of_its_day_and_in_no_other():
    weeks = pace([Answer(after(0), 5, False), Answer(after(-6), 3, False), Answer(after(-7), 16, True)], SUNDAY)
    assert len(weeks) == 12
    assert [(week.answers, week.late, week.median) for week in weeks[-2:]] == [(1, 1, 16), (2, 0, 3)]


def test_a_week_without_answers_has_no_median_and_an_old_answer_is_left_out():
    weeks = pace([Answer(after(-84), 5, False)], SUNDAY)
    assert {(week.answers, week.median, week.ninetieth) for week in weeks} == {(0, None, None)}
    assert weeks[0].first == after(-83)
