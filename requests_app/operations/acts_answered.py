"""Storing what became of an act, where the claim to it is still ours. Below those that tell the sources."""

from datetime import datetime
from typing import Any

from django.db import transaction

from requests_app.connectors import Pending
from requests_app.models import SourceAct

from .owed_acts import Act, Status
from .team import alarm_responsible
from .transition import lock


def answered(row: SourceAct, at: datetime, *, status: SourceAct.Status = Status.DONE, **values: Any) -> bool:
    """Store the answer; False where another worker has the act. Needs the caller's transaction."""
    mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    done = {"status": status, "next_try_at": None, "told_at": None, "failure_code": "", "finished_at": at, **values}
    return bool(mine.update(**done))


def waits(row: SourceAct, answer: Pending, at: datetime) -> bool:
    """The source answers later: it is asked again then, or, where people have to, staff say that it was done."""
    if answer.ask_again_at is None:
        return by_hand(row, at)
    stands(row, Status.PENDING, answer.ask_again_at)
    return False


def by_hand(row: SourceAct, at: datetime) -> bool:
    """The source does not do it by itself: it waits until staff say that people did.

    They are told where the request is not among the open ones any more, and would be seen by nobody.
    """
    with transaction.atomic():
        dsr = lock(row.dsr)
        if stands(row, Status.BY_HAND, None) and not dsr.is_open:
            what = "to be erased" if row.act == Act.ERASE else "to be carried out"
            sentence = (
                f"Something is {what} in the data source {row.alias} that only people can do. "
                "Say on the page of the case that it was done."
            )
            alarm_responsible(sentence, dsr, occurrence=f"{row.pk.hex}:hand:{at.isoformat()}", at=at)
    return False


def stands(row: SourceAct, status: SourceAct.Status, again_at: datetime | None) -> bool:
    """Have it wait as it stands, without an end; False where another worker has the act."""
    mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    values = {"status": status, "next_try_at": again_at, "told_at": None, "attempts": 0, "failure_code": ""}
    return bool(mine.update(**values))
