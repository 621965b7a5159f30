"""How old somebody is in law: at fourteen and at eighteen other rules begin (P30, P31, H5)."""

from __future__ import annotations

from datetime import date, timedelta

FOURTEEN = 14  # privacy policy B-VI; under it the account is closed and the data deleted
OF_AGE = 18  # Italian civil code, art. 2; BGB section 2; UN Convention on the Rights of the Child, art. 1


def birthday(born_on: date, years: int) -> date:
    """Return the day on whose beginning this age is reached.

    Age is reached with the first moment of the birthday, not at the hour of birth: the day of birth counts in full
    (BGB 187(2), 188(2); Family Law Reform Act 1969, s. 9). Who was born on 29 February reaches it, where the year has
    no such day, when the 28th has ended: on 1 March (BGB 188(2)).
    """
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return date(born_on.year + years, 3, 1)


def is_under(born_on: date, years: int, *, on: date) -> bool:
    """Whether this age is not reached yet on this day of the controller's zone."""
    return on < birthday(born_on, years)


def last_day_as_minor(born_on: date) -> date:
    """Return the day before the eighteenth birthday: the last on which a guardian acts."""
    return birthday(born_on, OF_AGE) - timedelta(days=1)
