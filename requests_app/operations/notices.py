"""Owing a notice: rendered once, sealed, stored in the transaction that causes it. Sending is `delivery`."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from requests_app.models import Contact, DataSubjectRequest, IdentityCheck, Notice, Submission, TaskLink
from requests_app.models.keys import seal

from .notice_kinds import CONTACT_KINDS, NEEDS, STAFF_KINDS, SUBJECT_KINDS, TASK_KINDS
from .rendering import render

PERSON = "person"
SUBJECT = "subject"  # the person for whom somebody else filed, by letter only
ON_PAPER = (PERSON, SUBJECT)  # whose letters may be printed


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice before it is rendered; the fields as in `owe`."""

    kind: str
    submission: Submission | None
    dsr: DataSubjectRequest | None
    staff: AbstractBaseUser | None
    occurrence: str
    context: Mapping[str, Any]
    contact: Contact | None = None
    link: TaskLink | None = None

    @property
    def key(self) -> dict[str, str]:
        """What is unique of a notice."""
        return {
            "scope": str(self.submission.pk) if self.submission else "staff",
            "kind": self.kind,
            "occurrence": self.occurrence,
            "recipient": self.recipient,
        }

    @property
    def recipient(self) -> str:
        """Who reads it."""
        if self.contact is not None:
            return f"contact:{self.contact.pk.hex}"
        if self.link is not None:
            return f"task:{self.link.pk.hex}"
        if self.kind in SUBJECT_KINDS:
            return SUBJECT
        return str(self.staff.pk) if self.staff else PERSON


def owe(
    kind: str,
    *,
    submission: Submission | None,
    dsr: DataSubjectRequest | None = None,
    staff: AbstractBaseUser | None = None,
    occurrence: str,
    context: Mapping[str, Any],
    at: datetime,
    check: IdentityCheck | None = None,
    contact: Contact | None = None,
    link: TaskLink | None = None,
) -> Notice:
    """Store the notice, or return the one already owed for this scope, kind, occurrence and recipient.

    `contact`: another address of the case. Kinds named contact_* go there, as mail that carries its own text, and so
    do codes; neither names a right, a person or data. `link`: of a department's task, to whose address kinds named
    task_* go in the same way. `occurrence` tells the requests of one submission apart where `dsr` is given.
    Raises ValueError for an unknown kind, a missing context key, a wrong recipient, or an occurrence taken by another
    request.
    """
    owed = Owed(kind, submission, dsr, staff, occurrence, context, contact, link)
    _refuse_nonsense(owed, check)
    if (found := Notice.objects.filter(**owed.key).first()) is not None:
        return _same_request(found, dsr)
    notice = _rendered(owed, at=at, check=check)
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
            return notice
    except IntegrityError:
        found = Notice.objects.filter(**owed.key).first()
        if found is None:
            raise
        return _same_request(found, dsr)


def owe_all(owed: Sequence[Owed], *, at: datetime) -> None:
    """Store many notices in one statement, those already owed left as they are. Raises as `owe` does for nonsense."""
    for one in owed:
        _refuse_nonsense(one, None)
    Notice.objects.bulk_create([_rendered(one, at=at) for one in owed], ignore_conflicts=True)


def _rendered(owed: Owed, *, at: datetime, check: IdentityCheck | None = None) -> Notice:
    submission, staff = owed.submission, owed.staff
    subject, text, html = render(owed.kind, submission=submission, dsr=owed.dsr, context=owed.context)
    pk, owner = uuid.uuid4(), submission.pk if submission else None
    theirs = owed.contact or owed.link or (submission and submission.email_sealed)
    address = getattr(staff, "email", "") if staff else theirs
    if owed.recipient == SUBJECT:
        address = ""
    return Notice(
        id=pk,
        **owed.key,
        submission=submission,
        dsr=owed.dsr,
        staff_id=staff.pk if staff else None,
        contact=owed.contact,
        task_link=owed.link,
        check_id=check.pk if check else None,
        subject_sealed=seal(owner, f"notice.subject.{pk}", subject),
        text_sealed=seal(owner, f"notice.text.{pk}", text),
        html_sealed=seal(owner, f"notice.html.{pk}", html),
        created_at=at,
        delivery=Notice.Delivery.PENDING if address else Notice.Delivery.NONE,
        next_try_at=at if address else None,
    )


def _refuse_nonsense(owed: Owed, check: IdentityCheck | None) -> None:
    kind, context = owed.kind, owed.context
    if kind not in NEEDS:
        raise ValueError(f"no notice is called {kind!r}")
    if (kind in STAFF_KINDS) != (owed.staff is not None) or (owed.staff is None and owed.submission is None):
        raise ValueError(f"{kind}: notices named staff_* go to staff, all others to the person of a submission")
    if kind != "code" and (kind in CONTACT_KINDS) != (owed.contact is not None):
        raise ValueError(f"{kind}: notices named contact_* go to a contact, all others do not")
    if (kind in TASK_KINDS) != (owed.link is not None):
        raise ValueError(f"{kind}: notices named task_* go to a department, all others do not")
    if owed.contact is not None and owed.contact.submission_id != (owed.submission and owed.submission.pk):
        raise ValueError(f"{kind}: this contact belongs to another case")
    if (kind == "code") != (check is not None):
        raise ValueError(f"{kind}: a code mail, and nothing else, carries an identity check")
    if missing := [key for key in NEEDS[kind] if key not in context]:
        raise ValueError(f"{kind}: the context lacks {', '.join(missing)}")


def _same_request(found: Notice, dsr: DataSubjectRequest | None) -> Notice:
    if found.dsr_id != (dsr.pk if dsr else None):
        raise ValueError(f"{found.kind}: this occurrence belongs to another request; make it distinct")
    return found
