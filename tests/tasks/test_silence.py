"""A worker to which nothing comes ends itself."""

import signal

import pytest
from celery.worker import state

from portal import silence


class Ended(Exception):
    pass


@pytest.fixture
def step(monkeypatch):
    sent = []
    monkeypatch.setattr(silence.os, "kill", lambda pid, number: sent.append(number))
    monkeypatch.setattr(silence.os, "_exit", lambda status: (_ for _ in ()).throw(Ended()))
    monkeypatch.setattr(silence, "GRACE_SECONDS", 0)
    step = silence.EndWhenSilent(None)
    step.sent = sent
    return step


def test_it_asks_to_end_and_then_ends_although_the_shutdown_hangs(step):
    with pytest.raises(Ended):
        step.watch(0.2)
    assert step.sent == [signal.SIGTERM]


def test_it_stays_while_tasks_come(step, monkeypatch):
    rounds = []

    def wait(seconds):
        rounds.append(seconds)
        state.all_total_count[0] += 1
        silence.time.sleep(0.05)
        return len(rounds) > 12

    monkeypatch.setattr(step.stopped, "wait", wait)
    step.watch(0.2)
    assert step.sent == []


def test_it_lets_a_long_task_end_but_not_for_ever(step, monkeypatch):
    class Task:
        pass

    busy = Task()
    state.active_requests.add(busy)
    monkeypatch.setattr(step.stopped, "wait", lambda seconds: silence.time.sleep(0.05))
    began = silence.time.monotonic()
    with pytest.raises(Ended):
        step.watch(0.2)
    state.active_requests.discard(busy)
    assert silence.time.monotonic() - began > 3 * 0.2


@pytest.mark.parametrize(("seconds", "included"), [(180, True), (0, False)])
def test_it_can_be_switched_off(step, settings, seconds, included):
    settings.WORKER_SILENCE_SECONDS = seconds
    assert step.include_if(None) is included
