"""F20 of a department's task: many sweeps remind once, and of two who answer at once one is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from requests_app.models import EvidenceEvent, FulfilmentStep, Notice, SourceTask, StepFile, TaskLink
from requests_app.operations import answering, evidence, source_tasks, streams, sweeps, task_reminders
from tests.faults.test_races import at_once
from tests.operations.test_source_tasks import service, upload
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
SOON, THEN = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
LATE = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
WAYS = 12


@pytest.fixture
def links(settings, tmp_path) -> list[TaskLink]:
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = service()
    published_policy()
    staff("petra", "privacy officer")
    confirms(ana_files("access"))
    sweeps.run_steps(SOON)
    assert at_once(*[partial(sweeps.read_sources, SOON)] * WAYS)["done"] == WAYS
    assert SourceTask.objects.count() == 1
    assert Notice.objects.filter(kind="task_given").count() == 2
    return list(source_tasks.with_task())


def test_f20_many_sweeps_remind_once_and_tell_the_officers_once(links):
    outcomes = at_once(*[partial(task_reminders.remind_due, LATE)] * WAYS)
    assert outcomes == {"done": WAYS}
    assert Notice.objects.filter(kind="task_reminder").count() == 2
    assert Notice.objects.filter(kind="staff_alarm").count() == 1
    assert SourceTask.objects.get().next_at is None


def test_f20_of_two_who_answer_at_once_one_is_told_and_nothing_is_mixed(links):
    def answers(link: TaskLink) -> Callable[[], None]:
        sent = upload(link.pk.hex.encode())
        return lambda: answering.answer(link, statement=link.pk.hex, uploads=[sent], at=THEN)

    assert at_once(*[answers(link) for link in links]) == {"done": 1, "told": 1}
    (winner,) = [link for link in links if link.email_digest == SourceTask.objects.get().answered_by]
    assert answering.sent(source_tasks.with_task().get(pk=winner.pk)).statement == winner.pk.hex
    row = StepFile.objects.get()
    with streams.Reader(row.step.dsr.submission_id, row.pk) as reader:
        assert reader.read() == winner.pk.hex.encode()
    assert FulfilmentStep.objects.get().status == "found"
    assert EvidenceEvent.objects.filter(kind="task_answered").count() == 1
    assert list(evidence.verify()) == []
