"""A department's task in the words of the desk."""

from datetime import datetime

from django.template.defaultfilters import pluralize
from django.utils.formats import date_format

from requests_app.models import FulfilmentStep, SourceAct, SourceTask
from requests_app.models.source_task import Said
from requests_app.operations import source_tasks
from requests_app.operations.doing import Word

from .presenting import GONE, readable
from .words import moment


def said(share: FulfilmentStep | SourceAct, *, at: datetime) -> str:
    """Who was asked, until when, and whether anybody has looked; "" where no people were asked."""
    of = {"act": share} if isinstance(share, SourceAct) else {"step": share}
    rows = SourceTask.objects.select_related("step__dsr__policy", "act__dsr__policy")
    task = rows.filter(**of, answered_at=None).first()
    if task is None:
        return ""
    zone = share.dsr.submission.received_zone
    last_on = date_format(source_tasks.last_on(task), "l j F Y")
    asked = source_tasks.links_of(task).exclude(notices=None)
    opened = asked.exclude(opened_at=None).order_by("opened_at").first()
    when = f"its last day was {last_on}" if source_tasks.is_late(task, at=at) else f"answer by {last_on}"
    looked = f"first opened on {moment(opened.opened_at, zone)}" if opened else "not opened yet"
    count = asked.distinct().count()
    return f"“{task.department}” has a task, sent to {count} address{pluralize(count, 'es')}: {when}, {looked}"


def answered(act: SourceAct) -> dict[str, str] | None:
    """What a department said of an act; None where none did, or what it said does not count any more."""
    task = SourceTask.objects.select_related("act__dsr").filter(act=act).exclude(answered_at=None).first()
    if task is None or act.status not in (SourceAct.Status.DONE, SourceAct.Status.BY_HAND):
        return None
    zone = act.dsr.submission.received_zone
    said = readable(lambda: _words(task.said))
    return {"department": task.department, "said": said, "when": moment(task.answered_at, zone)}


def _words(said: Said | None) -> str:
    if said is None:
        return GONE
    words = {Word.NOTHING: "holds nothing of it.", Word.COULD_NOT: "could not."}.get(Word(said.word), "")
    return f"{words} {said.statement} ({said.by})".strip()
