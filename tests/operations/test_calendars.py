"""Holidays come from a package, closures and make-up days from the files; what is not known is not claimed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from requests_app.operations import calendars
from requests_app.rules.policy import Policy
from requests_app.rules.policy_file import parse as parse_policy
from requests_app.rules.regime import Regime, parse

FOLDER = Path(__file__).resolve().parents[2] / "policies"
POLICY: Policy = parse_policy((FOLDER / "digital-assets.toml").read_text(encoding="utf-8"))
LAW: Regime = parse((FOLDER / "regimes" / "gdpr.toml").read_text(encoding="utf-8"))
DAY = date(2026, 11, 22)


def test_a_law_takes_its_own_holidays_or_else_the_controllers() -> None:
    italian = replace(POLICY, holidays="IT")
    assert not calendars.of_regime(LAW, italian, DAY).is_working(date(2026, 12, 8))
    assert calendars.of_regime(replace(LAW, holidays="GB-ENG"), italian, DAY).is_working(date(2026, 12, 8))


def test_the_holidays_of_this_year_and_two_more_are_known() -> None:
    assert calendars.of_policy(replace(POLICY, holidays="IT"), DAY).covers == {2026, 2027, 2028}


def test_without_a_country_no_year_is_known() -> None:
    assert calendars.of_policy(POLICY, DAY).covers == frozenset()
    assert not calendars.of_regime(LAW, POLICY, DAY).knows(2026)


def test_weekends_are_those_of_the_file_and_not_of_the_package() -> None:
    gulf = calendars.of_policy(replace(POLICY, holidays="SA", weekend=(5, 6)), DAY)
    assert [gulf.is_working(date(2026, 11, day)) for day in (26, 27, 28, 29)] == [True, False, False, True]
    singapore = calendars.of_policy(replace(POLICY, holidays="SG", weekend=(7,)), DAY)
    assert singapore.is_working(date(2026, 11, 28))


def test_a_make_up_day_works_whether_the_file_or_the_package_names_it() -> None:
    named = replace(POLICY, holidays="CN", makeup_working_days=(date(2026, 11, 28),))
    china = calendars.of_policy(named, DAY)
    assert china.is_working(date(2026, 11, 28))
    assert china.is_working(date(2026, 10, 10))  # a Saturday made up for National Day


def test_a_yearly_closure_runs_over_the_new_year() -> None:
    summer = calendars.of_regime(replace(LAW, closures=((12, 25, 1, 15),)), replace(POLICY, holidays="NZ"), DAY)
    for day in (date(2026, 1, 14), date(2026, 12, 28), date(2027, 1, 15), date(2028, 1, 4)):
        assert not summer.is_working(day)
    assert summer.is_working(date(2026, 12, 24))
    assert summer.is_working(date(2027, 1, 18))


def test_a_place_that_the_package_does_not_know_is_told() -> None:
    assert calendars.place_known("GB-ENG")
    assert not calendars.place_known("GB-XYZ")
    assert not calendars.place_known("XX")
