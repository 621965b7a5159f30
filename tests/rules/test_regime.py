"""A regime file is read whole or refused with every mistake in it; and what the laws on file ask."""

from datetime import date
from pathlib import Path

import pytest

from requests_app.rules.policy import PolicyError
from requests_app.rules.policy_file import parse as parse_policy
from requests_app.rules.promise import promise_of
from requests_app.rules.regime import parse
from requests_app.rules.response_deadline import Calendar, Pause
from requests_app.rules.three_dates import Law, three_dates

FOLDER = Path(__file__).resolve().parents[2] / "policies"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (FOLDER / "regimes").glob("*.toml")}
LAWS = {key: parse(text) for key, text in TEXTS.items()}
GDPR, UK, CALIFORNIA, BRAZIL = (LAWS[key] for key in ("gdpr", "uk_gdpr", "california", "brazil"))
MONDAY = date(2026, 6, 1)


def pause(first: str, last: str) -> Pause:
    return Pause(date.fromisoformat(first), date.fromisoformat(last))


def places(text: str) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        parse(text)
    return [mistake.place for mistake in refused.value.mistakes]


def changed(old: str, new: str, text: str = TEXTS["uk_gdpr"]) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_five_laws_ship_each_value_with_its_source_and_the_day_it_was_checked() -> None:
    assert set(LAWS) == {"own_terms", "gdpr", "uk_gdpr", "california", "brazil"}
    for key, law in LAWS.items():
        assert law.key == key
        assert law.checked_on >= date(2026, 11, 22)
        assert all(source.strip() for source in law.sources.values())
        assert set(law.checked) <= set(law.sources)
        assert {"title", "restarts", "pauses", "periods.answer.count", "calendar.weekend"} <= set(law.checked)


def test_every_mistake_is_reported_at_once_with_its_place() -> None:
    text = changed('"months"', '"weeks"')
    text = changed('["clarification"]', '["holidays"]', text)
    text = changed('"GB-ENG"', '"England"', text)
    text = changed("since = { value = 2026-02-05", 'since = { value = "February"', text)
    text = changed("extension", "extensions", text)
    text = changed(", checked_on = 2026-11-22 }\nrestarts", " }\nrestarts", text)
    assert set(places(text)) == {
        "periods.answer.unit.value", "pauses.value", "calendar.holidays.value", "since.value", "since.checked_on",
        "periods.answer.extensions",
    }  # fmt: skip


def test_an_empty_file_names_everything_that_is_missing() -> None:
    assert {"key", "title", "restarts", "pauses", "periods", "periods.answer", "calendar"} <= set(places(""))


def test_a_period_for_nobodys_right_and_a_day_that_no_year_has_are_refused() -> None:
    text = changed('["marketing_optout"]', '["flying"]', TEXTS["california"])
    assert places(text) == ["periods.opt_out.rights.value"]
    closed = '[calendar]\nclosures = { value = ["12-25/02-30"], source = "s", checked_on = 2026-11-22 }'
    assert places(changed("[calendar]", closed)) == ["calendar.closures.value"]


def test_identity_restarts_the_british_month() -> None:
    found = UK.deadline(MONDAY, right="access", restarts={"identity": date(2026, 6, 11)})
    assert found.due_on == date(2026, 7, 13)  # 11 July is a Saturday
    assert [step.code for step in found.steps] == ["received", "restart", "count", "roll_over", "due"]
    assert found.steps[0].params["on"] == MONDAY


def test_the_latest_of_identity_authority_and_fee_opens_the_british_month() -> None:
    handed_in = {"identity": date(2026, 6, 4), "authority": date(2026, 6, 9), "fee": date(2026, 6, 8)}
    assert UK.deadline(MONDAY, right="access", restarts=handed_in).due_on == date(2026, 7, 9)


def test_what_came_in_with_the_request_or_before_restarts_nothing() -> None:
    handed_in = {"identity": MONDAY, "authority": date(2026, 5, 20)}
    found = UK.deadline(MONDAY, right="access", restarts=handed_in)
    assert found.due_on == date(2026, 7, 1)
    assert "restart" not in [step.code for step in found.steps]


def test_clarification_pauses_the_british_month_with_both_end_days() -> None:
    asked = {"clarification": [pause("2026-06-05", "2026-06-15")]}
    assert UK.deadline(MONDAY, right="access", pauses=asked).due_on == date(2026, 7, 13)


def test_a_restart_and_a_pause_together_count_each_day_once() -> None:
    found = UK.deadline(
        MONDAY,
        right="access",
        restarts={"identity": date(2026, 6, 10)},
        pauses={"clarification": [pause("2026-06-05", "2026-06-14")]},
    )
    assert found.due_on == date(2026, 7, 14)


def test_identity_pauses_the_european_month_and_restarts_nothing() -> None:
    facts = {"restarts": {"identity": date(2026, 6, 11)}, "pauses": {"identity": [pause("2026-06-04", "2026-06-11")]}}
    assert GDPR.deadline(MONDAY, right="access", **facts).due_on == date(2026, 7, 9)
    assert UK.deadline(MONDAY, right="access", **facts).due_on == date(2026, 7, 13)
    clarified = {"clarification": [pause("2026-06-04", "2026-06-11")]}
    assert GDPR.deadline(MONDAY, right="access", pauses=clarified).due_on == date(2026, 7, 1)


def test_before_5_february_2026_the_british_month_neither_restarts_nor_pauses() -> None:
    day, asked = date(2026, 2, 4), {"clarification": [pause("2026-02-06", "2026-02-10")]}
    found = UK.deadline(day, right="access", restarts={"identity": date(2026, 2, 9)}, pauses=asked)
    assert found.due_on == date(2026, 3, 4)


def test_verification_stops_nothing_in_california_and_the_extension_ends_on_day_90() -> None:
    facts = {"restarts": {"identity": date(2026, 6, 11)}, "pauses": {"identity": [pause("2026-06-04", "2026-06-11")]}}
    assert CALIFORNIA.deadline(MONDAY, right="access", **facts).due_on == date(2026, 7, 16)
    assert CALIFORNIA.deadline(date(2025, 12, 19), right="access", extended=True).due_on == date(2026, 3, 19)


def test_california_gives_an_opt_out_fifteen_working_days_and_an_acknowledgement_ten() -> None:
    calendar = Calendar(holidays=frozenset({date(2026, 6, 19)}))
    assert CALIFORNIA.deadline(MONDAY, right="marketing_optout", calendar=calendar).due_on == date(2026, 6, 23)
    told = CALIFORNIA.periods["acknowledgement"].rule
    assert (told.unit, told.count) == ("working_days", 10)
    assert CALIFORNIA.rule_for("access").count == 45


def test_brazil_moves_a_missing_day_forward() -> None:
    months = parse(
        changed('"calendar_days"', '"months"', changed("count = { value = 15", "count = { value = 1", TEXTS["brazil"]))
    )
    assert months.deadline(date(2027, 1, 31), right="access").due_on == date(2027, 3, 1)
    assert BRAZIL.deadline(date(2026, 3, 2), right="access").due_on == date(2026, 3, 17)


def test_the_statutory_date_is_the_earliest_of_the_laws_and_the_cautious_one_looks_west() -> None:
    promise = promise_of(parse_policy((FOLDER / "digital-assets.toml").read_text(encoding="utf-8")))
    received, in_honolulu = date(2026, 7, 1), date(2026, 6, 30)
    laws = [Law(LAWS[key], Calendar(), in_honolulu) for key in ("gdpr", "california")]
    dates = three_dates(received, promise, laws, right="access")
    assert (dates.due_on, dates.statutory_on, dates.regime) == (date(2026, 7, 16), date(2026, 8, 3), "GDPR")
    assert dates.cautious_on == date(2026, 7, 16)
    assert three_dates(received, promise, laws[1:], right="access").statutory_on == date(2026, 8, 15)
    a_month = LAWS["gdpr"].rule_for("access")
    assert three_dates(received, a_month, laws[:1], right="access").cautious_on == date(2026, 7, 30)
