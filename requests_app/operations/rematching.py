"""From time to time every data source is looked through for people who were erased, and who came back by whatever way.

California asks it at least every 45 days (DROP). Nobody is erased here: people have to find out how they came back.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from requests_app.connectors import NotOffered, Pending, PermanentFailure, RetryLater, finders, source
from requests_app.models import SourceRematch, SuppressionEntry

from .leases import Lease, TakenOver, due, put_off
from .returned import Returned, instructions, returned
from .team import alarm_officers

log = logging.getLogger(__name__)
EVERY = timedelta(days=30)
SOON = timedelta(days=1)  # while nobody was erased yet
SENTENCE = (
    "People whose deletion was carried out are in the data source {alias} again: {back} as they were, {anew} stored "
    "anew after it. Find out how. manage.py replay_erasures erases the former once more."
)


def look_through(now: datetime, *, budget: float) -> int:
    """Look through the sources that are due, for about `budget` seconds; return how many were."""
    SourceRematch.objects.bulk_create(
        [SourceRematch(alias=alias, next_try_at=now) for alias in finders()], ignore_conflicts=True
    )
    return sum(_look(row, at) for row, at in due(SourceRematch.objects.all(), now, budget=budget))


def _look(row: SourceRematch, at: datetime) -> bool:
    lease = Lease(row, at)
    if not lease.taken:
        return False
    if row.alias not in finders():
        SourceRematch.objects.filter(pk=row.pk).delete()  # not configured any more
        return False
    if not SuppressionEntry.objects.exists():
        return _done(row, at, again=SOON)
    back = anew = 0
    try:
        made = source(row.alias)
        for some in returned(made):
            lease.keep()
            anew += sum(one.anew for one in some)
            back += sum(_could_be_erased(row.alias, one) for one in some if not one.anew)
    except NotOffered:
        return _done(row, at)  # it does not tell whom it knows
    except TakenOver:
        return False
    except (RetryLater, PermanentFailure) as error:
        log.warning("the data source %s could not be looked through: %s", row.alias, type(error).__name__)
        return put_off(row, error, at)
    with transaction.atomic():
        if not _done(row, at, back=back, anew=anew):
            return False
        if back or anew > row.anew:  # those stored anew are told of once
            sentence = SENTENCE.format(alias=row.alias, back=back, anew=anew)
            alarm_officers(sentence, submission=None, occurrence=f"back:{row.alias}:{at.isoformat()}", at=at)
    return True


def _could_be_erased(alias: str, one: Returned) -> bool:
    """Whether more of them is there than what is kept by law."""
    made = source(alias)
    try:
        planned = made.plan_erasure([one.match.reference], request_id=f"rematch:{one.match.reference}")
    except NotOffered:
        return True
    return isinstance(planned, Pending) or bool(instructions(alias, planned, one.entry))


def _done(row: SourceRematch, at: datetime, *, again: timedelta = EVERY, back: int = 0, anew: int = 0) -> bool:
    mine = SourceRematch.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    values = {"next_try_at": at + again, "attempts": 0, "failure_code": "", "back": back, "anew": anew}
    return bool(mine.update(**values, looked_at=at))
