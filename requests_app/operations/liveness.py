"""Is the law's clock being enforced: signs of life that came through the queues, and what the machine's clocks say.

One home for `/healthz`, the admin's banner, `/metrics` and the watchdog: they cannot disagree.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from requests_app.models import Heartbeat

from . import triggers
from .restore_guard import standing

QUEUES = ("clock", "notices", "work")
SWEEPS = (
    "enforce_deadlines",
    "deliver_notices",
    "run_steps",
    "read_sources",
    "build_packages",
    "carry_out_acts",
    "check_others",
    "rematch_sources",
    "end_authorities",
    "remind_departments",
    "send_digest",
    "count_looks",
    "publish_figures",
    "apply_retention",
)
SILENT_AFTER = timedelta(minutes=3)  # three canaries missed
DRIFT_LIMIT = timedelta(seconds=2)  # what NTP keeps by far; a code must not live longer on another machine
# Retention runs once an hour: its age is shown and measured, and belongs to no three-minute alarm.
# What may take long is silent while it works: a little longer than its task may run at all.
LONG = {"read_sources": timedelta(minutes=60)}
PROMPT = (*(f"queue:{queue}" for queue in QUEUES), "enforce_deadlines", "deliver_notices", "run_steps")
JUDGED = (*PROMPT, *LONG)


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of one queue or sweep; `lag` is how long a canary waited in its queue."""

    name: str
    last_at: datetime | None
    age: timedelta | None
    lag: timedelta | None

    @property
    def silent(self) -> bool:
        """Whether it has been quiet for too long, or never spoke."""
        return self.age is None or self.age > LONG.get(self.name, SILENT_AFTER)


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen at one look."""

    signs: tuple[Sign, ...]
    drift: timedelta = timedelta()
    triggers_missing: tuple[str, ...] = ()
    stopped: str = ""  # why nothing is served, after a restore

    @property
    def silent(self) -> tuple[str, ...]:
        """Names of the queues and sweeps that are silent."""
        return tuple(s.name for s in self.signs if s.name in JUDGED and s.silent)

    @property
    def clock_stopped(self) -> bool:
        """Whether deadlines themselves go unwatched; another silent queue only delays mail or work."""
        return bool({"queue:clock", "enforce_deadlines"} & set(self.silent))

    @property
    def alive_at(self) -> datetime | None:
        """The last instant at which all was alive that has no time to be silent; None if some part never was."""
        seen = [s.last_at for s in self.signs if s.name in PROMPT]
        known = [at for at in seen if at is not None]
        return min(known) if len(known) == len(seen) else None

    @property
    def drifting(self) -> bool:
        """Whether two clocks of the installation are too far apart for dates to be trusted."""
        return self.drift > DRIFT_LIMIT

    @property
    def well(self) -> bool:
        """Whether there is nothing to alarm about."""
        return not (self.silent or self.drifting or self.triggers_missing or self.stopped)


def record_canary(queue: str, *, sent_at: datetime, at: datetime) -> None:
    """Write that a message went from beat through this queue to a worker and into the database."""
    if queue not in QUEUES:
        raise KeyError(queue)
    Heartbeat.objects.update_or_create(pk=f"queue:{queue}", defaults={"last_at": at, "sent_at": sent_at})


def signs(at: datetime) -> tuple[Sign, ...]:
    """Return the signs of life of every queue and sweep: one statement."""
    rows = Heartbeat.objects.in_bulk()
    return tuple(_sign(name, rows.get(name), at) for name in (*(f"queue:{q}" for q in QUEUES), *SWEEPS))


def glance(at: datetime) -> Report:
    """Look at the signs of life only, one statement: for the banner on every page of the desk."""
    return Report(signs(at))


def look(at: datetime) -> Report:
    """Ask both databases; five statements. Raises the database's error where one is away."""
    connection, began = connections[DEFAULT_DB_ALIAS], time.monotonic()
    with connections["keys"].cursor() as cursor:
        cursor.execute("SELECT 1")
    seen = signs(at)
    took = timedelta(seconds=time.monotonic() - began)
    # A sign from the future was written by a worker whose clock is ahead; it would look alive long after its end.
    ahead = max((-s.age - took for s in seen if s.age is not None), default=timedelta())
    return Report(
        signs=seen,
        drift=max(_drift(), ahead),
        triggers_missing=tuple(triggers.missing(connection)),
        stopped=standing(),
    )


def _sign(name: str, row: Heartbeat | None, at: datetime) -> Sign:
    if row is None:
        return Sign(name, None, None, None)
    return Sign(name, row.last_at, at - row.last_at, row.last_at - row.sent_at if row.sent_at else None)


def _drift() -> timedelta:
    """Return how far this process's clock is from the database's. Of the machine: a moved demo clock is not drift."""
    connection = connections[DEFAULT_DB_ALIAS]
    before = timezone.now().timestamp()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT EXTRACT(EPOCH FROM clock_timestamp())")
        else:
            cursor.execute("SELECT (julianday('now') - 2440587.5) * 86400.0")
        seconds = float(cursor.fetchone()[0])
    # The answer is from between the two: how long the database took is no drift.
    return timedelta(seconds=max(before - seconds, seconds - timezone.now().timestamp(), 0.0))
