"""The clock over many requests: in batches, alone after a failure, twice at once, and what is set aside."""

import threading
from datetime import date, timedelta

import pytest
from django.db import close_old_connections, connection, connections
from django.db.models import Max
from django.test.utils import CaptureQueriesContext

from requests_app.models import DataSubjectRequest, EvidenceEvent, MilestoneRecord, Notice, SubmissionKey
from requests_app.operations import claims, enforcement, evidence, notices, person, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
IN_FIVE_DAYS = NOON + timedelta(days=10)
PAST = NOON + timedelta(days=16)
sweep = sweeps.SWEEPS["enforce_deadlines"]


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture(autouse=True)
def petra():
    published_policy()
    return staff("petra", "privacy officer")


def in_progress(number, right="correction"):
    """Requests that need no code here, so that the staff's milestones run."""
    for _ in range(number):
        submission = ana_files(right, email="")
        yield submission.requests.select_related("submission", "policy").get()


def poison(monkeypatch, victim, error):
    """Rendering a notice about this request goes wrong."""
    real = notices.render

    def render(kind, *, submission, dsr, context):
        if dsr == victim and kind != "staff_alarm":
            raise error
        return real(kind, submission=submission, dsr=dsr, context=context)

    monkeypatch.setattr(notices, "render", render)


def told(kind="staff_due"):
    return sorted(Notice.objects.filter(kind=kind).values_list("dsr_id", flat=True))


def test_a_batch_of_many_takes_as_many_statements_as_a_batch_of_few():
    postgres = connection.vendor == "postgresql"
    few, many = (20, 200) if postgres else (4, 40)  # SQLite splits inserts at 999 values
    counted = []
    sweep(NOON)  # the sweep's own heartbeat is made once
    for number, at in ((few, IN_FIVE_DAYS), (many, IN_FIVE_DAYS + timedelta(hours=1))):
        rows = list(in_progress(number))
        with CaptureQueriesContext(connection) as ours, CaptureQueriesContext(connections["keys"]) as keys:
            assert sweep(at) >= number
        assert MilestoneRecord.objects.filter(dsr__in=rows, kind="due_in_5").count() == number
        counted.append((len(ours), len(keys)))
    assert counted[0] == counted[1]
    assert counted[0][0] < 30
    assert counted[0][1] == 1  # the data keys of all


def test_the_chains_verify_after_a_batch_and_carry_each_milestone():
    rows = list(in_progress(3))
    sweep(IN_FIVE_DAYS)
    assert list(evidence.verify()) == []
    for dsr in rows:
        last = EvidenceEvent.objects.filter(submission_id=dsr.submission_id).latest("seq")
        assert (last.kind, last.dsr_id) == ("milestone", dsr.pk)
    assert told() == sorted(dsr.pk for dsr in rows)


def test_three_requests_of_one_submission_stand_in_one_chain_after_one_batch():
    submission = ana_files("correction", "restriction", "objection", email="")
    sweep(IN_FIVE_DAYS)
    assert EvidenceEvent.objects.filter(submission=submission, kind="milestone").count() == 6  # ten days and five
    assert list(evidence.verify()) == []


def test_the_handler_is_told_of_what_they_took_and_the_officer_of_the_rest(petra):
    taken, untaken = in_progress(2)
    bruno = staff("bruno", "handler")
    DataSubjectRequest.objects.filter(pk=taken.pk).update(assignee=bruno)
    sweep(IN_FIVE_DAYS)
    assert set(Notice.objects.filter(kind="staff_due").values_list("dsr", "staff")) == {
        (taken.pk, bruno.pk),
        (untaken.pk, petra.pk),
    }


def test_lapses_and_milestones_go_in_one_batch():
    waiting = ana_files("access").requests.get()
    (working,) = in_progress(1)
    sweep(NOON + timedelta(days=14, hours=1))
    waiting.refresh_from_db()
    assert waiting.state == "lapsed"
    assert Notice.objects.filter(kind="lapsed", dsr=waiting).count() == 1
    assert told() == [working.pk]


def test_cancelling_after_the_date_does_not_wipe_out_the_breach():
    (dsr,) = in_progress(1)
    person.cancel(dsr, actor=Actor.person(), at=PAST)
    sweep(PAST + timedelta(minutes=1))
    assert EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="deadline_missed").count() == 1
    assert told("staff_overdue") == [dsr.pk]
    assert "the person so" not in Notice.objects.get(kind="staff_overdue").text
    dsr.refresh_from_db()
    assert dsr.wake_at is None


def test_whoever_cancelled_is_not_told_that_an_answer_is_still_owed():
    (dsr,) = in_progress(1)
    person.cancel(dsr, actor=Actor.person(), at=PAST)
    sweep(PAST + timedelta(minutes=1))
    assert not Notice.objects.filter(dsr=dsr, kind="missed").exists()


def test_a_poisoned_request_stops_none_of_its_batch(monkeypatch):
    good, bad, other = in_progress(3)
    poison(monkeypatch, bad, ValueError("Ana Example, ana@example.org"))
    sweep(IN_FIVE_DAYS)
    assert told() == sorted([good.pk, other.pk])
    bad.refresh_from_db()
    assert (bad.failures, bad.failure_code) == (2, "ValueError")  # in the batch, then alone
    assert bad.wake_at > IN_FIVE_DAYS
    assert set(DataSubjectRequest.objects.exclude(pk=bad.pk).values_list("failures", flat=True)) == {0}


@pytest.mark.parametrize("error", [ValueError("bad row"), Killed()])
def test_after_five_attempts_a_poisoned_request_is_set_aside_with_an_alarm(monkeypatch, caplog, error):
    good, bad = in_progress(2)
    poison(monkeypatch, bad, error)
    now, attempts = IN_FIVE_DAYS, 0
    real = enforcement.enforce

    def counting(pks, *, at):
        nonlocal attempts
        attempts += bad.pk in pks
        return real(pks, at=at)

    monkeypatch.setattr(enforcement, "enforce", counting)
    for _ in range(40):
        try:
            sweep(now)
        except Killed:
            pass
        now += timedelta(minutes=1)
    bad.refresh_from_db()
    assert attempts == 5
    assert (bad.failures, bad.wake_at) == (5, None)
    assert bad.set_aside_at - IN_FIVE_DAYS <= timedelta(minutes=20)
    assert told() == [good.pk]
    alarm = Notice.objects.get(kind="staff_alarm")
    assert bad.submission.case_label in alarm.text
    assert "bad row" not in caplog.text


def test_a_request_whose_key_is_destroyed_is_set_aside_all_the_same():
    (dsr,) = in_progress(1)
    SubmissionKey.objects.filter(pk=dsr.submission_id).delete()
    for minutes in range(30):
        sweep(IN_FIVE_DAYS + timedelta(minutes=minutes))
    dsr.refresh_from_db()
    assert (dsr.set_aside_at is not None, dsr.failure_code) == (True, "KeyDestroyed")
    assert Notice.objects.filter(kind="staff_alarm").count() == 1


def test_what_was_set_aside_is_tried_again_and_done_once_it_is_mended(petra):
    (dsr,) = in_progress(1)
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(
        failures=5, failure_code="ValueError", set_aside_at=IN_FIVE_DAYS, wake_at=None
    )
    claims.retry(dsr, actor=Actor.staff(petra), at=IN_FIVE_DAYS)
    sweep(IN_FIVE_DAYS)
    dsr.refresh_from_db()
    assert (dsr.failures, dsr.failure_code, dsr.set_aside_at) == (0, "", None)
    assert told() == [dsr.pk]
    assert EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="tried_again", actor_ref=str(petra.pk)).count() == 1


def test_only_what_is_set_aside_can_be_tried_again(petra):
    (dsr,) = in_progress(1)
    with pytest.raises(Refused, match="under the clock"):
        claims.retry(dsr, actor=Actor.staff(petra), at=NOON)


def test_a_batch_that_was_killed_is_redone_after_its_lease(monkeypatch):
    rows = list(in_progress(2))
    with monkeypatch.context() as patch:
        patch.setattr(enforcement, "_tell", lambda due, at: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            sweep(IN_FIVE_DAYS)
    assert told() == []
    assert sweep(IN_FIVE_DAYS + claims.LEASE - timedelta(seconds=1)) == 0
    sweep(IN_FIVE_DAYS + claims.LEASE)
    assert told() == sorted(dsr.pk for dsr in rows)
    assert DataSubjectRequest.objects.aggregate(most=Max("failures"))["most"] == 0


def test_a_digest_that_fails_delays_no_deadline(monkeypatch):
    (dsr,) = in_progress(1)
    monkeypatch.setattr(sweeps.digest, "owe_digest", lambda now: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sweeps.SWEEPS["send_digest"](IN_FIVE_DAYS)
    sweep(IN_FIVE_DAYS)
    assert told() == [dsr.pk]


def test_the_digest_comes_once_a_morning():
    list(in_progress(1))
    for hours in range(6):
        sweeps.SWEEPS["send_digest"](NOON + timedelta(days=1, hours=hours - 6))
    assert Notice.objects.filter(kind="staff_digest").values("staff").distinct().count() == 2  # Petra and Ada
    assert Notice.objects.filter(kind="staff_digest").count() == 2
    assert Notice.objects.filter(kind="staff_unassigned").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("alone", [False, True])
def test_sweeps_at_once_record_and_tell_nothing_twice(alone):
    rows = list(in_progress(30))
    at = date(2026, 12, 7), PAST
    if alone:
        DataSubjectRequest.objects.update(failures=1)
    errors, start = [], threading.Barrier(3)

    def run():
        try:
            start.wait()
            for _ in range(3):
                sweep(at[1])
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    sweep(PAST + timedelta(minutes=5))
    assert errors == []
    for dsr in rows:
        kinds = list(MilestoneRecord.objects.filter(dsr=dsr).values_list("kind", flat=True))
        assert len(kinds) == len(set(kinds)) == 7
        assert EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="deadline_missed").count() == 1
    assert told("missed") == sorted(dsr.pk for dsr in rows)
    assert list(evidence.verify()) == []
    assert set(DataSubjectRequest.objects.values_list("failures", flat=True)) == {0}


def test_what_a_batch_scheduled_is_due_at_that_very_instant():
    dsr = ana_files("complaint").requests.get()
    sweep(NOON + timedelta(days=2))
    dsr.refresh_from_db()
    assert dsr.wake_at == NOON + timedelta(days=5, hours=-4)
    sweep(dsr.wake_at)
    assert MilestoneRecord.objects.filter(dsr=dsr, kind="reminder_verify_5", recorded_at=dsr.wake_at).exists()
