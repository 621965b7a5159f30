"""Processes that run the sweeps at instants they are told, and that can be killed in the middle of it.

They are forked: each has connections of its own, and starting one takes no time.
"""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from django.conf import settings
from django.db import connections

from requests_app.operations.sweeps import SWEEPS

LONGEST = 1800  # seconds of one round
_fork = get_context("fork")


class Sweeper:
    """One process. `prepare` runs in it first: to move its zone, or to poison it."""

    def __init__(self, prepare: Callable[[], object] = lambda: None) -> None:
        connections.close_all()
        self.line, theirs = _fork.Pipe()
        self.process: BaseProcess = _fork.Process(target=_serve, args=(theirs, prepare), daemon=True)
        self.process.start()
        theirs.close()

    def begin(self, now: datetime, *, mail_port: int) -> None:
        self.line.send((now, mail_port))

    def finished(self) -> bool:
        """Wait for the round to end; False if the process died in it."""
        try:
            if not self.line.poll(LONGEST):
                raise AssertionError(f"a round of sweeps did not end within {LONGEST} s")
            failure = self.line.recv()
        except (EOFError, ConnectionError):
            return False
        if failure:
            raise AssertionError(f"a sweep failed: {failure}")
        return True

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.line.close()


def _serve(line: Connection, prepare: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    while True:
        now, settings.EMAIL_PORT = line.recv()
        failure = ""
        try:
            while SWEEPS["enforce_deadlines"](now):  # a call ends after its budget, and the next tick goes on
                pass
            for name in ("send_digest", "apply_retention", "run_steps"):
                SWEEPS[name](now)
            while SWEEPS["deliver_notices"](now):
                pass
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        line.send(failure)
