"""Storing what became of an act, where the claim to it is still ours. Below those that tell the sources."""

from datetime import datetime
from typing import Any

from django.db import transaction

from requests_app.connectors import Pending
from requests_app.models import SourceAct
from requests_app.models.source_task import AboutWhom
from requests_app.rules.addresses import normalise
from requests_app.rules.policy import Text

from . import source_tasks
from .asked_sources import confirmed_addresses
from .authorities import sought
from .owed_acts import Act, Status
from .team import alarm_responsible
from .transition import lock


def answered(row: SourceAct, at: datetime, *, status: SourceAct.Status = Status.DONE, **values: Any) -> bool:
    """Store the answer; False where another worker has the act. Needs the caller's transaction."""
    mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    done = {"status": status, "next_try_at": None, "told_at": None, "failure_code": "", "finished_at": at, **values}
    return bool(mine.update(**done))


def waits(row: SourceAct, answer: Pending, at: datetime, *, to_do: tuple[Text, ...] = ()) -> bool:
    """The source answers later: it is asked again then, or, where people have to, staff say that it was done.

    People of a department get a task by link, owed in the same transaction, and say themselves what they did.
    """
    if answer.to:
        with transaction.atomic():
            row.dsr = lock(row.dsr)
            if stands(row, Status.PENDING, answer.ask_again_at):
                source_tasks.give(row, answer, about=_about(row, to_do), at=at)
        return False
    if answer.ask_again_at is None:
        return by_hand(row, at)
    stands(row, Status.PENDING, answer.ask_again_at)
    return False


def _about(row: SourceAct, to_do: tuple[Text, ...]) -> AboutWhom:
    """Whom a department needs to know. Of a no nobody asks for proof: then it is the address that was given (P5)."""
    submission = row.dsr.submission
    address, name = sought(submission)
    shown = {normalise(address)} - {""} if row.act == Act.WITHDRAW else confirmed_addresses(submission)
    return AboutWhom(name, tuple(sorted(shown)), submission.opened("details"), to_do)


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
