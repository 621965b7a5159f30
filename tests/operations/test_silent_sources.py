"""A system that prepares its answer for ever is told of, until the answer came."""

from datetime import timedelta

import pytest

from requests_app.connectors import Pending
from requests_app.models import DataSubjectRequest, FulfilmentStep, Notice
from requests_app.operations import fulfilment, person, sweeps
from requests_app.operations.actors import Actor
from requests_app.rules.task_clock import silent_at
from tests.operations.test_fulfilment import NOON, THEN, Shop, _world, ana_asks, bruno, step_of, two_tables  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.both]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def dsr():
    """Ana has asked, and the shop says again and again that it is preparing its answer."""
    Shop.does = lambda: Pending(ask_again_at=None)
    made = ana_asks()
    sweeps.read_sources(THEN)
    return made


def alarms() -> int:
    return Notice.objects.filter(kind="staff_alarm").count()


def hours(first: int, last: int) -> None:
    for hour in range(first, last):
        FulfilmentStep.objects.filter(status="pending").update(next_try_at=THEN + hour * HOUR)
        sweeps.read_sources(THEN + hour * HOUR)
        sweeps.remind_departments(THEN + hour * HOUR)


def test_after_three_days_the_officers_are_told_and_after_three_more_again(dsr):
    hours(1, 72)
    assert alarms() == 0
    hours(72, 100)
    assert alarms() == 1
    assert Notice.objects.get(kind="staff_alarm").dsr == dsr
    hours(100, 150)
    assert alarms() == 2


def test_also_of_a_source_that_is_never_asked_again_by_itself(dsr):
    assert step_of(dsr).next_try_at is None
    sweeps.remind_departments(THEN + 4 * DAY)
    assert alarms() == 1


def test_an_answer_in_time_alarms_nobody(dsr):
    Shop.does = two_tables
    hours(71, 72)
    assert step_of(dsr).status == "found"
    sweeps.remind_departments(THEN + 9 * DAY)
    assert alarms() == 0


def test_asked_again_it_has_its_days_again(dsr):
    fulfilment.retry(step_of(dsr), actor=bruno(), at=THEN + 2 * DAY)
    sweeps.read_sources(THEN + 2 * DAY)
    sweeps.remind_departments(THEN + 4 * DAY)
    assert alarms() == 0
    sweeps.remind_departments(THEN + 6 * DAY)
    assert alarms() == 1


def test_of_a_request_that_ended_nobody_is_told(dsr):
    person.cancel(DataSubjectRequest.objects.get(pk=dsr.pk), actor=Actor.person(), at=THEN + DAY)
    sweeps.remind_departments(THEN + 4 * DAY)
    assert (alarms(), step_of(dsr).alarm_at) == (0, None)


@pytest.mark.parametrize(("days_left", "hours_until"), [(30, 72), (6, 72), (2, 29), (0, 12), (-3, 12)])
def test_the_nearer_the_last_day_the_sooner(days_left, hours_until):
    since = NOON.replace(hour=13)
    told = silent_at(since, due_on=since.date() + timedelta(days=days_left), tz="UTC")
    assert round((told - since) / HOUR) == hours_until
