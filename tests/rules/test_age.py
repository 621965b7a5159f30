"""The day on which fourteen and eighteen are reached, leap days included."""

from datetime import date

import pytest

from requests_app.rules.age import birthday, is_under, last_day_as_minor


@pytest.mark.parametrize(
    ("born_on", "years", "day"),
    [
        (date(2008, 11, 22), 18, date(2026, 11, 22)),
        (date(2008, 1, 1), 18, date(2026, 1, 1)),
        (date(2008, 12, 31), 18, date(2026, 12, 31)),
        (date(2008, 2, 29), 18, date(2026, 3, 1)),
        (date(2012, 2, 29), 14, date(2026, 3, 1)),
        (date(2008, 2, 29), 4, date(2012, 2, 29)),
        (date(2008, 2, 28), 18, date(2026, 2, 28)),
    ],
)
def test_an_age_is_reached_on_the_birthday_and_without_a_29_february_on_1_march(born_on, years, day):
    assert birthday(born_on, years) == day


def test_the_day_before_the_birthday_is_the_last_one_under_that_age():
    born_on = date(2012, 11, 22)
    assert is_under(born_on, 14, on=date(2026, 11, 21))
    assert not is_under(born_on, 14, on=date(2026, 11, 22))


@pytest.mark.parametrize(
    ("born_on", "last"),
    [
        (date(2008, 11, 22), date(2026, 11, 21)),
        (date(2008, 2, 29), date(2026, 2, 28)),
        (date(2008, 3, 1), date(2026, 2, 28)),
    ],
)
def test_a_guardian_acts_until_the_day_before_the_eighteenth_birthday(born_on, last):
    assert last_day_as_minor(born_on) == last
