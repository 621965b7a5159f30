"""Asking the data sources who is on file: outside any transaction, by lease, with back-off; then what follows from it.

The sweep does it, whatever the answer will be: neither the time nor the page of a person depends on what is found.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q

from requests_app.connectors import EMAIL, Match, PermanentFailure, Query, RetryLater, source
from requests_app.models import Contact, IdentityCheck, SourceLookup, Submission
from requests_app.models.keys import KeyDestroyed
from requests_app.rules.on_file import Finding, Held, Verdict, judge

from . import evidence
from .actors import Actor
from .authorities import authority_of, digest_sought, sought
from .contacts import add_contact
from .evidence import Kind
from .identity_codes import is_alive, issue, newest
from .leases import MOST_ATTEMPTS, due, put_off
from .lookups import asks_for_contact_on_file, corrected_at
from .on_behalf import ask_person, by_letter
from .on_file_proof import settle
from .refused import Refused
from .stopping import confirmed_erasures
from .team import alarm_officers

log = logging.getLogger(__name__)
BUDGET = 40  # seconds of one call, below the task's soft limit
LEASE = timedelta(minutes=2)
PUT_OFF = timedelta(days=1)
CODES_BY_LETTER = 3  # to a contact on file, a day apart
FULL_HOUR = timedelta(hours=1)  # of codes to one address: after it the next one goes
ON_FILE, STOP = IdentityCheck.Purpose.ON_FILE, IdentityCheck.Purpose.STOP


def ask_due(now: datetime) -> int:
    """Ask what is due by now; return how many questions were answered. Nothing due is one look at a partial index."""
    rows = SourceLookup.objects.select_related("submission")
    return sum(_ask(row, at) for row, at in due(rows, now, budget=BUDGET))


def _ask(row: SourceLookup, at: datetime) -> bool:
    if not asks_for_contact_on_file(row.submission):
        return _put_off(row, at)
    lease = at + LEASE
    mine = SourceLookup.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    if not mine.update(next_try_at=lease, attempts=F("attempts") + 1, asked_at=at):
        return False
    row.next_try_at, row.attempts = lease, row.attempts + 1
    try:
        found = _found(row)
    except RetryLater as error:
        return put_off(row, error, at)
    except (PermanentFailure, KeyDestroyed) as error:
        return _failed(row, error, at)
    except Exception as error:
        log.error("look-up %s failed, attempt %d: %s", row.pk, row.attempts, type(error).__name__)
        return put_off(row, error, at) if row.attempts < MOST_ATTEMPTS else _failed(row, error, at)
    return _record(row, found, at)


def _put_off(row: SourceLookup, at: datetime) -> bool:
    """Nothing asks for it any more, so nobody is written to; should the case be taken up again, it is still owed."""
    again = at + PUT_OFF if row.result == SourceLookup.Result.WAITING else None
    SourceLookup.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(next_try_at=again)
    return False


def _found(row: SourceLookup) -> list[Match]:
    email, name = sought(row.submission)
    query = Query(email=email, name=name, details=row.submission.opened("details"))
    return list(source(row.alias).find(query))


def _failed(row: SourceLookup, error: Exception, at: datetime) -> bool:
    """Nothing is released by this case until two people verified by hand: the guard is away for good (A60)."""
    with transaction.atomic():
        submission = _locked(row.submission)
        if not _answered(row, SourceLookup.Result.FAILED, at, failure_code=type(error).__name__[:80]):
            return False
        sentence = f"The data source {row.alias} could not be asked about a case, and will not be asked again."
        alarm_officers(sentence, submission=submission, occurrence=f"{row.pk.hex}:{at.isoformat()}", at=at)
    return True


def _record(row: SourceLookup, found: list[Match], at: datetime) -> bool:
    with transaction.atomic():
        submission = _locked(row.submission)
        about = digest_sought(submission)
        if about != row.email_digest:  # changed while the source was thinking
            SourceLookup.objects.filter(pk=row.pk).update(next_try_at=at, email_digest=about)
            return False
        verdict = _verdict(submission, found)
        if not _answered(row, SourceLookup.Result(verdict.finding), at):
            return False
        same = verdict.finding == Finding.SAME and authority_of(submission) is not None
        to = (*verdict.to, *([sought(submission)[0]] if same else []))
        sent = [_send_code(submission, address, row.alias, at) for address in to]
        again = None if all(sent) else FULL_HOUR
        if again is None and _asks_anew(submission):
            again = PUT_OFF
        if again is not None:
            SourceLookup.objects.filter(pk=row.pk).update(next_try_at=at + again)
        settle(submission, actor=Actor.system(), at=at)
    return True


def _asks_anew(submission: Submission) -> bool:
    """Whether a letter without an address waits for whoever is on file: no page could ask for another code."""
    if not by_letter(submission) or authority_of(submission) is not None:
        return False
    silent = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE, confirmed_at=None, denied_at=None)
    codes = silent.annotate(codes=Count("checks", filter=Q(checks__purpose=ON_FILE)))
    return codes.filter(codes__lt=CODES_BY_LETTER).exists()


def _answered(row: SourceLookup, result: SourceLookup.Result, at: datetime, failure_code: str = "") -> bool:
    """Store the answer if the claim is still ours, and its evidence. The same answer again leaves its date."""
    changes = {} if row.result == result else {"result": result, "result_at": at}
    mine = SourceLookup.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
    if not mine.update(next_try_at=None, attempts=0, failure_code=failure_code, **changes):
        return False
    body = {"lookup": str(row.pk), "source": row.alias, "result": result.value}
    evidence.append(row.submission_id, Kind.SOURCE_ASKED, actor=Actor.system(), at=at, body=body)
    return True


def _verdict(submission: Submission, found: list[Match]) -> Verdict:
    people = [
        [Held(c.address, c.since, c.changed_recently) for c in match.contacts if c.kind == EMAIL and c.address.strip()]
        for match in found
    ]
    return judge(
        sought(submission)[0], people, received_at=submission.received_at, corrected_at=corrected_at(submission)
    )


def _send_code(submission: Submission, address: str, alias: str, at: datetime) -> bool:
    """Ask whoever is on file; False where their hour is full of codes and none of ours is among them."""
    contact = add_contact(
        submission, role=Contact.Role.ON_FILE, address=address, source=alias, actor=Actor.system(), at=at
    )
    if contact.confirmed_at or contact.denied_at:
        return True
    if confirmed_erasures(submission) and newest(submission, purpose=STOP, contact=contact) is None:
        issue(submission, purpose=STOP, contact=contact, actor=Actor.system(), at=at)
    if authority_of(submission) is not None:  # who asks is somebody else: the person is asked whether they want it
        ask_person(submission, actor=Actor.system(), at=at)
        return True
    try:
        issue(submission, purpose=ON_FILE, contact=contact, actor=Actor.system(), at=at)
    except Refused:
        log.info("no further code for contact %s within this hour", contact.pk)
        sent = newest(submission, purpose=ON_FILE, contact=contact)
        return sent is not None and is_alive(sent, at)
    return True


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update().get(pk=submission.pk)
