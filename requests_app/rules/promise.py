"""The promise of a policy against the law: shorter is allowed, longer is not (unless a legal decision is recorded)."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from requests_app.rules.policy import Policy
from requests_app.rules.response_deadline import DAY, PLAIN, Calendar, Rule, compute

# The calendar repeats after 28 years: every month length meets every day of the week, leap years included.
FIRST, LAST = date(2024, 1, 1), date(2051, 12, 31)


@dataclass(frozen=True, slots=True)
class Longer:
    """A day of receipt for which the promise ends after the law."""

    received_on: date
    promised_on: date
    owed_on: date


def promise_of(policy: Policy) -> Rule:
    """Return the promise of the policy as a rule of the engine."""
    return Rule(
        unit=policy.counting,  # type: ignore[arg-type]  # the reader admits the engine's words only
        count=policy.response_days,
        day_of_receipt=policy.day_of_receipt,  # type: ignore[arg-type]
        roll_over=policy.roll_over,  # type: ignore[arg-type]
        missing_month_day=policy.missing_month_day,  # type: ignore[arg-type]
        cite=policy.source("response_days"),
    )


@lru_cache(maxsize=64)
def first_longer(
    promise: Rule,
    law: Rule,
    *,
    here: Calendar = PLAIN,
    there: Calendar = PLAIN,
    first: date = FIRST,
    last: date = LAST,
) -> Longer | None:
    """Return the first day of receipt on which the promise is too long, by real dates, or None.

    `here` is the controller's calendar, `there` that of the law.
    """
    day = first
    while day <= last:
        promised_on = compute(day, promise, calendar=here).due_on
        owed_on = compute(day, law, calendar=there).due_on
        if promised_on > owed_on:
            return Longer(day, promised_on, owed_on)
        day += DAY
    return None
