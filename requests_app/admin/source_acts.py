"""What the data sources were told for a request, in words, and the buttons of one act: tell it again, done by hand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest, SourceAct, SourceTask
from requests_app.models.keys import held
from requests_app.operations import erasure_plan
from requests_app.operations.actors import Actor
from requests_app.operations.erasure_plan import AGAIN_IN
from requests_app.operations.owed_acts import (
    AT_ONCE,
    DEPARTMENT,
    NEXT_DAY,
    RECIPIENTS,
    TAKEN_BACK,
    WHEN,
    Act,
    Status,
    acts_of,
    fits,
)
from requests_app.rules.lifecycle import State

from . import one_form, several_people, tasks
from .forms import area
from .roles import may
from .words import moment, named

PAGE = "admin:requests_app_datasubjectrequest_source_act"
TOLD = {
    Status.WAITING: "not yet",
    Status.PENDING: "told, and answers later",
    Status.BY_HAND: "people have to do it",
    Status.DONE: "done",
    Status.CONTRADICTED: "it still holds data",
    Status.FAILED: "it could not be told",
    Status.SEVERAL: "several people found: nothing is told before somebody chooses",
}
ASKED = {
    Act.PLAN: "What it would reach",
    Act.ERASE: "Erase",
    Act.WITHDRAW: "What the person allows",
    Act.RECTIFY: "Put right",
    Act.RESTRICT: "Restrict",
    Act.LIFT: "Lift",
}
OCCASIONS = {AT_ONCE: "Asked at once what is left", NEXT_DAY: "Asked after a day"}
TONES = {
    Status.FAILED: "late",
    Status.SEVERAL: "late",
    Status.CONTRADICTED: "late",
    Status.BY_HAND: "soon",
    Status.DONE: "fine",
}
INTRO = {
    "again": "The source is told anew. What was decided for it stays.",
    "by_hand": "You say that people did it. The source is asked afterwards whether anything is left, where it can be.",
}
ANCHORS = {Act.RECTIFY: "changes", Act.WITHDRAW: "told", Act.RESTRICT: "limits", Act.LIFT: "limits"}
ANEW = "The source erases once more what was decided, and is asked anew what is left."
VERBS = {"again": "retry_step", "by_hand": "attest"}


class NoteForm(forms.Form):
    """Who did it, how and when."""

    note = forms.CharField(
        widget=area(3), max_length=2000, label="Who did it, how and when",
        help_text="Kept as an internal note, which the person can ask for.",
    )  # fmt: skip


def panel(dsr: DataSubjectRequest, user: Any) -> list[dict[str, Any]]:
    """What each source was told of what the person allows; nothing of other rights, which have panels of their own."""
    rows = acts_of(dsr).filter(act=Act.WITHDRAW).select_related("attested_by").order_by("alias", "due_at")
    return said(list(rows), dsr, user)


def said(acts: Collection[SourceAct], dsr: DataSubjectRequest, user: Any) -> list[dict[str, Any]]:
    """These in words, and what can be done about each. However many they are, it is a few questions to the database."""
    if not acts:
        return []
    with held([dsr.submission_id]):
        theirs, people = tasks.of_acts(acts), several_people.by_alias(dsr, user)
        return [_said(act, theirs.get(act.pk), people.get(act.alias, {}), dsr, user) for act in acts]


def _said(
    act: SourceAct, task: SourceTask | None, people: dict[str, str], dsr: DataSubjectRequest, user: Any
) -> dict[str, Any]:
    zone, status = dsr.submission.received_zone, Status(act.status)
    theirs = tasks.asked(task, at=clock.now()) if status == Status.PENDING else ""
    answered = tasks.answered(task, act)
    people = people if act.act == Act.PLAN or status == Status.SEVERAL else {}
    waits = status == Status.WAITING and act.next_try_at
    return {
        "row": act,
        "words": ASKED.get(Act(act.act)) or OCCASIONS.get(act.occasion, "Asked after the backups ended"),
        "said": theirs or _words(act, status),
        "department": answered,
        "tone": "" if act.failure_code == TAKEN_BACK else TONES.get(status, ""),
        "when": act.finished_at and moment(act.finished_at, zone),
        "next": moment(act.next_try_at, zone) if waits else "",
        "people": people,
        "buttons": [
            {"url": reverse(PAGE, args=[act.pk, key]), "label": label}
            for key, label in _buttons(act, dsr, user, asked=bool(theirs or answered))
        ]
        + ([{"url": people["url"], "label": people["label"]}] if people.get("url") else []),
    }


def _words(act: SourceAct, status: SourceAct.Status) -> str:
    if act.act == Act.VERIFY and status == Status.DONE:
        return "nothing is left"
    if act.failure_code == TAKEN_BACK:
        return "over, since the person took it back"
    who = named(act.attested_by) if act.attested_by else ""
    if status == Status.DONE and not who and DEPARTMENT in act.answer:
        who = f"“{act.answer[DEPARTMENT]}”"
    return TOLD[status] + (f", says {who}" if who else "")


def _buttons(act: SourceAct, dsr: DataSubjectRequest, user: Any, *, asked: bool) -> list[tuple[str, str]]:
    """`asked`: a department has a task for it, or answered it; it can be asked again, and be phoned instead."""
    status, found = Status(act.status), []
    if act.failure_code == TAKEN_BACK:
        return []
    again = status in (Status.FAILED, Status.CONTRADICTED) or (asked and status in (Status.PENDING, Status.BY_HAND))
    if again and _lets(AGAIN_IN, act, dsr) and may(user, "retry_step"):
        found.append(("again", "Erase and ask again" if status == Status.CONTRADICTED else "Tell it again"))
    by_hand = status in (Status.FAILED, Status.BY_HAND) or (asked and status == Status.PENDING)
    if by_hand and _lets(WHEN, act, dsr) and may(user, "attest"):
        found.append(("by_hand", "By hand" if act.act == Act.PLAN else "It was done by hand"))
    return found


def told_whom(act: SourceAct) -> str:
    """The source, or those to whom the controller handed the data on."""
    return "those who got it from us" if act.alias == RECIPIENTS else act.alias


def _lets(table: Mapping[Act, Sequence[State]], act: SourceAct, dsr: DataSubjectRequest) -> bool:
    return fits(act, dsr) and dsr.state in table.get(Act(act.act), ())


def perform(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """Have a source told again, or say that people did it. GET shows the form."""
    if act not in VERBS or not may(request.user, VERBS[act]):
        raise PermissionDenied
    row = get_object_or_404(SourceAct.objects.select_related("dsr__submission", "dsr__policy"), pk=pk)
    data = request.POST if request.method == "POST" else None

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        if act == "again":
            erasure_plan.ask_again(row, actor=actor, at=at)
        else:
            erasure_plan.attest(row, note=given["note"], actor=actor, at=at)

    return one_form.answer(
        request,
        row.dsr,
        forms.Form(data) if act == "again" else NoteForm(data),
        run,
        label=f"{'Tell it again' if act == 'again' else 'It was done by hand'}: {told_whom(row)}",
        intro=ANEW if act == "again" and row.act == Act.VERIFY else INTRO[act],
        done="The source is told now." if act == "again" else "Written down.",
        anchor=ANCHORS.get(Act(row.act), "erasure"),
    )


def urls() -> list[Any]:
    """Their address, behind the admin's sign-in."""
    name = "requests_app_datasubjectrequest_source_act"
    return [path("source-acts/<uuid:pk>/do/<slug:act>/", admin.site.admin_view(perform), name=name)]
