"""Which due requests a sweep takes, how often each was tried, and what is set aside.

`failures` counts attempts before they are made, in a transaction of its own: it stands even if the process is killed
in the middle. A row with 0 may go in a batch. A row with more was in a batch that failed or died: it goes alone, so
that it can hurt nobody, and after five attempts it is set aside with an alarm. What is done is at 0 again.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from requests_app.models import DataSubjectRequest

from . import evidence
from .actors import Actor
from .evidence import Kind
from .refused import Refused
from .team import alarm_officers, require
from .transition import lock, reschedule

log = logging.getLogger(__name__)
BATCH = 200
MOST_ATTEMPTS = 5
LEASE = timedelta(seconds=30)  # a crash delays its rows by a tick; should a lease run out early, locks still hold


class Suspect(NamedTuple):
    """A row to be tried alone, as it was seen: the attempt is claimed by comparing with it."""

    pk: UUID
    failures: int
    wake_at: datetime | None


def anything_due(now: datetime) -> bool:
    """Look once, outside any transaction: mostly nothing is."""
    return DataSubjectRequest.objects.filter(wake_at__lte=now).exists()


def take(now: datetime) -> list[UUID]:
    """Claim up to 200 due rows for one batch. What another sweep or operation holds is left to it."""
    with transaction.atomic():
        # The request without its submission: nothing else is locked here and nothing waited for.
        due = DataSubjectRequest.objects.select_for_update(skip_locked=True).filter(wake_at__lte=now, failures=0)
        pks = list(due.order_by("wake_at").values_list("pk", flat=True)[:BATCH])
        if pks:
            DataSubjectRequest.objects.filter(pk__in=pks).update(failures=1, wake_at=now + LEASE)
    return pks


def suspects(now: datetime) -> list[Suspect]:
    """Return the due rows that have to be tried alone."""
    rows = DataSubjectRequest.objects.filter(wake_at__lte=now, failures__gt=0).order_by("wake_at")
    return [Suspect(*row) for row in rows.values_list("pk", "failures", "wake_at")[:BATCH]]


def suspects_of(pks: Collection[UUID]) -> list[Suspect]:
    """Return the rows of a batch that has just failed."""
    rows = DataSubjectRequest.objects.filter(pk__in=pks, failures__gt=0, wake_at__isnull=False)
    return [Suspect(*row) for row in rows.values_list("pk", "failures", "wake_at")]


def count_attempt(row: Suspect, *, at: datetime) -> bool:
    """Count one more attempt, committed before the work; False if another sweep has it, or it is set aside now."""
    if row.failures >= MOST_ATTEMPTS:  # the last attempt never came back
        set_aside(row.pk, at=at)
        return False
    last = row.failures + 1 == MOST_ATTEMPTS
    again = at + (LEASE if last else timedelta(minutes=2 ** (row.failures - 1)))
    same = DataSubjectRequest.objects.filter(pk=row.pk, failures=row.failures, wake_at=row.wake_at)
    return same.update(failures=row.failures + 1, wake_at=again) == 1


def note_failure(row: Suspect, error: Exception, *, at: datetime) -> None:
    """Keep the class of the error, never its message, which may quote personal data."""
    code = type(error).__name__[:80]
    log.error("enforcing request %s failed, attempt %d: %s", row.pk, row.failures + 1, code)
    DataSubjectRequest.objects.filter(pk=row.pk).update(failure_code=code)
    if row.failures + 1 >= MOST_ATTEMPTS:
        set_aside(row.pk, at=at)


def set_aside(pk: UUID, *, at: datetime) -> None:
    """Take the request out of the sweep and alarm the privacy officers, both or neither."""
    with transaction.atomic():
        tried = DataSubjectRequest.objects.filter(pk=pk, failures__gte=MOST_ATTEMPTS)
        if not tried.update(set_aside_at=at, wake_at=None):
            return
        dsr = DataSubjectRequest.objects.select_related("submission").get(pk=pk)
        log.error("request %s is set aside", pk)
        sentence = f"The clock failed five times on case {dsr.submission.case_label}: it is set aside."
        # Sealed with the master key: the key of the case itself may be what is missing.
        alarm_officers(sentence, submission=None, dsr=dsr, occurrence=f"{pk.hex}:{at.date()}", at=at)


def retry(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Put a request that was set aside back under the clock, alone first. Raises Refused where it is not set aside."""
    require(actor, "retry")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.set_aside_at is None:
            raise Refused("This request is under the clock already: somebody was faster.")
        evidence.append(
            dsr.submission_id,
            Kind.TRIED_AGAIN,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={"set_aside_at": dsr.set_aside_at.isoformat(), "failure": dsr.failure_code},
        )
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(failures=1, set_aside_at=None)
        return reschedule(dsr, at=at)
