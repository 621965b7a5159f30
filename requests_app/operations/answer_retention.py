"""Destroy what was gathered and made for answers: with the released package on its date; what was replaced by a later
answer; and drafts of requests that ended without a release. What was sent stays provable by its digest.

What the running clock of a reopened request needs is younger than the release, and stays.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from requests_app.models import AnswerFile, FulfilmentStep, PolicyVersion, Redaction, SourceTask, StepFile
from requests_app.rules.lifecycle import ENDED

from . import evidence, files
from .actors import Actor
from .evidence import Kind
from .policies import policy_of
from .transition import lock

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


def _destroy(answer_files: QuerySet[AnswerFile], steps: QuerySet[FulfilmentStep], *, why: str, at: datetime) -> int:
    due_files, due_steps = answer_files.filter(destroyed_at=None), steps.filter(destroyed_at=None)
    listed = due_files.select_related("dsr").order_by("attached_at", "pk")[:BATCH]
    gone = sum(_destroy_file(row, due_files, why=why, at=at) for row in listed)
    read = due_steps.select_related("dsr").order_by("opened_at", "pk")[:BATCH]
    return gone + sum(_destroy_step(row, due_steps, why=why, at=at) for row in read)


def _destroy_file(row: AnswerFile, due: QuerySet[AnswerFile], *, why: str, at: datetime) -> bool:
    """Destroy the file, then say so; False where another sweep did, or it was made available again meanwhile.

    The file goes while the case is locked: what is made available in this moment must not lose it. Safe to repeat
    after a crash midway.
    """
    with transaction.atomic():
        lock(row.dsr)
        if not due.filter(pk=row.pk).exists():
            return False
        files.destroy(row.pk)
        AnswerFile.objects.filter(pk=row.pk).update(destroyed_at=at)
        _record(row, {"file": str(row.pk), "sha256": row.sha256, **({"why": why} if why else {})}, at)
    return True


def _destroy_step(row: FulfilmentStep, due: QuerySet[FulfilmentStep], *, why: str, at: datetime) -> bool:
    """The same for what one source handed out: its records, its files, the passages that were hidden in them, and
    about whom a department was asked."""
    with transaction.atomic():
        lock(row.dsr)
        if not due.filter(pk=row.pk).exists():
            return False
        handed_out = StepFile.objects.filter(step=row.pk, destroyed_at=None)
        for pk in (row.pk, *handed_out.values_list("pk", flat=True)):
            files.destroy(pk)
        FulfilmentStep.objects.filter(pk=row.pk).update(destroyed_at=at)
        count = handed_out.update(destroyed_at=at)
        Redaction.objects.filter(step=row.pk).update(passage_sealed=b"")
        SourceTask.objects.filter(step=row.pk).update(about_sealed=b"")
        if row.sha256:
            body = {"step": str(row.pk), "sha256": row.sha256, "files": str(count), "why": why or "gathered"}
            _record(row, body, at)
    return True


def _record(row: AnswerFile | FulfilmentStep, body: Mapping[str, str | int], at: datetime) -> None:
    evidence.append(
        row.dsr.submission_id, Kind.PACKAGE_DESTROYED, actor=Actor.system(), at=at, dsr_id=row.dsr_id, body=body
    )
