"""Destroy what is left of an ended case when its periods are over: messages, contact data, at last its data key.

`Submission.retention_at` says when to look next: an open case is looked at again when it could be owed something at
the earliest, so that nothing has to be kept in step with its state.
"""

import logging
import time
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from requests_app.models import (
    AnswerFile,
    Authority,
    FulfilmentStep,
    Message,
    ProofDocument,
    StepFile,
    Submission,
)
from requests_app.rules.retention import AGAIN, Stage, ends_at, look_again

from . import evidence, files, register, sealed_columns
from .actors import Actor
from .evidence import Kind
from .kept import ended_at, kept_for
from .policies import policy_of

log = logging.getLogger(__name__)
BATCH = 100
DESTROYED: dict[Stage, tuple[str, Kind]] = {
    Stage.MESSAGES: ("messages_destroyed_at", Kind.MESSAGES_DESTROYED),
    Stage.CONTACT: ("contact_destroyed_at", Kind.CONTACT_DESTROYED),
    Stage.CASE: ("destroyed_at", Kind.CASE_DESTROYED),
}
FILES: tuple[tuple[type[Model], str, dict[str, int]], ...] = (  # by the way to the case; a row of any outlives its file
    (AnswerFile, "dsr__submission", {}),
    (FulfilmentStep, "dsr__submission", {}),
    (StepFile, "step__dsr__submission", {}),
    (ProofDocument, "submission", {"pages": 0}),
    (Authority, "submission", {}),
)


def apply(now: datetime, *, budget: float) -> int:
    """Destroy what is due by now, for about `budget` seconds; returns how many stages of cases went."""
    gone, until = 0, time.monotonic() + budget
    Submission.objects.filter(retention_at=None, destroyed_at=None).update(retention_at=now)  # filed since
    due = Submission.objects.filter(retention_at__lte=now).order_by("retention_at", "pk")
    while time.monotonic() < until and (batch := list(due.values_list("pk", flat=True)[:BATCH])):
        for pk in batch:
            try:
                gone += look(pk, at=now)
            except Exception as error:  # one case that cannot be destroyed must not keep all the others
                log.error("case %s cannot be destroyed yet: %s", pk, type(error).__name__)
                Submission.objects.filter(pk=pk).update(retention_at=now + AGAIN)
    return gone


def look(submission_id: UUID, *, at: datetime) -> int:
    """Destroy what is due of one case, and note when to look again; returns how many stages went.

    Files go while the case is locked; its key last of all, when nothing asks for it any more. A crash before the end
    leaves a case that is still due.
    """
    with transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).select_related("policy").get(pk=submission_id)
        due, again = _due(submission, at=at)
        for stage in due:
            _empty(submission, stage, at=at)
        _destroy_files(submission, due, at=at)
        ends = Stage.CASE in due or submission.destroyed_at is not None
        Submission.objects.filter(pk=submission.pk).update(retention_at=at if ends else again)
    if ends:
        destroy_key(submission_id, at=at)
        Submission.objects.filter(pk=submission_id).update(retention_at=None)
    return len(due)


def _due(submission: Submission, *, at: datetime) -> tuple[list[Stage], datetime | None]:
    """What goes now, and when to look again."""
    retention = policy_of(submission.policy).retention
    ended = ended_at(submission)
    if ended is None:
        return [], look_again(at, retention)
    # What was written after a reopening goes after its own end.
    gone = {stage: getattr(submission, DESTROYED[stage][0]) for stage in Stage}
    ends = {stage: ends_at(stage, ended, retention) for stage in Stage if gone[stage] is None or gone[stage] < ended}
    due = [stage for stage, end in ends.items() if end <= at]
    if due and kept_for(submission, at=at):
        return [], at + AGAIN
    later = [end for stage, end in ends.items() if stage not in due]
    if Stage.CONTACT in ends and Stage.CONTACT not in due:  # until then it can be taken up again
        later.append(look_again(at, retention))
    return due, min(later, default=None)


def _empty(submission: Submission, stage: Stage, *, at: datetime) -> None:
    ended = ended_at(submission)
    rows = sealed_columns.empty(stage, submission.pk)
    column, kind = DESTROYED[stage]
    Submission.objects.filter(pk=submission.pk).update(**{column: at})
    body: dict[str, str | int] = {
        "rows": rows,
        "ended_at": ended.isoformat() if ended else "",
        "policy": str(submission.policy),
    }
    evidence.append(submission.pk, kind, actor=Actor.system(), at=at, body=body)


def _destroy_files(submission: Submission, stages: list[Stage], *, at: datetime) -> None:
    if {Stage.MESSAGES, Stage.CASE} & set(stages):
        for pk in (
            Message.objects.filter(dsr__submission=submission).exclude(file_sha256="").values_list("pk", flat=True)
        ):
            files.destroy(pk)
    if Stage.CASE in stages:
        for model, case, values in FILES:
            left = model._default_manager.filter(destroyed_at=None, **{case: submission.pk})
            for pk in left.values_list("pk", flat=True):
                files.destroy(pk)
            left.update(destroyed_at=at, **values)


def destroy_key(submission_id: UUID, *, at: datetime) -> None:
    """End every sealed copy of a case, those in backups too. A second call is harmless."""
    register.destroy_keys([submission_id], at=at)
