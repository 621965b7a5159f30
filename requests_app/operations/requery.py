"""Asking the data sources again, after a decision says that all is deleted: outside any transaction, by lease."""

import logging
from datetime import datetime

from django.db import transaction

from requests_app.connectors import PermanentFailure, Query, RetryLater, source
from requests_app.models import Contact, Requery
from requests_app.models.keys import KeyDestroyed

from . import evidence
from .actors import Actor
from .authorities import sought
from .evidence import Kind
from .leases import Lease, due, put_off
from .team import alarm_officers
from .transition import lock

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 5  # of an error that nobody foresaw; a source that is away is asked for as long as it takes
ALARM_AFTER = 6  # attempts: some two hours and a half
Result = Requery.Result
SAID = {
    Result.STILL_HELD: "A request was decided as deleted, and the data source {alias}, asked again, still holds data "
    "of the person. It cannot be answered so.",
    Result.FAILED: "The data source {alias} could not be asked whether it still holds data that were to be deleted.",
}


def ask_due(now: datetime, *, budget: float) -> int:
    """Ask what is due by now, for about `budget` seconds; return how many questions were answered."""
    rows = Requery.objects.select_related("decision__dsr__submission")
    return sum(_ask(row, at) for row, at in due(rows, now, budget=budget))


def _ask(row: Requery, at: datetime) -> bool:
    mine = Requery.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    if row.decision.returned_at or row.decision.approved_at or not row.decision.dsr.is_open:
        mine.delete()  # nobody waits for it any more
        return False
    if not Lease(row, at).taken:
        return False
    try:
        questions = _questions(row)
        found = any(source(row.alias).find(question) for question in questions)
    except RetryLater as error:
        return _later(row, error, at)
    except (PermanentFailure, KeyDestroyed) as error:
        return _record(row, Result.FAILED, at, failure_code=type(error).__name__[:80])
    except Exception as error:
        log.error("requery %s failed, attempt %d: %s", row.pk, row.attempts, type(error).__name__)
        if row.attempts < MOST_ATTEMPTS:
            return _later(row, error, at)
        return _record(row, Result.FAILED, at, failure_code=type(error).__name__[:80])
    # Of somebody known by a postal address alone nothing can be asked, and nothing is claimed.
    said = {True: Kind.STILL_HELD, False: Kind.NOT_HELD if questions else None}
    return _record(row, Result.STILL_HELD if found else Result.GONE, at, kind=said[found])


def _questions(row: Requery) -> list[Query]:
    """The question of the beginning, since whoever was found by it then must not be found now; and one for each
    address on file that the person has confirmed, under which something may have been left."""
    submission = row.decision.dsr.submission
    email, name = sought(submission)
    contacts = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE).exclude(confirmed_at=None)
    asked = [Query(email=email, name=name, details=submission.opened("details"))]
    asked += [Query(email=contact.address, name=name) for contact in contacts]
    return [question for question in asked if question.addresses or question.identifiers]


def _later(row: Requery, error: Exception, at: datetime) -> bool:
    if row.attempts == ALARM_AFTER:
        with transaction.atomic():
            _alarm(row, SAID[Result.FAILED], at)
    return put_off(row, error, at)


def _record(row: Requery, result: Result, at: datetime, *, kind: Kind | None = None, failure_code: str = "") -> bool:
    """Store the answer if the claim is still ours, its evidence, and the alarm."""
    with transaction.atomic():
        dsr = lock(row.decision.dsr)
        mine = Requery.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        if not mine.update(result=result, result_at=at, next_try_at=None, failure_code=failure_code):
            return False
        body = {"requery": str(row.pk), "source": row.alias, "decision": str(row.decision_id)}
        if kind is not None:
            evidence.append(dsr.submission_id, kind, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
        if result in SAID:
            _alarm(row, SAID[result], at)
    return True


def _alarm(row: Requery, sentence: str, at: datetime) -> None:
    dsr = row.decision.dsr
    occurrence = f"{row.pk.hex}:{at.isoformat()}"
    alarm_officers(sentence.format(alias=row.alias), submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=at)
