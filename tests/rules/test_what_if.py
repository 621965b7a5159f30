"""What would be due when: pauses, restarts and extension supposed, by each law and by the promise."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from requests_app.rules import regime
from requests_app.rules.policy_file import parse
from requests_app.rules.promise import promise_of
from requests_app.rules.response_deadline import PLAIN, Pause
from requests_app.rules.three_dates import Law, three_dates
from requests_app.rules.what_if import Supposed, what_if

POLICIES = Path(__file__).parents[2] / "policies"
POLICY = parse((POLICIES / "digital-assets.toml").read_text())
REGIMES = {name: regime.parse((POLICIES / "regimes" / f"{name}.toml").read_text()) for name in ("gdpr", "uk_gdpr")}
JAN_7 = date(2027, 1, 7)
ASKED = Pause(date(2027, 1, 11), date(2027, 1, 15))


def count(*, policy=POLICY, on=JAN_7, **supposed):
    laws = [Law(law, PLAIN, on) for law in REGIMES.values()]
    return what_if(on, policy, laws, right="access", supposed=Supposed(**supposed), calendar=PLAIN)


def by(found, key):
    return next(law for law in found.laws if law.regime.key == key)


@pytest.mark.parametrize("day", [date(2027, 1, 7), date(2027, 1, 31), date(2028, 2, 29), date(2026, 12, 24)])
def test_with_nothing_supposed_the_dates_are_those_that_a_filing_gets(day):
    found = count(on=day)
    laws = [Law(law, PLAIN, day) for law in REGIMES.values()]
    filed = three_dates(day, promise_of(POLICY), laws, right="access")
    assert found.promised.deadline == filed.promised
    assert found.statutory.deadline == filed.statutory
    assert found.cautious == filed.cautious


def test_identity_that_was_asked_for_pauses_under_the_gdpr_and_restarts_in_the_united_kingdom():
    found = count(pause=ASKED, reason="identity")
    assert by(found, "gdpr").deadline.due_on == date(2027, 2, 12)  # 7 February and five days
    assert by(found, "uk_gdpr").deadline.due_on == date(2027, 2, 15)  # a month from 15 January


def test_the_promise_stands_where_the_policy_knows_no_pause_and_says_so():
    found = count(pause=ASKED, reason="identity")
    assert found.promised.deadline.due_on == date(2027, 1, 22)
    assert found.promised.no_pause
    assert not by(found, "gdpr").no_pause


def test_a_policy_that_allows_a_pause_moves_its_promise_by_it():
    found = count(policy=replace(POLICY, pause_allowed=True), pause=ASKED, reason="identity")
    assert found.promised.deadline.due_on == date(2027, 1, 27)
    assert not found.promised.no_pause


def test_a_reason_that_a_law_does_not_know_changes_nothing_and_is_told():
    found = count(pause=ASKED, reason="cost_share")
    assert by(found, "gdpr").deadline.due_on == count().statutory.deadline.due_on
    assert by(found, "gdpr").no_pause


def test_an_extension_counts_from_the_original_start_and_is_told_where_there_is_none():
    found = count(on=date(2027, 1, 31), extended=True)
    assert by(found, "gdpr").deadline.due_on == date(2027, 4, 30)
    assert not by(found, "gdpr").no_extension
    assert found.promised.deadline.due_on == date(2027, 2, 15)
    assert found.promised.no_extension


def test_a_policy_with_an_extension_uses_it():
    found = count(policy=replace(POLICY, extension_days=10), extended=True)
    assert found.promised.deadline.due_on == date(2027, 2, 1)
    assert not found.promised.no_extension


@pytest.mark.parametrize("reason", ["identity", "clarification", "cost_share"])
@pytest.mark.parametrize("extended", [False, True])
def test_the_cautious_date_is_never_after_the_statutory_one(reason, extended):
    for day in range(1, 29):
        found = count(on=date(2027, 1, day), pause=Pause(date(2027, 2, 1), date(2027, 2, 9)), reason=reason,
                      extended=extended)  # fmt: skip
        assert found.cautious.due_on <= found.statutory.deadline.due_on
