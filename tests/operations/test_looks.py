"""Whoever opens far more cases than the work asks for is named to the privacy officers, once a day."""

from datetime import timedelta

import pytest

from requests_app.models import AccessLog, Notice
from requests_app.models.keys import KeyDestroyed, SubmissionKey
from requests_app.operations import access, looks, sweeps
from requests_app.operations.actors import Actor
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    """Three cases are many here, so that the tests need not file a hundred."""
    assert looks.MANY == 100
    monkeypatch.setattr(looks, "MANY", 3)
    published_policy()


def looked(name: str, *, cases: int, times: int = 1, at=NOON) -> None:
    account = staff(name, "handler")
    filed = [ana_files("access", email=f"ana{number}@example.org") for number in range(cases)]
    rows = [AccessLog(at=at, staff=account, submission=one, what="case") for one in filed for _ in range(times)]
    AccessLog.objects.bulk_create(rows)


def alarms() -> list[str]:
    return [notice.opened("text") for notice in Notice.objects.filter(kind="staff_alarm")]


def test_one_who_opens_too_many_is_named_to_the_officers_once_a_day():
    looked("bruno", cases=4)
    for hours in range(3):
        sweeps.SWEEPS["count_looks"](NOON + timedelta(hours=hours))
    (told,) = alarms()
    assert "bruno opened 4 different cases" in told
    assert Notice.objects.get(kind="staff_alarm").staff.username == "petra"
    assert "ana" not in told


def test_the_same_few_cases_are_opened_as_often_as_need_be():
    looked("bruno", cases=3, times=40)
    assert looks.owe_alarms(NOON) == 0


def test_what_two_open_is_not_added_up():
    looked("bruno", cases=3)
    looked("nora", cases=3)
    assert looks.owe_alarms(NOON) == 0


def test_what_was_opened_the_day_before_is_over():
    looked("bruno", cases=3, at=NOON - timedelta(hours=25))
    looked("bruno", cases=3)
    assert looks.owe_alarms(NOON) == 0
    assert alarms() == []


def test_what_a_look_was_for_is_sealed_and_goes_with_the_key_of_its_case():
    submission, petra = ana_files("access"), Actor.staff(staff("petra", "privacy officer"))
    access.record_look(submission, what="reveal", purpose="Ana rang: new street", actor=petra, at=NOON)
    look = AccessLog.objects.get()
    assert look.purpose == "Ana rang: new street"
    assert b"Ana" not in bytes(look.purpose_sealed)
    SubmissionKey.objects.filter(pk=submission.pk).delete()
    with pytest.raises(KeyDestroyed):
        assert look.purpose
    access.record_look(submission, what="reveal", purpose="Ana rang again", actor=petra, at=NOON)
    assert AccessLog.objects.count() == 2, "that somebody looked is on record all the same"
