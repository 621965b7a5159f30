"""Marking one request as about sensitive data (health and the like, GDPR 9): more is shown before its release (P32)."""

from datetime import datetime

from django.db import transaction

from requests_app.models import DataSubjectRequest, Message
from requests_app.rules.identity import CONTACT, NO_PROOF_RIGHTS

from . import evidence, messages
from .actors import Actor
from .evidence import Kind
from .lookups import owe_lookups
from .refused import Refused
from .team import require
from .transition import lock


def mark_sensitive(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Mark it; the contact on file is then asked for, also of a decision that waits for approval.

    The reason is kept as an internal note. Raises Refused for what has ended, asks no proof, or is marked already.
    """
    require(actor, "mark_sensitive")
    if dsr.right in NO_PROOF_RIGHTS:
        raise Refused("This right takes effect without any proof: the mark would change nothing.")
    with transaction.atomic():
        dsr = _written(dsr, Kind.SENSITIVE_MARKED, since=at, reason=reason, actor=actor, at=at)
        if dsr.submission.assurance >= CONTACT or not dsr.submission.email_digest:
            owe_lookups(dsr.submission, at=at)  # else they are owed once the address typed is confirmed
        return dsr


def unmark_sensitive(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Take the mark off: what the right alone asks is asked again. The reason is kept as an internal note."""
    require(actor, "unmark_sensitive")
    with transaction.atomic():
        return _written(dsr, Kind.SENSITIVE_UNMARKED, since=None, reason=reason, actor=actor, at=at)


def _written(
    dsr: DataSubjectRequest, kind: Kind, *, since: datetime | None, reason: str, actor: Actor, at: datetime
) -> DataSubjectRequest:
    if not reason.strip():
        raise Refused("Say in a few words why.")
    dsr = lock(dsr)
    if not dsr.is_open:
        raise Refused("This request has ended: nothing is released on its proof any more.")
    if (dsr.sensitive_since is None) == (since is None):
        raise Refused("It is so already: somebody was faster.")
    note = messages.write(dsr, author=Message.Author.INTERNAL, text=reason, actor=actor, at=at)
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(sensitive_since=since)
    evidence.append(dsr.submission_id, kind, actor=actor, at=at, dsr_id=dsr.pk, body={"message": str(note.pk)})
    dsr.sensitive_since = since
    return dsr
