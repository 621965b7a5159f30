"""A system that says it is preparing its answer, and never gives it: staff are told, again and again until it came."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from requests_app.models import FulfilmentStep
from requests_app.rules.lifecycle import State
from requests_app.rules.task_clock import silent_at

from .policies import policy_of
from .team import alarm_officers
from .transition import lock

BATCH = 100


def tell_due(now: datetime) -> int:
    """Tell what is owed by now; returns of how many sources. Nothing due is one look at a partial index."""
    due = FulfilmentStep.objects.filter(alarm_at__lte=now).order_by("alarm_at", "pk")
    return sum(_tell(pk, now) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def _tell(pk: UUID, now: datetime) -> bool:
    with transaction.atomic():
        dsr = lock(FulfilmentStep.objects.select_related("dsr").get(pk=pk).dsr)
        step = FulfilmentStep.objects.get(pk=pk)  # as it stands under the lock
        if step.alarm_at is None or step.alarm_at > now:
            return False
        waits = step.status == FulfilmentStep.Status.PENDING and step.opened_at == dsr.opened_at
        again = silent_at(now, due_on=dsr.due_on, tz=policy_of(dsr.policy).time_zone) if waits and dsr.is_open else None
        FulfilmentStep.objects.filter(pk=pk).update(alarm_at=again)
        if again is None or dsr.state != State.IN_PROGRESS:
            return False
        sentence = (
            f"The data source {step.alias} was asked about a case, says that its answer comes, and has not given it "
            "for days. Ask whoever runs it, have it asked again, or withhold it with a ground."
        )
        occurrence = f"{pk.hex}:{now.isoformat()}"
        alarm_officers(sentence, submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=now)
        return True
