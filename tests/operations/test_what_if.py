"""What a new policy would change for the requests that are open, and what a receipt in another zone does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from requests_app.models import DataSubjectRequest, EvidenceEvent, Notice, PolicyVersion
from requests_app.operations import person, policies
from requests_app.operations.actors import Actor
from requests_app.operations.what_if import differing, simulate
from requests_app.rules.policy import PolicyError
from tests.people import NOON, POLICY, ana_files, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
TEXT = POLICY.read_text()
TEN_DAYS = TEXT.replace("{ value = 15,", "{ value = 10,", 1)


def stored():
    rows = list(DataSubjectRequest.objects.order_by("pk").values())
    return [rows, *(model.objects.count() for model in (PolicyVersion, EvidenceEvent, Notice))]


def test_a_shorter_promise_changes_every_open_request_and_none_that_ended():
    published_policy()
    access = ana_files("access").requests.get()
    ended = ana_files("deletion", email="other@example.org").requests.get()
    person.cancel(ended, actor=Actor.person(), at=NOON + timedelta(hours=1))
    found = list(differing(TEN_DAYS))
    assert [(row.dsr, row.dsr.due_on, row.due_on) for row in found] == [
        (access, date(2026, 12, 7), date(2026, 12, 2)),
    ]


def test_the_same_policy_changes_nothing():
    published_policy()
    ana_files("access", "deletion", "correction")
    assert list(differing(TEXT)) == []


def test_a_law_that_would_give_longer_is_a_difference_though_the_promise_stays():
    published_policy()
    ana_files("access")
    files = policies.regime_texts()
    longer = {key: files[key].replace("count = { value = 1,", "count = { value = 2,", 1) for key in ("gdpr", "uk_gdpr")}
    [found] = differing(TEXT, regimes=files | longer)
    assert found.due_on == found.dsr.due_on
    assert found.statutory_on > found.dsr.statutory_on


def test_a_reopened_request_is_counted_from_its_reopening():
    published_policy()
    dsr = ana_files("access").requests.get()
    later = NOON + timedelta(days=3)
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(opened_at=later, opened_on=later.date())
    [found] = differing(TEN_DAYS)
    assert found.due_on == date(2026, 12, 5)


def test_looking_ahead_writes_nothing():
    published_policy()
    ana_files("access", "deletion")
    before = stored()
    assert len(list(differing(TEN_DAYS))) == 2
    assert stored() == before


def test_a_file_with_mistakes_is_refused_before_any_request_is_read(django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(PolicyError):
        differing(TEXT.replace("{ value = 15,", "{ value = 0,", 1))


def test_what_is_simulated_is_what_a_filing_gets():
    version = published_policy()
    dsr = ana_files("access").requests.get()
    found = simulate(version, at=NOON, right="access")
    assert found.promised.deadline.due_on == dsr.due_on
    assert found.statutory.deadline.due_on == dsr.statutory_on
    assert found.cautious.due_on == dsr.cautious_on


def test_an_early_hour_in_utc_is_still_the_day_before_in_california():
    text = TEXT.replace('["gdpr", "uk_gdpr"]', '["california"]').replace("{ value = 15,", "{ value = 45,", 1)
    version = policies.draft('legal_decision = { value = "2026/1", source = "file 7" }\n' + text)
    days = [simulate(version, at=datetime(2027, 1, 7, hour, tzinfo=UTC), right="access") for hour in (3, 12)]
    assert [found.cautious.due_on for found in days] == [date(2027, 2, 20), date(2027, 2, 21)]
    assert {found.promised.deadline.due_on for found in days} == {date(2027, 2, 21)}
