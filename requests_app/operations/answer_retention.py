"""Destroy what was gathered and made for answers: with the released package on its date; what was replaced by a later
answer; and drafts of requests that ended without a release. What was sent stays provable by its digest.

What the running clock of a reopened request needs is younger than the release, and stays.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from requests_app.models import AnswerFile, FulfilmentStep, PolicyVersion, Redaction, StepFile
from requests_app.rules.lifecycle import ENDED

from . import evidence, files
from .actors import Actor
from .evidence import Kind
from .policies import policy_of

BATCH = 50
DRAFTS_KEPT = timedelta(days=1)  # after the end of a request: somebody may have pressed the wrong button
PACKAGE = AnswerFile.Kind.PACKAGE


def apply(now: datetime) -> int:
    """Destroy what is due by now; returns how many things went."""
    gone = 0
    for policy in PolicyVersion.objects.all():
        kept = timedelta(days=policy_of(policy).retention.kept_days)
        ended = Q(dsr__policy=policy, dsr__package__expires_at__lte=now - kept)
        released = AnswerFile.objects.filter(ended, attached_at__lte=F("dsr__package__released_at"))
        read = FulfilmentStep.objects.filter(ended, opened_at__lte=F("dsr__package__released_at"))
        gone += _destroy(released, read, why="", at=now)
    return gone + _destroy(*_replaced(), why="replaced", at=now) + _destroy(*_drafts(now), why="draft", at=now)


def _replaced() -> "tuple[QuerySet[AnswerFile], QuerySet[FulfilmentStep]]":
    """What a later answer to the same request has taken the place of."""
    released = AnswerFile.objects.filter(kind=PACKAGE, attached_at__lte=F("dsr__package__released_at"))
    later = AnswerFile.objects.filter(dsr=OuterRef("dsr"), kind=PACKAGE, attached_at__gt=OuterRef("attached_at"))
    newer = later.filter(attached_at__lte=OuterRef("dsr__package__released_at"))
    answered_again = Q(dsr__package__released_at__gte=F("dsr__opened_at"), opened_at__lt=F("dsr__opened_at"))
    return released.filter(Exists(newer)), FulfilmentStep.objects.filter(answered_again)


def _drafts(now: datetime) -> "tuple[QuerySet[AnswerFile], QuerySet[FulfilmentStep]]":
    """What was never released, of requests that ended a day ago."""
    over = Q(dsr__state__in=sorted(ENDED), dsr__answered_at__lte=now - DRAFTS_KEPT)
    never = Q(dsr__package=None)
    return (
        AnswerFile.objects.filter(over, never | Q(attached_at__gt=F("dsr__package__released_at"))),
        FulfilmentStep.objects.filter(over, never | Q(opened_at__gt=F("dsr__package__released_at"))),
    )


def _destroy(answer_files: "QuerySet[AnswerFile]", steps: "QuerySet[FulfilmentStep]", *, why: str, at: datetime) -> int:
    due_files = answer_files.filter(destroyed_at=None).select_related("dsr").order_by("attached_at", "pk")
    due_steps = steps.filter(destroyed_at=None).select_related("dsr").order_by("opened_at", "pk")
    gone = sum(_destroy_file(row, why=why, at=at) for row in due_files[:BATCH])
    return gone + sum(_destroy_step(row, why=why, at=at) for row in due_steps[:BATCH])


def _destroy_file(row: AnswerFile, *, why: str, at: datetime) -> bool:
    """Destroy the file, then say so; False where another sweep did. Safe to repeat after a crash midway."""
    files.destroy(row.pk)
    with transaction.atomic():
        if not AnswerFile.objects.filter(pk=row.pk, destroyed_at=None).update(destroyed_at=at):
            return False
        body = {"file": str(row.pk), "sha256": row.sha256, **({"why": why} if why else {})}
        _record(row, body, at)
    return True


def _destroy_step(row: FulfilmentStep, *, why: str, at: datetime) -> bool:
    """The same for what one source handed out: its records, its files, and the passages that were hidden in them."""
    handed_out = StepFile.objects.filter(step=row.pk, destroyed_at=None)
    for file in handed_out:
        files.destroy(file.pk)
    files.destroy(row.pk)
    with transaction.atomic():
        if not FulfilmentStep.objects.filter(pk=row.pk, destroyed_at=None).update(destroyed_at=at):
            return False
        count = handed_out.update(destroyed_at=at)
        Redaction.objects.filter(step=row.pk).update(passage_sealed=b"")
        if row.sha256:
            body: dict[str, str | int] = {
                "step": str(row.pk),
                "sha256": row.sha256,
                "files": count,
                "why": why or "gathered",
            }
            _record(row, body, at)
    return True


def _record(row: AnswerFile | FulfilmentStep, body: Mapping[str, str | int], at: datetime) -> None:
    evidence.append(
        row.dsr.submission_id, Kind.PACKAGE_DESTROYED, actor=Actor.system(), at=at, dsr_id=row.dsr_id, body=body
    )
