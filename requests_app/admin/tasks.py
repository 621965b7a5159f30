"""A department's task in the words of the desk."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.template.defaultfilters import pluralize
from django.utils.formats import date_format

from requests_app.models import FulfilmentStep, Notice, SourceAct, SourceTask, TaskLink
from requests_app.models.source_task import Said
from requests_app.operations import source_tasks
from requests_app.operations.doing import Word

from .presenting import GONE, readable
from .words import moment


def said(step: FulfilmentStep, *, at: datetime) -> str:
    """Who was asked, until when, and whether anybody has looked; "" where no people were asked."""
    return asked(_tasks().filter(step=step).first(), at=at)


def of_acts(acts: Iterable[SourceAct]) -> dict[UUID | None, SourceTask]:
    """Return the tasks of these, with all that is said of them."""
    return {task.act_id: task for task in _tasks().filter(act__in=acts)}


def _tasks() -> QuerySet[SourceTask]:
    mailed = TaskLink.objects.filter(Exists(Notice.objects.filter(task_link=OuterRef("pk"))))
    of = [f"{share}__dsr__{one}" for share in ("step", "act") for one in ("submission", "policy")]
    return SourceTask.objects.select_related(*of).prefetch_related(Prefetch("links", mailed))


def asked(task: SourceTask | None, *, at: datetime) -> str:
    """The same of a task; "" where there is none, or it was answered."""
    if task is None or task.answered_at is not None:
        return ""
    zone = task.dsr.submission.received_zone
    last_on = date_format(source_tasks.last_on(task), "l j F Y")
    links = [link for link in task.links.all() if link.issue == task.issue]
    opened = min((link.opened_at for link in links if link.opened_at), default=None)
    when = f"its last day was {last_on}" if source_tasks.is_late(task, at=at) else f"answer by {last_on}"
    looked = f"first opened on {moment(opened, zone)}" if opened else "not opened yet"
    sent = f"{len(links)} address{pluralize(len(links), 'es')}"
    return f"“{task.department}” has a task, sent to {sent}: {when}, {looked}"


def answered(task: SourceTask | None, act: SourceAct) -> dict[str, str] | None:
    """What a department said of an act; None where none did, or what it said does not count any more."""
    if task is None or task.answered_at is None or act.status not in (SourceAct.Status.DONE, SourceAct.Status.BY_HAND):
        return None
    zone = task.dsr.submission.received_zone
    said = readable(lambda: _words(task.said))
    return {"department": task.department, "said": said, "when": moment(task.answered_at, zone)}


def _words(said: Said | None) -> str:
    if said is None:
        return GONE
    words = {Word.NOTHING: "holds nothing of it.", Word.COULD_NOT: "could not."}.get(Word(said.word), "")
    return f"{words} {said.statement} ({said.by})".strip()
