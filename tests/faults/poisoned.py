"""The portal's Celery with sweeps that kill, hang or swell whoever runs them: `celery -A tests.faults.poisoned`."""

import contextlib
import ctypes
from datetime import datetime

import django

from portal.celery import app

django.setup()  # a worker does it later, and the sweeps are needed here
from requests_app.operations.sweeps import SWEEPS  # noqa: E402

__all__ = ["app"]


def segfault(now: datetime) -> int:
    """Read where nothing is."""
    return len(ctypes.string_at(0))


def endless(now: datetime) -> int:
    """Never end, whatever politely asks for it: only the hard limit helps."""
    while True:
        with contextlib.suppress(Exception):
            while True:
                pass


def gigabyte(now: datetime) -> int:
    """Take a gigabyte, and write to all of it."""
    return len(bytearray(b"\1") * 2**30)


SWEEPS.update(segfault=segfault, endless=endless, gigabyte=gigabyte)
