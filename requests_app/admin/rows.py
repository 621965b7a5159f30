"""What the rows of a page show, read for all of them at once: the number of questions does not grow with the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from requests_app import clock
from requests_app.models import Authority, DataSubjectRequest, Message
from requests_app.operations import people_found, timeline
from requests_app.operations.asking import documents_awaited
from requests_app.operations.being_erased import stands_against
from requests_app.rules.holder import HolderBar

from .filters import unserved
from .presenting import days_left, holder, local_day, next_action, people


@dataclass(frozen=True, slots=True)
class Row:
    """One request as the queue shows it. `next_act` is the key of a button, `case`, or nothing."""

    person: dict[str, str]
    unserved: bool
    days: dict[str, Any]
    due_on: date
    holder: str
    bar: HolderBar
    next_words: str
    next_act: str
    behalf: str  # in which role whoever filed asks for somebody else, or nothing


def unread(rows: Sequence[DataSubjectRequest]) -> set[UUID]:
    """The requests in whose thread the person wrote last."""
    thread = Message.objects.filter(dsr__in=rows).exclude(author=Message.Author.INTERNAL).order_by("written_at")
    last = dict(thread.values_list("dsr_id", "author"))
    return {pk for pk, author in last.items() if author == Message.Author.PERSON}


def not_reached(rows: Sequence[DataSubjectRequest]) -> set[UUID]:
    """The requests about which a notice did not arrive; a notice about the whole submission counts for each."""
    failed = set(unserved(submission__requests__in=rows).values_list("submission_id", "dsr_id"))
    return {dsr.pk for dsr in rows if failed & {(dsr.submission_id, dsr.pk), (dsr.submission_id, None)}}


def prepare(rows: Sequence[DataSubjectRequest], user: Any, now: datetime) -> dict[UUID, Row]:
    """What each request shows, by its id."""
    persons = people(dsr.submission for dsr in rows)
    bars = timeline.holder_bars(rows, at=now)
    wrote, missed, several = unread(rows), not_reached(rows), people_found.waiting(rows)
    for_others = Authority.objects.filter(submission__requests__in=rows)
    behalf = {row.submission_id: row.get_kind_display() for row in for_others}
    documents, against = documents_awaited(rows), stands_against(rows)
    found = {}
    for dsr in rows:
        document, stands = documents.get(dsr.pk), against.get(dsr.pk)
        words, act = next_action(
            dsr,
            user,
            unread=dsr.pk in wrote,
            unserved=dsr.pk in missed,
            several=dsr.pk in several,
            document=document,
            stands=stands,
        )
        found[dsr.pk] = Row(
            person=persons[dsr.submission_id],
            unserved=dsr.pk in missed,
            days=days_left(dsr, local_day(now, dsr.policy)),
            due_on=dsr.due_on,
            holder=holder(dsr, document, stands),
            bar=bars[dsr.pk],
            next_words=words,
            next_act=act,
            behalf=behalf.get(dsr.submission_id, ""),
        )
    return found


class Page(ChangeList):
    """One page of the queue, with its rows prepared."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows, and then what they show."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        prepared = prepare(self.result_list, request.user, clock.now())
        for dsr in self.result_list:
            dsr.row = prepared[dsr.pk]
