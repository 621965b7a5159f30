"""When enforcement counts as silent, and when clocks disagree."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from requests_app.models import DataSubjectRequest, Heartbeat, Notice
from requests_app.operations import liveness, sweeps, triggers, workload
from requests_app.operations.delivery import not_reached
from tests.people import NOON, ana_files, published_policy, signs_of_life

pytestmark = [pytest.mark.django_db, pytest.mark.both]
INDEXES = ("dsr_due_open", "dsr_set_aside", "notice_unsent", "notice_lost", "notice_due", "step_due")


def test_an_installation_that_never_ran_is_silent_everywhere():
    report = liveness.look(timezone.now())
    assert set(report.silent) == set(liveness.JUDGED)
    assert report.alive_at is None


def test_all_alive_is_well():
    now = timezone.now()
    signs_of_life(now - timedelta(minutes=2, seconds=59))
    report = liveness.look(now)
    assert report.well
    assert report.silent == ()


@pytest.mark.parametrize("name", liveness.PROMPT)
def test_each_queue_and_sweep_alone_is_enough_for_the_alarm(name):
    now = timezone.now()
    signs_of_life(now)
    long_ago = now - timedelta(minutes=3, seconds=1)
    Heartbeat.objects.filter(pk=name).update(last_at=long_ago)
    report = liveness.look(now)
    assert report.silent == (name,)
    assert not report.well
    assert report.alive_at == long_ago
    Heartbeat.objects.filter(pk=name).delete()
    assert liveness.look(now).silent == (name,)


@pytest.mark.parametrize(("minutes", "silent"), [(59, ()), (61, ("read_sources",))])
def test_what_reads_a_large_source_may_be_silent_for_an_hour(minutes, silent):
    now = timezone.now()
    signs_of_life(now)
    Heartbeat.objects.filter(pk="read_sources").update(last_at=now - timedelta(minutes=minutes))
    report = liveness.look(now)
    assert (report.silent, report.alive_at) == (silent, now)


def test_an_hourly_sweep_rings_no_three_minute_alarm():
    now = timezone.now()
    signs_of_life(now, without="apply_retention")
    assert liveness.look(now).well


def test_the_canary_tells_how_long_it_waited_in_its_queue():
    now = timezone.now()
    liveness.record_canary("notices", sent_at=now - timedelta(seconds=42), at=now)
    liveness.record_canary("notices", sent_at=now - timedelta(seconds=7), at=now)
    sign = {s.name: s for s in liveness.signs(now)}["queue:notices"]
    assert (sign.lag, sign.age) == (timedelta(seconds=7), timedelta())


def test_a_canary_of_an_unknown_queue_is_refused():
    with pytest.raises(KeyError):
        liveness.record_canary("letters", sent_at=NOON, at=NOON)
    assert not Heartbeat.objects.exists()


def test_no_sweep_by_hand_pretends_that_the_queues_are_alive():
    for sweep in sweeps.SWEEPS.values():
        sweep(NOON)
    assert set(liveness.glance(NOON).silent) == {f"queue:{queue}" for queue in liveness.QUEUES}


def test_a_clock_off_by_more_than_two_seconds_from_the_databases_is_an_alarm():
    real = timezone.now()
    for seconds, alarm in ((0, False), (1, False), (-1, False), (4, True), (-4, True)):
        with time_machine.travel(real + timedelta(seconds=seconds), tick=True):
            now = timezone.now()
            signs_of_life(now)
            report = liveness.look(now)
            assert (report.drifting, report.well) == (alarm, not alarm), seconds


def test_a_sign_from_the_future_is_an_alarm_for_it_would_look_alive_long_after():
    now = timezone.now()
    signs_of_life(now)
    Heartbeat.objects.filter(pk="queue:clock").update(last_at=now + timedelta(hours=1))
    assert liveness.look(now).drifting


def test_a_removed_trigger_is_an_alarm():
    now = timezone.now()
    signs_of_life(now)
    triggers.remove(connection)
    try:
        assert not liveness.look(now).well
    finally:
        triggers.install(connection)


def test_a_look_takes_a_constant_number_of_statements(django_assert_num_queries):
    signs_of_life(NOON)
    with django_assert_num_queries(4), django_assert_num_queries(1, connection=connections["keys"]):
        liveness.look(NOON)


class TestWorkload:
    def test_requests_are_counted_by_how_soon_they_are_due(self):
        published_policy()
        dsrs = list(ana_files("access", "deletion", "correction", "portability").requests.order_by("pk"))
        for dsr, days in zip(dsrs, (-1, 0, 3, 4), strict=True):
            DataSubjectRequest.objects.filter(pk=dsr.pk).update(due_on=NOON.date() + timedelta(days=days))
        DataSubjectRequest.objects.filter(pk=dsrs[0].pk).update(set_aside_at=NOON)
        load = workload.measure(NOON)
        assert (load.open, load.overdue, load.set_aside) == (4, 1, 1)
        assert load.due_within == {1: 1, 3: 2, 5: 3}

    def test_the_age_of_the_oldest_unsent_notice_is_told_and_nothing_when_all_is_sent(self):
        published_policy()
        ana_files()
        assert workload.measure(NOON + timedelta(minutes=9)).oldest_unsent == timedelta(minutes=9)
        Notice.objects.update(next_try_at=None)
        assert workload.measure(NOON).oldest_unsent is None

    def test_its_statements_do_not_grow_with_the_requests(self, django_assert_num_queries):
        published_policy()
        for _ in range(3):
            ana_files("access", "deletion")
        with django_assert_num_queries(6):
            workload.measure(NOON)
        with django_assert_num_queries(1):
            not_reached().count()

    def test_each_count_reads_an_index_and_no_whole_table(self):
        published_policy()
        ana_files()
        with CaptureQueriesContext(connection) as seen:
            workload.measure(NOON)
            not_reached().count()
        counted = [q["sql"] for q in seen if "COUNT(" in q["sql"] or "MIN(" in q["sql"]]
        assert len(counted) == 6
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is read whole, rightly
            for sql in counted:
                cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {sql}")
                plan = " ".join(str(row) for row in cursor.fetchall())
                assert any(name in plan for name in INDEXES), plan
