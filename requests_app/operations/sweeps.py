"""What beat ticks: each sweep finds the rows that are due by now and does them."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from requests_app.models import Heartbeat

from . import (
    answer_retention,
    authority,
    callbacks,
    case_retention,
    claims,
    data_sources,
    delivery,
    digest,
    enforcement,
    fulfilment,
    legal_hold,
    looks,
    networks,
    orphans,
    others,
    package,
    register,
    rematching,
    reports,
    restriction,
    retention,
    scrubbing,
    silent_sources,
    source_acts,
    task_reminders,
)
from .restore_guard import standing

log = logging.getLogger(__name__)
LONG_BUDGET = 20 * 60  # seconds of one call of a long sweep, which has a queue of its own
BUDGET = 40  # seconds of one call, below the task's soft limit; what is left over is taken by the next tick
AGE_WRITTEN_EVERY = timedelta(seconds=30)


def _beat(name: str, now: datetime) -> None:
    stale = Heartbeat.objects.filter(pk=name, last_at__lt=now - AGE_WRITTEN_EVERY).update(last_at=now)
    if not stale:
        Heartbeat.objects.get_or_create(pk=name, defaults={"last_at": now})


def deliver_notices(now: datetime) -> int:
    """Hand over the pointers that are due."""
    return delivery.deliver_due(now)


def run_steps(now: datetime) -> int:
    """Ask the data sources who is on file, where it is owed."""
    return data_sources.ask_due(now)


def read_sources(now: datetime) -> int:
    """Ask the data sources for what they hold, where it is owed: minutes long where it is much."""
    return fulfilment.run_due(now, budget=LONG_BUDGET)


def build_packages(now: datetime) -> int:
    """Make the packages of what the data sources handed out, where one is owed: minutes long where it is much."""
    return package.build_due(now, budget=LONG_BUDGET)


def carry_out_acts(now: datetime) -> int:
    """Have the data sources erase what was decided, and ask them what is left: minutes long where it is much."""
    return source_acts.run_due(now, budget=LONG_BUDGET)


def check_others(now: datetime) -> int:
    """Look through what was read for what seems to be somebody else's; what is left lets others have their turn."""
    return others.check_due(now, budget=BUDGET)


def rematch_sources(now: datetime) -> int:
    """Look through the data sources for people who were erased and came back: minutes long where they know many."""
    return rematching.look_through(now, budget=LONG_BUDGET)


def enforce_deadlines(now: datetime) -> int:
    """Do every milestone, lapse and breach that is due, in batches; a batch that fails is redone row by row."""
    if not claims.anything_due(now):
        return 0
    done, until = 0, time.monotonic() + BUDGET
    while time.monotonic() < until and (batch := claims.take(now)):
        try:
            done += enforcement.enforce(batch, at=now)
        except Exception as error:
            log.error("a batch of %d requests failed: %s", len(batch), type(error).__name__)
            done += _one_by_one(claims.suspects_of(batch), now, until)
    return done + _one_by_one(claims.suspects(now), now, until)


def _one_by_one(rows: Iterable[claims.Suspect], now: datetime, until: float) -> int:
    done = 0
    for row in rows:
        if time.monotonic() > until:
            break
        if not claims.count_attempt(row, at=now):
            continue
        try:
            done += enforcement.enforce([row.pk], at=now)
        except Exception as error:  # one poisoned row must not stop the clock of the others
            claims.note_failure(row, error, at=now)
    return done


def end_authorities(now: datetime) -> int:
    """End what somebody may do for another person where its last day is over."""
    return authority.end_due(now)


def remind_departments(now: datetime) -> int:
    """Remind departments of their tasks, officers of holds and restrictions; tell others of tasks and systems that are
    late."""
    late = task_reminders.remind_due(now) + silent_sources.tell_due(now)
    return late + legal_hold.remind_due(now) + restriction.remind_due(now)


def send_digest(now: datetime) -> int:
    """Owe the team its morning digest: apart from the deadlines, which its failure must not delay."""
    return digest.owe_digest(now)


def count_looks(now: datetime) -> int:
    """Name whoever opened far too many cases to the privacy officers."""
    return looks.owe_alarms(now)


def publish_figures(now: datetime) -> int:
    """Publish the figures of the quarter that is over."""
    return reports.publish_due(now)


def apply_retention(now: datetime) -> int:
    """Destroy what its period has ended for, and what a crash or a restore left without a row; then its traces.

    What fails keeps nothing else from going, and is raised at the end.
    """
    gone, until = 0, time.monotonic() + BUDGET
    failed: Exception | None = None
    for part in RETENTION:
        try:
            gone += part(now, until)
        except Exception as error:
            log.error("a part of retention failed: %s", type(error).__name__)
            failed = error
    retention.forget_sessions(now)
    scrubbing.scrub(now)
    if failed is not None:
        raise failed
    return gone


def _until_nothing(sweep: Callable[[datetime], int]) -> Callable[[datetime, float], int]:
    """What takes a batch at a time is repeated until it finds nothing more, or the time is over."""

    def run(now: datetime, until: float) -> int:
        gone = 0
        while (more := sweep(now)) and time.monotonic() < until:
            gone += more
        return gone + more

    return run


def _cases(now: datetime, until: float) -> int:
    return case_retention.apply(now, budget=max(1, until - time.monotonic()))


RETENTION: tuple[Callable[[datetime, float], int], ...] = (
    _until_nothing(retention.apply),
    _until_nothing(answer_retention.apply),
    _cases,
    lambda now, until: orphans.sweep(now),
    lambda now, until: networks.forget(now),
    lambda now, until: callbacks.forget(now),
    lambda now, until: register.tidy(now),
)


def _named(name: str, sweep: Callable[[datetime], int]) -> Callable[[datetime], int]:
    def run(now: datetime) -> int:
        if standing():  # after a restore: nothing is done, and the silence rings the alarm
            return 0
        done = sweep(now)
        _beat(name, now)
        return done

    return run


SWEEPS: dict[str, Callable[[datetime], int]] = {
    sweep.__name__: _named(sweep.__name__, sweep)
    for sweep in (
        deliver_notices,
        run_steps,
        read_sources,
        build_packages,
        carry_out_acts,
        check_others,
        rematch_sources,
        enforce_deadlines,
        end_authorities,
        remind_departments,
        send_digest,
        count_looks,
        publish_figures,
        apply_retention,
    )
}
