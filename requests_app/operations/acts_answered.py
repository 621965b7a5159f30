"""Storing what became of an act, where the claim to it is still ours. Below those that tell the sources."""

from datetime import datetime
from typing import Any

from requests_app.connectors import Pending
from requests_app.models import SourceAct

from .owed_acts import Status


def answered(row: SourceAct, at: datetime, *, status: SourceAct.Status = Status.DONE, **values: Any) -> bool:
    """Store the answer; False where another worker has the act. Needs the caller's transaction."""
    mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    done = {"status": status, "next_try_at": None, "told_at": None, "failure_code": "", "finished_at": at, **values}
    return bool(mine.update(**done))


def waits(row: SourceAct, answer: Pending, at: datetime) -> bool:
    """The source answers later: it is asked again then, or, where people have to, staff say that it was done."""
    if answer.ask_again_at is None:
        return by_hand(row)
    return _stands(row, Status.PENDING, answer.ask_again_at)


def by_hand(row: SourceAct) -> bool:
    """The source does not do it by itself: it waits until staff say that people did."""
    return _stands(row, Status.BY_HAND, None)


def _stands(row: SourceAct, status: SourceAct.Status, again_at: datetime | None) -> bool:
    mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    mine.update(status=status, next_try_at=again_at, told_at=None, attempts=0, failure_code="")
    return False
