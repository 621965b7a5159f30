"""Celery's side: one task, one line. Its time limits keep one stuck sweep from silencing the queue."""

from celery import shared_task

from . import clock
from .operations.sweeps import SWEEPS


# 55 s soft: below the clock's own tick of 60 s; 90 s hard: well below the 3 minutes after which the alarm rings.
@shared_task(name="requests_app.tasks.sweep", soft_time_limit=55, time_limit=90, ignore_result=True, acks_late=True)
def sweep(name: str) -> int:
    """Run one sweep by name; raises KeyError for a name nobody owns."""
    return SWEEPS[name](clock.now())
