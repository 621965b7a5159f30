"""Rows that are due and take a while: found, claimed by compare-and-set, renewed while the work goes on, put off where
it fails."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet

LEASE = timedelta(minutes=5)
RENEWED_AFTER = 60  # seconds
BATCH = 50
MOST_ATTEMPTS = 5  # of an error that nobody foresaw; what is away is asked for as long as it takes
ALARM_AFTER = 6  # attempts: some two hours and a half
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))  # then every hour


class TakenOver(Exception):
    """The lease ran out and another worker has the row, or its work was owed anew."""


def due(rows: QuerySet[Any], now: datetime, *, budget: float) -> Iterator[tuple[Any, datetime]]:
    """Yield what is due by now, the oldest first, each with the instant at which its turn came, for about `budget`
    seconds. Nothing due is one look at a partial index."""
    began = time.monotonic()
    for row in list(rows.filter(next_try_at__lte=now).order_by("next_try_at", "pk")[:BATCH]):
        spent = time.monotonic() - began
        if spent > budget:
            return
        yield row, now + timedelta(seconds=spent)


def put_off(row: Any, error: Exception, at: datetime) -> bool:
    """Have a row that is still ours tried again, later each time, and keep the class of the error; False: not done."""
    wait = BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
    mine = type(row).objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    mine.update(next_try_at=at + wait, failure_code=type(error).__name__[:80])
    return False


class Lease:
    """The claim to a row with `next_try_at` and `attempts`; `row.next_try_at` is its end. `values` go with it."""

    def __init__(self, row: Any, at: datetime, **values: Any) -> None:
        self._row, self._began, self._clock = row, at, time.monotonic()
        self._renewed = self._clock
        until = at + LEASE
        self.taken = bool(self._mine().update(next_try_at=until, attempts=F("attempts") + 1, **values))
        row.next_try_at, row.attempts = until, row.attempts + 1

    def now(self) -> datetime:
        """The instant by the clock that the work began with."""
        return self._began + timedelta(seconds=time.monotonic() - self._clock)

    def keep(self) -> None:
        """Renew the claim once a minute; raises TakenOver where it was lost."""
        if time.monotonic() - self._renewed < RENEWED_AFTER:
            return
        self._renewed, until = time.monotonic(), self.now() + LEASE
        if not self._mine().update(next_try_at=until):
            raise TakenOver
        self._row.next_try_at = until

    def _mine(self) -> Any:
        return type(self._row).objects.filter(pk=self._row.pk, next_try_at=self._row.next_try_at)
