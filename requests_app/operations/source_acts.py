"""Telling data sources: what would an erasure reach, erase it, what is left. Outside any transaction, by lease, with
back-off, each source for itself; one that is away delays its own share only.

What is to be destroyed is written down before, and asked for anew after (GDPR 5(2), 17(1); A52).
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from requests_app.connectors import PermanentFailure, RetryLater
from requests_app.models import DataSubjectRequest, SourceAct
from requests_app.models.keys import KeyDestroyed, held
from requests_app.rules.identity import BEFORE_A_PLAN, Obstacle

from . import assurance, change_told, consent_told, erasure_carried, erasure_planned, erasure_proved, restriction_told
from .acts_answered import stands
from .leases import ALARM_AFTER, MOST_ATTEMPTS, Lease, due, put_off
from .owed_acts import Act, Status, fits
from .people_found import SeveralPeople, keep
from .team import alarm_responsible
from .transition import lock

log = logging.getLogger(__name__)
PUT_OFF = timedelta(minutes=15)  # until it is shown who asks; what shows it wakes the plan earlier

Told = Callable[[SourceAct, Lease], bool]
DO: Mapping[str, Told] = {
    Act.PLAN: erasure_planned.ask,
    Act.ERASE: erasure_carried.erase,
    Act.VERIFY: erasure_proved.ask,
    Act.WITHDRAW: consent_told.tell,
    Act.RECTIFY: change_told.tell,
    Act.RESTRICT: restriction_told.restrict,
    Act.LIFT: restriction_told.lift,
}
# What nobody but the person may learn or change: what may come after it. That they confirm again comes after a plan.
SHOWN: Mapping[str, Collection[Obstacle]] = {Act.PLAN: BEFORE_A_PLAN, Act.RECTIFY: (), Act.RESTRICT: ()}
WHAT: Mapping[str, str] = {
    Act.WITHDRAW: "a withdrawal",
    Act.RECTIFY: "a correction",
    Act.RESTRICT: "a restriction",
    Act.LIFT: "the end of a restriction",
}


def run_due(now: datetime, *, budget: float) -> int:
    """Tell what is due by now, for about `budget` seconds; return how many were answered."""
    done = 0
    for row, at in due(SourceAct.objects.select_related("dsr__submission", "dsr__policy"), now, budget=budget):
        with held([row.dsr.submission_id]):
            done += _run(row, at)
    return done


def _run(row: SourceAct, at: datetime) -> bool:
    dsr = row.dsr
    if not fits(row, dsr):
        return _wait_or_drop(row, at)
    if row.act in SHOWN and not _is_shown(dsr, SHOWN[row.act], at):
        SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(next_try_at=at + PUT_OFF)
        return False
    lease = Lease(row, at, told_at=at)
    if not lease.taken:
        return False
    try:
        return DO[row.act](row, lease)
    except SeveralPeople as several:
        return _several(row, several, at)
    except RetryLater as error:
        return _later(row, error, at)
    except (PermanentFailure, KeyDestroyed) as error:
        return _failed(row, error, at)
    except Exception as error:
        log.error("act %s failed, attempt %d: %s", row.pk, row.attempts, type(error).__name__)
        return _later(row, error, at) if row.attempts < MOST_ATTEMPTS else _failed(row, error, at)


def _is_shown(dsr: DataSubjectRequest, later: Collection[Obstacle], at: datetime) -> bool:
    return not set(assurance.obstacles(dsr, at=at)).difference(later)


def _wait_or_drop(row: SourceAct, at: datetime) -> bool:
    """What may come yet is looked at later; what the request does not want any more is not told."""
    mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    if row.dsr.is_open and row.dsr.opened_at == row.opened_at:
        mine.update(next_try_at=at + PUT_OFF)
    else:
        mine.update(next_try_at=None, status=Status.FAILED, failure_code="Ended")
    return False


def _several(row: SourceAct, several: SeveralPeople, at: datetime) -> bool:
    """Nothing is told about anybody: staff choose whom it is about."""
    with transaction.atomic():
        row.dsr = lock(row.dsr)
        if stands(row, Status.SEVERAL, None):
            keep(row, several, at=at)
    return False


def _later(row: SourceAct, error: Exception, at: datetime) -> bool:
    if row.attempts >= ALARM_AFTER:  # told once, and not missed where the process died at the attempt that it was due
        with transaction.atomic():
            sentence = f"The data source {row.alias} has not answered for hours. It is asked every hour."
            _alarm(row, sentence, at, occasion=f"late:{row.due_at.isoformat()}")
    SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(told_at=None)
    return put_off(row, error, at)


def _failed(row: SourceAct, error: Exception, at: datetime) -> bool:
    with transaction.atomic():
        lock(row.dsr)
        mine = SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        values = {"status": Status.FAILED, "next_try_at": None, "failure_code": type(error).__name__[:80]}
        if not mine.update(**values, finished_at=at):
            return False
        about = WHAT.get(row.act, "a deletion")
        _alarm(row, f"The data source {row.alias} could not be told about {about}. Somebody has to look at it.", at)
    return True


def _alarm(row: SourceAct, sentence: str, at: datetime, *, occasion: str = "") -> None:
    occurrence = f"{row.pk.hex}:{occasion or at.isoformat()}"
    alarm_responsible(sentence, row.dsr, occurrence=occurrence, at=at)
