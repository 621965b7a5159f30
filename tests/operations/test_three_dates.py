"""A request carries three dates, counted by the laws as they stood when its policy version was published."""

import json
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from requests_app.models import DataSubjectRequest, EvidenceEvent, PolicyVersion
from requests_app.operations import calendars, decision, intake, policies, timeline, triggers
from requests_app.operations.actors import Actor
from requests_app.rules.policy import PolicyError
from tests.people import NOON, POLICY, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TEXT = POLICY.read_text(encoding="utf-8")
REGIMES = 'regimes = { value = ["gdpr", "uk_gdpr"]'


def published(text: str = TEXT, *, at: datetime = NOON, **regimes: str) -> PolicyVersion:
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    return policies.load(text, prepared_by=petra, approved_by=ada, at=at, regimes=policies.regime_texts() | regimes)


def bound_by(*keys: str) -> str:
    assert REGIMES in TEXT
    return TEXT.replace(REGIMES, f"regimes = {{ value = {json.dumps(keys)}")


def mistakes(text: str, **regimes: str) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        published(text, **regimes)
    return [mistake.place for mistake in refused.value.mistakes]


def test_ana_is_promised_fifteen_days_and_the_law_gives_a_month() -> None:
    published_policy()
    dsr = ana_files("access", at=NOON).requests.get()
    assert (dsr.due_on, dsr.statutory_on) == (date(2026, 12, 7), date(2026, 12, 22))
    assert dsr.cautious_on == date(2026, 12, 7)


def test_the_evidence_of_filing_tells_the_dates_and_the_version_of_the_holidays() -> None:
    published_policy()
    dsr = ana_files("access", at=NOON).requests.get()
    body = json.loads(EvidenceEvent.objects.get(dsr_id=dsr.pk, kind="filed").body)
    assert (body["due_on"], body["statutory_on"], body["cautious_on"]) == ("2026-12-07", "2026-12-22", "2026-12-07")
    assert body["calendar"] == calendars.SOURCE
    assert calendars.SOURCE.startswith("holidays 0.")


def test_an_opt_out_in_california_has_its_own_law_date() -> None:
    published(bound_by("california"))
    submission = ana_files("access", "marketing_optout", at=NOON)
    found = dict(submission.requests.values_list("right", "statutory_on"))
    assert found == {
        "access": date(2027, 1, 6),
        "marketing_optout": date(2026, 12, 14),
    }  # Thanksgiving is no working day


def test_an_evening_in_the_west_of_brazil_makes_the_cautious_day_a_day_earlier() -> None:
    published(bound_by("brazil"))
    dsr = ana_files("access", at=datetime(2026, 11, 24, 3, 0, tzinfo=UTC)).requests.get()  # 22:00 in Rio Branco
    assert dsr.submission.received_on == date(2026, 11, 24)
    assert (dsr.due_on, dsr.statutory_on, dsr.cautious_on) == (date(2026, 12, 9), date(2026, 12, 9), date(2026, 12, 8))


def test_the_british_date_moves_over_christmas() -> None:
    published(bound_by("uk_gdpr"))
    dsr = ana_files("access", at=datetime(2026, 11, 26, 12, tzinfo=UTC)).requests.get()
    assert dsr.statutory_on == date(2026, 12, 29)  # Saturday 26, its substitute on Monday 28


def test_without_a_country_nothing_rolls_over_and_the_explanation_says_so() -> None:
    published(bound_by("gdpr"))
    dsr = ana_files("access", at=datetime(2026, 11, 26, 12, tzinfo=UTC)).requests.get()
    assert dsr.statutory_on == date(2026, 12, 26)
    assert timeline.deadline_for(dsr).statutory.needs_alarm
    italian = bound_by("gdpr").replace("notice_hour", 'holidays = { value = "IT", source = "test" }\nnotice_hour', 1)
    published(italian)
    dsr = ana_files("access", at=datetime(2026, 11, 26, 12, tzinfo=UTC), email="bruno@example.org").requests.get()
    assert dsr.statutory_on == date(2026, 12, 28)
    assert not timeline.deadline_for(dsr).statutory.needs_alarm


def test_a_request_keeps_the_law_as_it_was_frozen_in_its_version() -> None:
    published(bound_by("brazil"))
    dsr = ana_files("access", at=NOON).requests.get()
    shorter = policies.regime_texts()["brazil"].replace("count = { value = 15", "count = { value = 16")
    second = published(bound_by("brazil"), brazil=shorter)
    assert second.version == 2
    assert timeline.deadline_for(dsr).statutory_on == dsr.statutory_on == date(2026, 12, 7)
    assert policies.deadline_from(second, at=NOON, right="access").statutory_on == date(2026, 12, 8)


def test_the_same_text_with_the_same_laws_is_published_once() -> None:
    assert published().pk == published().pk


def test_a_version_published_before_laws_were_frozen_is_still_read() -> None:
    petra, ada = staff("petra"), staff("ada")
    old = TEXT.replace(REGIMES, 'regimes = { value = ["a law without a file"]')
    PolicyVersion.objects.create(
        key="old", version=1, text=old, sha256="", prepared_by=petra, approved_by=ada, published_at=NOON
    )
    dsr = ana_files("access", at=NOON).requests.get()
    assert (dsr.due_on, dsr.statutory_on, dsr.cautious_on) == (date(2026, 12, 7), None, date(2026, 12, 7))


def test_reopening_counts_all_three_dates_anew() -> None:
    published_policy()
    dsr = ana_files("marketing_optout", at=NOON).requests.get()
    petra = Actor.staff(staff("petra"))
    done = decision.carry_out(dsr, note="Taken off every list.", actor=petra, at=NOON)
    again = datetime(2026, 12, 10, 12, tzinfo=UTC)
    opened = decision.reopen(done, reason="A letter went out all the same.", actor=petra, at=again)
    assert (opened.due_on, opened.statutory_on) == (date(2026, 12, 25), date(2027, 1, 10))
    body = json.loads(EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="reopened").get().body)
    assert (body["due_before"], body["statutory_on"]) == ("2026-12-07", "2027-01-10")


def test_the_database_refuses_a_cautious_day_after_the_law() -> None:
    published_policy()
    dsr = ana_files("access", at=NOON).requests.get()
    for cautious in (date(2026, 12, 23), None):
        with pytest.raises(IntegrityError), transaction.atomic():
            DataSubjectRequest.objects.filter(pk=dsr.pk).update(cautious_on=cautious)


def test_the_append_only_triggers_stand_after_all_migrations() -> None:
    assert triggers.missing(connection) == []


def test_a_promise_longer_than_a_law_is_refused_with_a_day_on_which_it_shows() -> None:
    thirty = TEXT.replace("response_days = { value = 15", "response_days = { value = 30")
    assert thirty != TEXT
    with pytest.raises(PolicyError, match=r"response_days: is longer than gdpr allows: received on 20\d\d-01-"):
        published(thirty)
    assert PolicyVersion.objects.count() == 0
    decided = 'legal_decision = { value = "Decided by counsel", source = "memo 1" }\n' + thirty
    assert published(decided).version == 1


def test_mistakes_of_policy_and_law_are_told_together() -> None:
    assert mistakes(bound_by("gdpr", "atlantis"), gdpr="key = 1")[0].startswith("regimes/gdpr: ")
    atlantis = policies.regime_texts()["brazil"].replace('"BR"', '"XX"')
    assert mistakes(TEXT, atlantis=atlantis) == ["regimes/atlantis: key", "regimes/atlantis: calendar.holidays"]


def test_the_page_before_filing_promises_what_filing_then_stores() -> None:
    version = published_policy()
    assert intake.expected_due(version, at=NOON).due_on == ana_files("access", at=NOON).requests.get().due_on
