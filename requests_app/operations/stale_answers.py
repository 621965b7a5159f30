"""What was read for an answer before the same source erased it is read anew, so that nothing stale is handed out (A40).
Below the verbs."""

from datetime import datetime

from django.db.models import F, Q

from requests_app.models import FulfilmentStep, SourceAct

from . import evidence
from .actors import Actor
from .erasing import AT_WORK
from .evidence import Kind
from .owed_steps import Status


def read_anew(act: SourceAct, *, at: datetime) -> None:
    """Have the other requests of the case, where nothing is released yet, ask this source again. What it had found is
    written over, and the package that was made of it is destroyed as out of date.

    Needs the caller's transaction with the submission locked. What was released stays the person's for its period.
    """
    begun = Q(status__in=(Status.FOUND, Status.WITHHELD)) | Q(status=Status.WAITING, started_at__isnull=False)
    steps = FulfilmentStep.objects.filter(begun, dsr__submission=act.dsr.submission_id, alias=act.alias)
    for step in steps.filter(dsr__state__in=sorted(AT_WORK), opened_at=F("dsr__opened_at")).order_by("pk"):
        fresh = {"status": Status.WAITING, "owed_at": at, "next_try_at": at, "attempts": 0, "failure_code": "",
                 "alarm_at": None, "reviewed_by": None, "reviewed_at": None,
                 "withheld_ground": "", "withheld_sealed": b""}  # fmt: skip
        FulfilmentStep.objects.filter(pk=step.pk).update(**fresh)
        body = {"step": str(step.pk), "source": step.alias, "before": step.status, "erased_by": str(act.pk)}
        evidence.append(
            act.dsr.submission_id, Kind.SOURCE_RETRIED, actor=Actor.system(), at=at, dsr_id=step.dsr_id, body=body
        )
