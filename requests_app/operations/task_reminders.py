"""Reminding departments of their tasks, and telling others once one is late: each once, however many sweeps run."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from requests_app.models import FulfilmentStep, SourceTask, TaskLink
from requests_app.rules.lifecycle import OPEN
from requests_app.rules.task_clock import MARGIN, OVER, end_of, next_at, owed

from .policies import policy_of
from .source_tasks import MARKS, clock_of, is_wanted, last_on, links_of, tell
from .team import alarm_officers
from .transition import lock

log = logging.getLogger(__name__)
BATCH = 100
INSTEAD = "withhold the source with a ground"
PUT_OFF = timedelta(hours=1)  # of a task that cannot be told of; the others go on
OF = ("task__step__dsr__submission", "task__act__dsr__submission")
ZONES = timedelta(days=1)  # between the controller's date and that of UTC


def remind_due(now: datetime) -> int:
    """Tell what is owed by now; returns of how many tasks. Also where the request has become due earlier than thought.

    Open tasks are few: they have an index of their own, and only these are looked at.
    """
    near = (now + ZONES + MARGIN).date()
    nearer = Q(step__dsr__due_on__lte=near) | Q(act__dsr__due_on__lte=near, act__dsr__state__in=sorted(OPEN))
    due = SourceTask.objects.filter(Q(next_at__lte=now) | Q(nearer, over_at=None), next_at__isnull=False)
    done = 0
    for pk in list(due.order_by("next_at", "pk").values_list("pk", flat=True)[:BATCH]):
        try:
            done += _remind(pk, now)
        except Exception as error:  # one that cannot be told of must not silence the others
            log.error("task %s cannot be told of: %s", pk, type(error).__name__)
            SourceTask.objects.filter(pk=pk, next_at__lte=now).update(next_at=now + PUT_OFF)
    return done


def _remind(pk: UUID, now: datetime) -> bool:
    with transaction.atomic():
        dsr = lock(SourceTask.objects.select_related("step__dsr", "act__dsr").get(pk=pk).dsr)
        task = SourceTask.objects.select_related("step", "act").get(pk=pk)  # as it stands under the lock
        task.share.dsr = dsr
        waits, wanted = task.share.status == FulfilmentStep.Status.PENDING, is_wanted(task)
        may_yet = dsr.is_open and dsr.opened_at == task.share.opened_at
        if task.answered_at is not None or not waits or not (wanted or may_yet):
            SourceTask.objects.filter(pk=pk).update(next_at=None)
            return False
        if not wanted:  # nobody may look at it now, and it may go on
            return False
        task.due_at = end_of(last_on(task), policy_of(dsr.policy).time_zone)
        told = owed(clock_of(task), now)
        for item in told:
            setattr(task, MARKS[item.kind], now)
            if item.kind == OVER:
                _tell_others(task, now)
            elif not item.superseded:
                _tell_asked(task, item.kind, now)
        task.next_at = next_at(clock_of(task))
        task.save(update_fields=["due_at", "next_at", *MARKS.values()])
        return bool(told)


def _tell_asked(task: SourceTask, occurrence: str, at: datetime) -> None:
    for link in links_of(task).exclude(role=TaskLink.Role.LATER).select_related(*OF):
        tell(link, "task_reminder", occurrence=occurrence, at=at)


def _tell_others(task: SourceTask, at: datetime) -> None:
    """Whoever is named for it, else the privacy officers; and the department, that others know."""
    _tell_asked(task, OVER, at)
    named = list(links_of(task).filter(role=TaskLink.Role.LATER).select_related(*OF))
    for link in named:
        tell(link, "task_late", occurrence=OVER, at=at)
    if named:
        return
    dsr = task.dsr
    sentence = (
        f"“{task.department}” has not answered a task about a case. Its last day was {last_on(task):%-d %B %Y}. "
        f"Phone them, have them asked again, or {'say yourself that it was done' if task.act_id else INSTEAD}."
    )
    occurrence = f"task:{task.pk.hex}:{task.issue}"
    alarm_officers(sentence, submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=at)
