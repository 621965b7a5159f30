"""Holiday calendars for the rules: from the `holidays` package to a `Calendar`, and which version said so."""

from datetime import date
from functools import lru_cache
from importlib.metadata import version

import holidays

from requests_app.rules.policy import Policy
from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import Calendar

SOURCE = f"holidays {version('holidays')}"  # recorded with every date that was counted with it
YEARS_AHEAD = 2  # the longest period on file ends within them; beyond, no holidays are known (trap 9)


def place_known(place: str) -> bool:
    """Whether the package knows this country or part of one."""
    country, _, part = place.partition("-")
    try:
        holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return False
    return True


def of_policy(policy: Policy, day: date) -> Calendar:
    """The controller's own calendar around this day."""
    return _calendar(policy.holidays, day.year, policy.weekend, policy.makeup_working_days, ())


def of_regime(regime: Regime, policy: Policy, day: date) -> Calendar:
    """The calendar of a law around this day; a law without a country takes the controller's holidays."""
    place = regime.holidays or policy.holidays
    makeup = regime.makeup_working_days or policy.makeup_working_days
    return _calendar(place, day.year, regime.weekend, makeup, regime.closures)


@lru_cache(maxsize=128)
def _calendar(
    place: str,
    year: int,
    weekend: tuple[int, ...],
    makeup: tuple[date, ...],
    closures: tuple[tuple[int, int, int, int], ...],
) -> Calendar:
    years = range(year, year + YEARS_AHEAD + 1)
    days: frozenset[date] = frozenset()
    covers: frozenset[int] = frozenset()
    worked = frozenset(makeup)
    if place:
        country, _, part = place.partition("-")
        found = holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US")
        days = frozenset(found)
        # A feast that waits for the moon is a guess until it is announced: its year is not known yet.
        guessed = {day.year for day, name in found.items() if "estimated" in name}
        covers = frozenset(y for y in years if found.start_year <= y <= found.end_year) - guessed
        worked |= found.weekend_workdays
    ranges = tuple(
        (date(y, one, two), date(y + ((three, four) < (one, two)), three, four))
        for y in range(year - 1, years.stop)
        for one, two, three, four in closures
    )
    return Calendar(frozenset(weekend), days, ranges, worked, covers)
