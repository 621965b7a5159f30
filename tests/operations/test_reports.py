"""The figures of a period come from the rows; a quarter is published once, and never changed."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from requests_app.models import DataSubjectRequest, PublishedFigures
from requests_app.operations import decision, person, policies, reports, sweeps
from requests_app.operations.actors import Actor
from tests.people import NOON, POLICY, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAY = timedelta(days=1)
FIRST, LAST = date(2026, 10, 1), date(2026, 12, 31)
ANSWER = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
REFUSAL = ANSWER | {"outcome": "refuse", "ground": "groundless_repetition", "facts": "The fifth.", "scope": "All."}


@pytest.fixture(autouse=True)
def _policy(settings):
    published_policy()
    settings.DATA_SOURCES = {}


def filed(at: datetime = NOON) -> DataSubjectRequest:
    submission = ana_files("correction", at=at, form_key=uuid.uuid4(), email=f"{uuid.uuid4().hex}@example.org")
    confirms(submission, at=at)
    return submission.requests.get()


def answered(dsr: DataSubjectRequest, *, at: datetime, **answer: str) -> None:
    made = decision.decide(dsr, **(ANSWER | answer), actor=Actor.staff(staff("bruno", "handler")), at=at)
    dsr.refresh_from_db()
    decision.approve(dsr, digest=made.content_digest, actor=Actor.staff(staff("ada", "approver")), at=at)


def test_a_period_counts_what_came_and_what_was_answered_in_it():
    answered(filed(), at=NOON + 4 * DAY)
    answered(filed(), at=NOON + 16 * DAY)  # a day late
    answered(filed(), at=NOON + DAY, **REFUSAL)
    person.cancel(filed(), actor=Actor.person(), at=NOON + DAY)
    filed()
    known = reports.of_period(FIRST, LAST)
    line = known.rights["correction"]
    assert (line.received, line.answered, line.on_time) == (5, 3, 2)
    assert (line.median, line.ninetieth) == (4, 16)
    assert line.outcomes == {"done": 2, "refused": 1, "cancelled": 1}
    assert known.grounds == {"groundless_repetition": 1}
    assert known.rungs == {1: 3}


def test_an_answer_belongs_to_the_local_day_on_which_it_was_given():
    accounts = {"prepared_by": staff("petra"), "approved_by": staff("ada")}
    in_tokyo = POLICY.read_text().replace('time_zone = { value = "UTC"', 'time_zone = { value = "Asia/Tokyo"')
    policies.load(in_tokyo, **accounts, at=NOON)
    answered(
        filed(at=datetime(2026, 9, 25, 9, tzinfo=UTC)), at=datetime(2026, 9, 30, 16, tzinfo=UTC)
    )  # the first of October in Tokyo
    assert reports.of_period(FIRST, LAST).total.answered == 1
    assert reports.of_period(date(2026, 7, 1), date(2026, 9, 30)).total.answered == 0


def test_a_quarter_is_published_once_ten_days_after_its_end():
    for _ in range(21):
        answered(filed(), at=NOON + 4 * DAY)
    publish = sweeps.SWEEPS["publish_figures"]
    assert publish(datetime(2027, 1, 10, 12, tzinfo=UTC)) == 0
    assert publish(datetime(2027, 1, 11, 12, tzinfo=UTC)) == 1
    body = PublishedFigures.objects.get(first=FIRST).body
    told = {"received": 20, "answered": 20, "on_time_percent": 76, "refused": 0, "median_days": 4}
    assert body["total"] == body["rights"]["correction"] == told
    answered(filed(), at=NOON + 5 * DAY)
    assert publish(datetime(2027, 1, 12, 12, tzinfo=UTC)) == 0
    assert PublishedFigures.objects.get(first=FIRST).body == body


def test_a_quarter_in_which_the_portal_was_not_in_use_is_not_published():
    filed()
    assert sweeps.SWEEPS["publish_figures"](datetime(2026, 11, 23, 12, tzinfo=UTC)) == 0


def test_few_requests_are_published_as_few():
    for _ in range(3):
        answered(filed(), at=NOON + 4 * DAY)
    sweeps.SWEEPS["publish_figures"](datetime(2027, 1, 11, 12, tzinfo=UTC))
    line = PublishedFigures.objects.get().body["rights"]["correction"]
    assert line == {"received": None, "answered": None, "on_time_percent": None, "refused": 0, "median_days": None}
