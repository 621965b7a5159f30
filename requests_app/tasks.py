"""Celery's side: each task one line. Time limits keep one stuck sweep from silencing the queue.

A message carries names and instants, never a value of a person. A tick lost is found by the next one, so a task that
was killed may be delivered again (`acks_late`, `task_reject_on_worker_lost`) until it expires, and does no harm.
"""

from datetime import datetime

from celery import shared_task

from . import clock
from .operations.liveness import record_canary
from .operations.sweeps import SWEEPS


# 55 s soft: below the clock's own tick of 60 s; 90 s hard: well below the 3 minutes after which the alarm rings.
@shared_task(name="requests_app.tasks.sweep", soft_time_limit=55, time_limit=90, ignore_result=True, acks_late=True)
def sweep(name: str) -> int:
    """Run one sweep by name; raises KeyError for a name nobody owns."""
    return SWEEPS[name](clock.now())


# A package of gigabytes takes minutes; 50 min soft, 55 min hard: below the hour after which the broker would hand the
# tick to a second worker. Steps and packages are claimed by leases, so that a second one finds nothing to do.
@shared_task(
    name="requests_app.tasks.long_sweep", soft_time_limit=3000, time_limit=3300, ignore_result=True, acks_late=True
)
def long_sweep(name: str) -> int:
    """Run one sweep that may take long; raises KeyError for a name nobody owns."""
    return SWEEPS[name](clock.now())


# One row is written: what takes longer than 10 s waits on a database that does not answer; 20 s hard frees the worker.
@shared_task(name="requests_app.tasks.canary", soft_time_limit=10, time_limit=20, ignore_result=True, acks_late=True)
def canary(queue: str, sent_at: str) -> None:
    """Show that this queue has a worker; raises KeyError for a queue nobody knows."""
    record_canary(queue, sent_at=datetime.fromisoformat(sent_at), at=clock.now())
