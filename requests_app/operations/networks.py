"""Bounds per network: whoever floods the portal waits, and nobody in another network does.

Counted per hour of the clock under a keyed digest that changes with the hour, so that no address is stored and nobody
can be followed. What must never wait is not counted: an opt-out, a withdrawal, the page behind a mailed link.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import F

from requests_app.models import NetworkCount

KEPT = timedelta(days=1)


class Act(StrEnum):
    """What is counted."""

    FILE = "file"
    FIND = "find"
    CODE = "code"


# An hour of a whole school or office behind one address: a class of thirty that files twice, with all five tries of
# each code. Against guessing it is far below what one code in a million needs.
PER_HOUR = {Act.FILE: 60, Act.FIND: 60, Act.CODE: 300}


class Crowded(Exception):
    """The bound of this network is reached; `wait` until it may go on."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many from one network")
        self.wait = wait


def _digest(network: str, act: Act, hour: datetime) -> str:
    key = settings.LOOKUP_KEYS[max(settings.LOOKUP_KEYS)].encode()
    return hmac.new(key, f"network:{act}:{hour.isoformat()}:{network}".encode(), hashlib.sha256).hexdigest()


def count(network: str, *, act: Act, at: datetime) -> None:
    """Count one more, exactly under any parallelism. Raises Crowded over the bound; an unknown network ("") has none.

    In a transaction of its own: what is refused later was tried all the same.
    """
    if not network:
        return
    hour = at.replace(minute=0, second=0, microsecond=0)
    row = NetworkCount.objects.filter(pk=_digest(network, act, hour))
    room = row.filter(times__lt=PER_HOUR[act])
    if room.update(times=F("times") + 1):
        return
    NetworkCount.objects.bulk_create([NetworkCount(pk=_digest(network, act, hour), hour=hour)], ignore_conflicts=True)
    if not room.update(times=F("times") + 1):
        raise Crowded(hour + timedelta(hours=1) - at)


def forget(now: datetime) -> int:
    """Delete the counts of yesterday, and sessions that ended; returns how many counts went."""
    SessionStore.clear_expired()
    return NetworkCount.objects.filter(hour__lt=now - KEPT).delete()[0]
