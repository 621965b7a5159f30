"""A worker that hears nothing ends itself, and its supervisor starts a fresh one.

Every queue gets a canary each minute. An idle worker to which no task came for longer has no beat, no broker, or a
line to it that is dead although the worker believes in it; only the last is cured by a new process, and for the others
one more does no harm. What a worker is busy with may be counted wrongly after a lost line, so it is not waited for
longer than three times as long.
"""

import logging
import os
import signal
import threading
import time
from typing import Any

from celery import bootsteps
from celery.worker import state
from django.conf import settings

logger = logging.getLogger(__name__)
LONG_SWEEP = "requests_app.tasks.long_sweep"
GRACE_SECONDS = 20  # for the soft shutdown; a worker stuck in a dead line may not get out of it


def patience(seconds: int) -> float:
    """How long nothing may come. Whoever makes a package hears nothing meanwhile; its own time limit ends it."""
    if any(getattr(request, "name", "") == LONG_SWEEP for request in state.active_requests):
        return float("inf")
    return 3 * seconds if state.active_requests else seconds


class EndWhenSilent(bootsteps.StartStopStep):
    """One thread that looks whether tasks still come."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.stopped = threading.Event()

    def include_if(self, parent: Any) -> bool:
        return bool(settings.WORKER_SILENCE_SECONDS > 0)

    def start(self, parent: Any) -> None:
        threading.Thread(target=self.watch, args=(settings.WORKER_SILENCE_SECONDS,), daemon=True).start()

    def stop(self, parent: Any) -> None:
        self.stopped.set()

    def watch(self, seconds: int) -> None:
        seen, since = state.all_total_count[0], time.monotonic()
        while not self.stopped.wait(min(5, seconds / 4)):
            if state.all_total_count[0] != seen:
                seen, since = state.all_total_count[0], time.monotonic()
            elif time.monotonic() - since > patience(seconds):
                break
        else:
            return
        logger.error("no task came for %s s: this worker ends, its supervisor starts another", seconds)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)
