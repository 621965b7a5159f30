"""Owing the work of a request: a step for each data source, a package once they have answered. Doing it is
`fulfilment` and `package`."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet

from requests_app.connectors import finders, holders
from requests_app.models import DataSubjectRequest, FulfilmentStep, PackageBuild, SourceAct

PORTABILITY = "portability"
HANDS_OUT = ("access", PORTABILITY)  # the rights that are answered by what the sources hold (P1, P7)
Status = FulfilmentStep.Status
ANOTHER_INSTANT = timedelta(microseconds=1)
UNANSWERED = (Status.WAITING, Status.PENDING, Status.SEVERAL)


def owe_steps(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Owe one step for each source that holds something, once for each clock of a request that is begun.

    Needs the caller's transaction with the request locked.
    """
    if dsr.right not in HANDS_OUT:
        return
    known = set(steps_of(dsr).values_list("alias", flat=True))
    FulfilmentStep.objects.bulk_create(
        FulfilmentStep(dsr=dsr, alias=alias, opened_at=dsr.opened_at, owed_at=at, next_try_at=at)
        for alias in _asked_about(dsr.right)
        if alias not in known
    )


def _asked_about(right: str) -> list[str]:
    """Every source; of portability those alone that know people by themselves: what a department writes is not
    processed by automated means (GDPR 20(1)(b)), and nobody looks through people's papers for nothing."""
    known_by = set(finders())
    return [alias for alias in holders() if right != PORTABILITY or alias in known_by]


def steps_of(dsr: DataSubjectRequest) -> QuerySet[FulfilmentStep]:
    """Return the steps of the clock that runs, or ran last."""
    return FulfilmentStep.objects.filter(dsr=dsr, opened_at=dsr.opened_at)


def owe_package(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Owe the package anew, where every source has answered or was withheld: what it is made of has changed.

    Needs the caller's transaction with the request locked.
    """
    steps = steps_of(dsr)
    if not steps.exists() or steps.filter(status__in=UNANSWERED).exists():
        return
    PackageBuild.objects.update_or_create(dsr=dsr, defaults={"next_try_at": at, "attempts": 0, "failure_code": ""})


def ask_anew(steps: QuerySet[FulfilmentStep], *, at: datetime) -> None:
    """Have these asked again from the beginning. Needs the caller's transaction with the request locked."""
    fresh = {
        "status": Status.WAITING,
        "owed_at": at,
        "next_try_at": at,
        "attempts": 0,
        "failure_code": "",
        "alarm_at": None,
    }
    steps.update(**fresh, reviewed_by=None, reviewed_at=None, withheld_ground="", withheld_sealed=b"")


def wake_steps(submission_id: UUID, *, at: datetime) -> None:
    """Have the steps, the plans and the restrictions looked at now that were put off until it is shown who asks.

    A worker that looks at one this moment and saw it unshown must not put it off any more: claims compare the instant,
    so it changes also where it was due already.
    """
    unanswered = {"dsr__submission": submission_id, "status": Status.WAITING, "attempts": 0}
    plans = SourceAct.objects.filter(**unanswered, act__in=(SourceAct.Act.PLAN, SourceAct.Act.RESTRICT))
    for rows in (plans, FulfilmentStep.objects.filter(**unanswered)):
        rows.filter(next_try_at__gt=at).update(next_try_at=at)
        rows.filter(next_try_at__lte=at).update(next_try_at=F("next_try_at") - ANOTHER_INSTANT)
