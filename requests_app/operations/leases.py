"""A claim to a row that takes long: by compare-and-set, for minutes, renewed while its work goes on."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

LEASE = timedelta(minutes=5)
RENEWED_AFTER = 60  # seconds


class TakenOver(Exception):
    """The lease ran out and another worker has the row, or its work was owed anew."""


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
