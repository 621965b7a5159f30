"""The review before release: what of a source is hidden, with its ground, and that somebody looked at the rest.

What is hidden stands beside what was read; every change has the package made anew and voids the review (GDPR 15(4)).
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from requests_app.models import DataSubjectRequest, FulfilmentStep, Mark, Message, Redaction, StepFile
from requests_app.models.keys import held, seal
from requests_app.rules.lifecycle import State
from requests_app.rules.redaction import Hidden, occurs
from requests_app.rules.refusal import grounds_for

from . import evidence, messages
from .actors import Actor
from .evidence import Kind
from .others import FILE, found_in, is_checked, left_in, own_of
from .owed_steps import Status, owe_package
from .policies import policy_of
from .refused import Refused
from .step_records import record_at
from .team import refuse_own, require
from .transition import lock

GONE = "This source was read anew, or something of it hidden or shown, in the meantime: look at it again."


def hide(
    step: FulfilmentStep, *, position: int, column: str, passage: str, ground: str, actor: Actor, at: datetime
) -> None:
    """Hide a record, a field of it, or a passage of that field. Raises Refused, and NoSuchRecord."""
    account = _may_hide(step.dsr, ground, actor)
    record = record_at(step, position)
    if passage and not column:
        raise Refused("Choose the field in which the passage stands.")
    if column and column not in (record.values or {}):
        raise Refused("This record has no such field.")
    passage, own = _as_it_stands((record.values or {}).get(column), passage), own_of(step)
    with transaction.atomic():
        dsr = _lock(step)
        standing = list(_standing(step).filter(position=position, column=column))
        if any(row.passage == passage for row in standing):
            raise Refused("This is hidden already.")
        one = _redaction(step, record.table, position, Hidden(column, passage), ground, account, at)
        one.save(force_insert=True)
        if not left_in(record, _standing(step).filter(position=position), own):
            Mark.objects.filter(step=step, position=position).update(hidden=True)
        _changed(dsr, step, Kind.RECORD_HIDDEN, _named(one), actor, at)


def hide_marked(step: FulfilmentStep, *, ground: str, actor: Actor, at: datetime) -> int:
    """Hide all that the check marked in records and names of files; return how many passages. Files whose name tells
    of nobody stay: somebody has to open them. The check then goes on where it had stopped."""
    account = _may_hide(step.dsr, ground, actor)
    own, marks = own_of(step), list(step.marks.filter(hidden=False).select_related("file__step__dsr"))
    wanted = [
        (record.table, mark.position, Hidden(found.column, found.passage))
        for mark in marks
        if mark.position is not None
        for record in [record_at(step, mark.position)]
        for found in found_in(record, own)
    ]
    named = [mark for mark in marks if mark.file is not None and mark.kinds != [FILE]]
    with transaction.atomic(), held([step.dsr.submission_id]):
        dsr = _lock(step)
        known = {(row.position, row.column, row.passage) for row in _standing(step)}
        made = Redaction.objects.bulk_create(
            _redaction(step, table, position, what, ground, account, at)
            for table, position, what in wanted
            if (position, what.column, what.passage) not in known
        )
        StepFile.objects.filter(pk__in=[mark.file_id for mark in named]).update(hidden_ground=ground)
        done = [mark.pk for mark in marks if mark.position is not None] + [mark.pk for mark in named]
        Mark.objects.filter(pk__in=done).update(hidden=True)
        if not is_checked(step):
            FulfilmentStep.objects.filter(pk=step.pk, check_at=None).update(check_at=at)
        body: dict[str, str | int] = {
            "ground": ground,
            "hidden": len(made) + len(named),
            "places": _digest(sorted(f"{row.position}:{row.column}" for row in made)),
        }
        _changed(dsr, step, Kind.RECORD_HIDDEN, body, actor, at)
        return len(made) + len(named)


def show(redaction: Redaction, *, actor: Actor, at: datetime) -> None:
    """Hand out again what was hidden."""
    require(actor, "hide")
    with transaction.atomic():
        dsr = _lock(redaction.step)
        if not Redaction.objects.filter(pk=redaction.pk, undone_at=None).update(undone_at=at):
            raise Refused("This is shown already.")
        Mark.objects.filter(step=redaction.step, position=redaction.position).update(hidden=False)
        _changed(dsr, redaction.step, Kind.RECORD_SHOWN, _named(redaction), actor, at)


def hide_file(file: StepFile, *, ground: str, actor: Actor, at: datetime) -> None:
    """Hand out a file of a source no more; with an empty ground, hand it out again."""
    if ground:
        _may_hide(file.step.dsr, ground, actor)
    require(actor, "hide")
    with transaction.atomic():
        dsr = _lock(file.step)
        StepFile.objects.filter(pk=file.pk).update(hidden_ground=ground)
        Mark.objects.filter(file=file).update(hidden=bool(ground))
        kind = Kind.RECORD_HIDDEN if ground else Kind.RECORD_SHOWN
        body: dict[str, str | int] = {"file": str(file.pk), "ground": ground or file.hidden_ground}
        _changed(dsr, file.step, kind, body, actor, at)


def note_seen(marks: Iterable[Mark], *, actor: Actor) -> None:
    """Remember that this account opened these places."""
    account = require(actor, "review")
    for mark in marks:
        if account.pk not in mark.seen_by:
            mark.seen_by = sorted({*mark.seen_by, account.pk})
            mark.save(update_fields=["seen_by"])


def unseen(step: FulfilmentStep, account: User) -> int:
    """Return how many marked places this account has neither opened nor are hidden."""
    open_ones = step.marks.filter(hidden=False).values_list("seen_by", flat=True)
    return sum(account.pk not in seen for seen in open_ones)


def mark_reviewed(step: FulfilmentStep, *, why: str, actor: Actor, at: datetime, seen: str | None = None) -> None:
    """Record that somebody looked at a source and that the rest may be handed out. Where the check has not come to
    its end, or marked places were not opened, they say why not; that is kept as an internal note.

    `seen`: the digest of what they looked at; raises Refused where a department, or a source that was asked again,
    has answered anew since.
    """
    account = require(actor, "review")
    refuse_own(step.dsr.submission, account)
    with transaction.atomic():
        dsr = _lock(step)
        if seen is not None and seen != digest_of(step):
            raise Refused(GONE)
        left = unseen(step, account)
        if not why.strip() and not is_checked(step):
            raise Refused("The check for other people has not come to its end. Wait for it, or say why you do not.")
        if not why.strip() and left:
            raise Refused(f"You have not opened every marked place: {left} left. Open them, or say why not.")
        FulfilmentStep.objects.filter(pk=step.pk).update(reviewed_by=account, reviewed_at=at)
        body: dict[str, str | int] = {
            "step": str(step.pk), "source": step.alias, "digest": digest_of(step), "unseen": left,
        }  # fmt: skip
        if why.strip():
            note = messages.write(dsr, author=Message.Author.INTERNAL, text=why, actor=actor, at=at)
            body["message"] = str(note.pk)
        evidence.append(dsr.submission_id, Kind.SOURCE_REVIEWED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def digest_of(step: FulfilmentStep) -> str:
    """Return the SHA-256 of what is handed out of a source: what was read, its files, and what of them is hidden."""
    hidden = Redaction.objects.filter(step=step, undone_at=None).order_by("pk").values_list("pk", "ground")
    files = StepFile.objects.filter(step=step).order_by("pk").values_list("pk", "sha256", "hidden_ground")
    return _digest(
        [step.status, step.sha256, step.withheld_ground, *(f"{pk}:{ground}" for pk, ground in hidden),
         *(f"{pk}:{sha256}:{ground}" for pk, sha256, ground in files)]
    )  # fmt: skip


def _may_hide(dsr: DataSubjectRequest, ground: str, actor: Actor) -> User:
    account = require(actor, "hide")
    refuse_own(dsr.submission, account)
    if ground not in {one.key for one in grounds_for(policy_of(dsr.policy), dsr.right)}:
        raise Refused("Choose a ground that the law allows for this right.")
    return account


def _lock(step: FulfilmentStep) -> DataSubjectRequest:
    """Lock the request of a step that was read and is not decided about. Needs the caller's transaction."""
    dsr = lock(step.dsr)
    if dsr.state != State.IN_PROGRESS or dsr.opened_at != step.opened_at:
        raise Refused("This request is not in progress any more: return or reopen it first.")
    if not FulfilmentStep.objects.filter(pk=step.pk, status=Status.FOUND, sha256=step.sha256).exists():
        raise Refused(GONE)
    return dsr


def _as_it_stands(value: Any, passage: str) -> str:
    """The passage in the spelling that the field has: a form sends line breaks in one way."""
    spellings = (passage, passage.replace("\r\n", "\n"), passage.replace("\r\n", "\r"))
    if not passage:
        return ""
    for spelling in spellings:
        if occurs(value, spelling):
            return spelling
    raise Refused("This passage does not stand in the field. Copy it letter by letter.")


def _standing(step: FulfilmentStep) -> QuerySet[Redaction]:
    return Redaction.objects.filter(step=step, undone_at=None).select_related("step__dsr")


def _redaction(
    step: FulfilmentStep, table: str, position: int, what: Hidden, ground: str, account: User, at: datetime
) -> Redaction:
    pk = uuid.uuid4()
    sealed = seal(step.dsr.submission_id, f"redaction.passage.{pk}", what.passage)
    return Redaction(
        pk=pk, step=step, table=table, position=position, column=what.column, passage_sealed=sealed, ground=ground,
        hidden_by=account, hidden_at=at,
    )  # fmt: skip


def _named(one: Redaction) -> dict[str, str | int]:
    return {"redaction": str(one.pk), "table": one.table, "position": one.position, "column": one.column,
            "ground": one.ground}  # fmt: skip


def _changed(
    dsr: DataSubjectRequest, step: FulfilmentStep, kind: Kind, body: dict[str, str | int], actor: Actor, at: datetime
) -> None:
    FulfilmentStep.objects.filter(pk=step.pk).update(reviewed_by=None, reviewed_at=None)
    body = {"step": str(step.pk), "source": step.alias, **body}
    evidence.append(dsr.submission_id, kind, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    owe_package(dsr, at=at)


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(words)).encode()).hexdigest()
