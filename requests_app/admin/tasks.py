"""A department's task in the words of the desk."""

from datetime import datetime

from django.template.defaultfilters import pluralize
from django.utils.formats import date_format

from requests_app.models import FulfilmentStep, SourceTask
from requests_app.operations import source_tasks

from .words import moment


def said(step: FulfilmentStep, *, at: datetime) -> str:
    """Who was asked, until when, and whether anybody has looked; "" where no people were asked."""
    task = SourceTask.objects.select_related("step__dsr__policy").filter(step=step, answered_at=None).first()
    if task is None:
        return ""
    zone = step.dsr.submission.received_zone
    last_on = date_format(source_tasks.last_on(task), "l j F Y")
    asked = source_tasks.links_of(task).exclude(notices=None)
    opened = asked.exclude(opened_at=None).order_by("opened_at").first()
    when = f"its last day was {last_on}" if source_tasks.is_late(task, at=at) else f"answer by {last_on}"
    looked = f"first opened on {moment(opened.opened_at, zone)}" if opened else "not opened yet"
    count = asked.distinct().count()
    return f"“{task.department}” has a task, sent to {count} address{pluralize(count, 'es')}: {when}, {looked}"
