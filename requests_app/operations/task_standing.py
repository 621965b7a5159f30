"""What can be done by the link of a department's task now. Below the verbs that answer it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from requests_app.models import FulfilmentStep, Redaction, SourceAct, StepFile, TaskLink

from .refused import Refused
from .source_tasks import is_wanted, with_task
from .transition import lock

LIFE = timedelta(days=30)  # of a link, after the last day of its task
READ = (FulfilmentStep.Status.FOUND, FulfilmentStep.Status.NOTHING)


class Standing(StrEnum):
    """What can be done by a link."""

    OPEN = "open"
    MINE = "mine"  # answered by this link, and can be corrected
    SAID = "said"  # the same, and stays as it is: what was done is done
    TAKEN = "taken"  # answered by a colleague
    OVER = "over"  # answered, and reviewed or decided
    DROPPED = "dropped"
    EXPIRED = "expired"


def standing(link: TaskLink, *, at: datetime) -> Standing:
    """Return what can be done by this link now."""
    task = link.task
    current = link.issue == task.issue and is_wanted(task)
    if task.answered_at is None or _is_asked_again(task.share):
        if not current or task.share.status != "pending":
            return Standing.DROPPED
        return Standing.OPEN if at < task.due_at + LIFE else Standing.EXPIRED
    mine = link.email_digest == task.answered_by and link.issue == task.issue
    if isinstance(task.share, SourceAct):
        return Standing.SAID if mine else Standing.TAKEN
    if not current or _is_reviewed(task.share):
        return Standing.OVER
    return Standing.MINE if mine else Standing.TAKEN


def _is_asked_again(share: FulfilmentStep | SourceAct) -> bool:
    """Whether what was answered does not count any more."""
    if isinstance(share, SourceAct):
        return share.status in (SourceAct.Status.WAITING, SourceAct.Status.PENDING)
    return share.status not in READ


def _is_reviewed(step: FulfilmentStep) -> bool:
    """Whether somebody has begun to look through it: from then on it stays as it is."""
    hidden = Redaction.objects.filter(step=step, undone_at=None)
    files_hidden = StepFile.objects.filter(step=step).exclude(hidden_ground="")
    return step.reviewed_at is not None or hidden.exists() or files_hidden.exists()


def locked(link: TaskLink, allowed: Collection[Standing], *, at: datetime) -> TaskLink:
    """Lock the request, and return the link as it stands then; raises Refused unless this can be done by it."""
    lock(link.task.dsr)
    fresh: TaskLink = with_task().get(pk=link.pk)
    if standing(fresh, at=at) not in allowed:
        raise Refused(_("This task is not open any more. Nothing was taken."))
    return fresh
