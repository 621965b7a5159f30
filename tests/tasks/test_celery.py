"""The broker carries ticks only: what is configured, and what no one may use."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from celery.beat import BeatLazyFunc

from portal.celery import LONG_SWEEP, PACKAGES, QUEUES, app
from requests_app import tasks
from requests_app.operations import liveness
from requests_app.operations.sweeps import SWEEPS

ROOT = Path(__file__).parents[2]
OURS = [p for folder in ("portal", "requests_app") for p in sorted((ROOT / folder).rglob("*.py"))]
SENDERS = {"apply_async", "delay", "send_task", "signature", "countdown", "eta"}
BEAT = app.conf.beat_schedule.values()


def broker_words(tree: ast.AST) -> list[str]:
    """Calls and arguments that put a message, perhaps a dated one, into the broker."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found += [k.arg for k in node.keywords if k.arg in SENDERS]
        if isinstance(node, ast.Attribute) and node.attr in SENDERS:
            found.append(node.attr)
    return found


def test_nobody_sends_messages_or_dates_them_outside_the_wiring():
    senders = {p.relative_to(ROOT).as_posix() for p in OURS if broker_words(ast.parse(p.read_text()))}
    assert senders == {"portal/celery.py"}


def test_even_the_wiring_sends_nothing_for_later():
    words = {
        w
        for name in ("portal/celery.py", "requests_app/tasks.py")
        for w in broker_words(ast.parse((ROOT / name).read_text()))
    }
    assert words & {"countdown", "eta"} == set()


@pytest.mark.parametrize("code", ["task.apply_async(args, countdown=5)", "sweep.delay('x')", "run(eta=when)"])
def test_the_search_for_senders_finds_one(code):
    assert broker_words(ast.parse(code)) != []


def test_every_beat_entry_names_a_real_task_that_takes_what_it_is_given():
    app.loader.import_default_modules()
    for entry in BEAT:
        inspect.signature(app.tasks[entry["task"]].run).bind(*entry["args"])
    ticked = {e["args"][0] for e in BEAT if e["task"] in {"requests_app.tasks.sweep", LONG_SWEEP}}
    assert ticked == set(SWEEPS)


def test_every_queue_has_a_canary_and_an_alarm():
    canaries = {e["args"][0]: e["options"]["queue"] for e in BEAT if e["task"] == "requests_app.tasks.canary"}
    assert canaries == {queue: queue for queue in QUEUES}
    assert liveness.QUEUES == QUEUES
    assert set(liveness.SWEEPS) == set(SWEEPS)


def test_every_queue_is_served_by_a_worker_that_the_operators_are_told_to_start():
    text = (ROOT / "docs" / "operations.md").read_text()
    served = {queue for names in re.findall(r"-A portal worker[^\n]* -Q (\S+)", text) for queue in names.split(",")}
    assert {e["options"]["queue"] for e in BEAT} == served == {*QUEUES, PACKAGES}


def test_what_may_take_long_has_a_queue_of_its_own_and_nothing_else_waits_there():
    long = {e["options"]["queue"] for e in BEAT if e["task"] == LONG_SWEEP}
    others = {e["options"]["queue"] for e in BEAT if e["task"] != LONG_SWEEP}
    assert (long, long & others) == ({PACKAGES}, set())
    # The broker would hand it to a second worker after an hour.
    hour = app.conf.broker_transport_options.get("visibility_timeout", 3600)
    assert tasks.long_sweep.soft_time_limit < tasks.long_sweep.time_limit < hour


def test_every_interval_is_in_seconds_and_every_tick_expires():
    for entry in BEAT:
        assert isinstance(entry["schedule"], float)
        assert entry["schedule"] < entry["options"]["expires"] + 600.1
        assert entry["options"]["expires"] > 0
    assert (app.conf.timezone, app.conf.enable_utc) == ("UTC", True)


def test_tasks_take_names_and_instants_and_no_payload():
    signatures = {
        name: str(inspect.signature(task.run)) for name, task in app.tasks.items() if name.startswith("requests_app.")
    }
    assert signatures == {
        "requests_app.tasks.sweep": "(name: str) -> int",
        "requests_app.tasks.long_sweep": "(name: str) -> int",
        "requests_app.tasks.canary": "(queue: str, sent_at: str) -> None",
    }
    carried = {type(value) for entry in BEAT for value in entry["args"]}
    assert carried == {str, BeatLazyFunc}


def test_every_task_has_limits_below_the_alarm_and_keeps_no_result():
    for task in (tasks.sweep, tasks.canary):
        assert 0 < task.soft_time_limit < task.time_limit < liveness.SILENT_AFTER.total_seconds()
        assert task.ignore_result
        assert task.acks_late


def test_the_broker_may_die_and_the_worker_too():
    conf = app.conf
    assert not conf.result_backend
    assert conf.task_ignore_result
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.worker_enable_soft_shutdown_on_idle
    assert conf.worker_prefetch_multiplier == 1
    assert conf.broker_connection_max_retries is None
    assert conf.accept_content == ["json"]
    assert not conf.task_create_missing_queues


def test_what_a_dead_worker_held_comes_back_after_every_time_limit(settings):
    from portal.celery import transport_options

    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    options = transport_options()
    assert options["visibility_timeout"] > max(t.time_limit for t in (tasks.sweep, tasks.canary))
    assert options["socket_timeout"]
    assert options["health_check_interval"]
    assert options["socket_keepalive"]
