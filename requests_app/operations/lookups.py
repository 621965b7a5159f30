"""Owing a look-up: the rows that tell a sweep to ask the data sources. Asking is `data_sources`."""

from datetime import datetime, timedelta

from django.db import transaction

from requests_app.connectors import finders
from requests_app.models import DataSubjectRequest, SourceLookup, Submission
from requests_app.models.keys import lookup_digests
from requests_app.rules.authority import Kind
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE
from requests_app.rules.lifecycle import OPEN, State

from .authorities import authority_of, digest_sought, sought
from .circumstances import asked_of

ASKED_AGAIN_AFTER = timedelta(minutes=1)
NO_CORRECTION = (State.CANCELLED, State.LAPSED, State.REFUSED)


def owe_lookups(submission: Submission, *, at: datetime) -> None:
    """Owe one look-up for each source, where an open request asks for the contact on file.

    Owed when the typed address was confirmed, never before: else anybody could have mail sent to the address on file
    of somebody else by naming it in a form. Of a letter without an address, which staff enter, it is owed at once.
    A row that was asked about another address is owed anew.
    Needs the caller's transaction with the submission locked.
    """
    known_by = finders()
    if not known_by or not asks_for_contact_on_file(submission):
        return
    about = digest_sought(submission)
    known = {row.alias: row for row in submission.lookups.all()}
    for alias in known_by:
        if alias not in known:
            SourceLookup.objects.create(
                submission=submission,
                alias=alias,
                email_digest=about,
                result_at=at,
                next_try_at=at,
            )
    stale = submission.lookups.exclude(email_digest=about)
    stale.update(
        email_digest=about,
        result=SourceLookup.Result.WAITING,
        result_at=at,
        next_try_at=at,
        attempts=0,
    )


def asks_for_contact_on_file(submission: Submission) -> bool:
    """Return whether an open request of this case asks for the contact on file."""
    rows = submission.requests.filter(state__in=sorted(OPEN)).prefetch_related("policy")  # a long text, and one of it
    return any(asked_of(dsr).rung >= CONTACT_ON_FILE for dsr in rows)


def unasked(submission: Submission) -> bool:
    """Return whether a data source was never asked about a case that has come so far that it should have been.

    Of an account of a child that somebody reported nobody is asked: two of the team check it (B-VI).
    """
    authority = authority_of(submission)
    if authority is not None and authority.kind == Kind.REPORT:
        return False
    known = {row.alias for row in submission.lookups.all()}
    due = submission.assurance >= CONTACT or not submission.email_digest
    return due and not known.issuperset(finders())


def ask_again(submission: Submission, *, at: datetime) -> None:
    """Have the sources asked once more, and a new code sent: the same statements, whatever they answered before."""
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=submission.pk)
        if unasked(locked):  # a source that was connected since
            owe_lookups(locked, at=at)
    earlier = SourceLookup.objects.filter(submission=submission, asked_at__lte=at - ASKED_AGAIN_AFTER)
    earlier.update(next_try_at=at, attempts=0)


def corrected_at(submission: Submission) -> datetime | None:
    """Return when whoever reads this address first asked to have something corrected, or None (A04)."""
    rows = DataSubjectRequest.objects.filter(
        right="correction", submission__email_digest__in=lookup_digests(sought(submission)[0])
    )
    firsts = rows.exclude(state__in=NO_CORRECTION).order_by("submission__received_at")
    return firsts.values_list("submission__received_at", flat=True).first()
