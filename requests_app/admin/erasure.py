"""What an erasure reaches in each data source, what becomes of it, and what the sources were told."""

from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import path, reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest, ErasureCertificate, ErasureItem, SourceAct
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import erasure_plan
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.owed_acts import AT_ONCE, NEXT_DAY, Act, Status, acts_of, items_of
from requests_app.operations.refused import Refused
from requests_app.rules.erasure_plan import Choice
from requests_app.rules.lifecycle import State

from . import holds
from .forms import area
from .presenting import readable
from .roles import may
from .sources import ground_said
from .step_acts import grounds
from .words import moment, named

CASE = "admin:requests_app_datasubjectrequest_change"
PLAN = "admin:requests_app_datasubjectrequest_erasure_plan"
ACT = "admin:requests_app_datasubjectrequest_source_act"
FOLDER = "admin/requests_app/datasubjectrequest"

TOLD = {
    Status.WAITING: "not yet",
    Status.PENDING: "told, and answers later",
    Status.BY_HAND: "people have to do it",
    Status.DONE: "done",
    Status.CONTRADICTED: "it still holds data",
    Status.FAILED: "it could not be told",
}
ASKED = {Act.PLAN: "What it would reach", Act.ERASE: "Erase"}
OCCASIONS = {AT_ONCE: "Asked at once what is left", NEXT_DAY: "Asked after a day"}
TONES = {Status.FAILED: "late", Status.CONTRADICTED: "late", Status.BY_HAND: "soon", Status.DONE: "fine"}


class ItemForm(forms.Form):
    """What becomes of one item; `rules.erasure_plan` says what each way needs."""

    way = forms.ChoiceField(label="What becomes of it", choices=ErasureItem.Way.choices)
    until_on = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day on which it is kept, or isolated.",
    )  # fmt: skip
    ground = forms.ChoiceField(required=False, label="Ground, if it is kept")
    basis = forms.CharField(
        required=False, max_length=300, label="Law or contract, if it is kept",
        help_text="The person reads it: the law with its section, or which contract.",
    )  # fmt: skip
    use = forms.CharField(required=False, max_length=300, label="For what alone it may be used, if it is kept")
    method = forms.CharField(
        required=False, max_length=300, label="Method, if it is made anonymous", help_text="The person reads it."
    )
    note = forms.CharField(
        required=False, widget=area(2), max_length=1000, label="Why nobody can be told from it, if it is made anonymous"
    )

    def __init__(self, *args: Any, dsr: DataSubjectRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = grounds(dsr)  # type: ignore[attr-defined]

    @property
    def first(self) -> list[Any]:
        """What every item needs."""
        return [self["way"]]

    @property
    def more(self) -> list[Any]:
        """What is needed only where it does not simply go."""
        return [self[name] for name in ("until_on", "ground", "basis", "use", "method", "note")]

    @property
    def opened(self) -> bool:
        """Whether that is shown from the beginning."""
        return self["way"].value() != ErasureItem.Way.ERASE or any(self.errors.values())

    @property
    def choice(self) -> Choice:
        """What was chosen."""
        return Choice(**self.cleaned_data)


class NoteForm(forms.Form):
    """Who did it, how and when."""

    note = forms.CharField(
        widget=area(3), max_length=2000, label="Who did it, how and when",
        help_text="Kept as an internal note, which the person can ask for.",
    )  # fmt: skip


def panel(dsr: DataSubjectRequest, user: Any) -> dict[str, Any] | None:
    """What the sources hold and were told; None where none was asked."""
    acts = list(acts_of(dsr).exclude(act=Act.RECTIFY).select_related("attested_by"))
    if not acts:
        return None
    items = list(items_of(dsr))
    zone = dsr.submission.received_zone
    return {
        "sources": [
            {
                "alias": plan.alias,
                "items": [item_said(item, dsr) for item in items if item.alias == plan.alias],
                "acts": [act_said(act, dsr, user) for act in acts if act.alias == plan.alias],
            }
            for plan in acts
            if plan.act == Act.PLAN
        ],
        "holds": holds.panel(dsr, user),
        "undecided": sum(not item.way for item in items),
        "decide": reverse(PLAN, args=[dsr.pk]) if items and _decidable(dsr, user) else "",
        "certificates": [
            {
                "row": row,
                "when": moment(row.issued_at, zone),
                "revoked": row.revoked_at and moment(row.revoked_at, zone),
            }
            for row in ErasureCertificate.objects.filter(dsr=dsr)
        ],
    }


def _decidable(dsr: DataSubjectRequest, user: Any) -> bool:
    return dsr.state == State.IN_PROGRESS and may(user, "plan_erasure")


def item_said(item: ErasureItem, dsr: DataSubjectRequest) -> dict[str, Any]:
    """One item in words."""
    told = readable(lambda: ". ".join(item.told.values())) if item.told_sealed else ""
    way = ErasureItem.Way(item.way or item.proposed)
    return {
        "row": item,
        "name": item.label.get("en") or item.table or "All of it, by hand",
        "category": item.category.get("en", ""),
        "many": f"{item.records} record{pluralize(item.records)}" if item.table else "",
        "words": way.label if item.way else f"proposed: {way.label}",
        "until": item.until_on if item.way else item.proposed_until,
        "ground": ground_said(dsr, item.ground) if item.ground else "",
        "told": told or ("" if item.way else item.proposed_why.get("en", "")),
        "done": item.done_at,
        "tone": "" if item.way else "soon",
        "left": item.left,
    }


def act_said(act: SourceAct, dsr: DataSubjectRequest, user: Any) -> dict[str, Any]:
    """What one source was told, in words, and what can be done about it."""
    zone, status = dsr.submission.received_zone, Status(act.status)
    buttons = []
    if status in (Status.FAILED, Status.CONTRADICTED) and _wanted(act, dsr) and may(user, "retry_step"):
        buttons.append(("again", "Erase and ask again" if status == Status.CONTRADICTED else "Tell it again"))
    if status in (Status.FAILED, Status.BY_HAND) and _wanted(act, dsr) and may(user, "attest"):
        buttons.append(("by_hand", "By hand" if act.act == Act.PLAN else "It was done by hand"))
    words = ASKED.get(Act(act.act)) or OCCASIONS.get(act.occasion, "Asked after the backups ended")
    said = TOLD[status] + (f", says {named(act.attested_by)}" if act.attested_by else "")
    waits = status == Status.WAITING and act.next_try_at
    return {
        "row": act,
        "words": words,
        "said": "nothing is left" if act.act == Act.VERIFY and status == Status.DONE else said,
        "tone": TONES.get(status, ""),
        "when": act.finished_at and moment(act.finished_at, zone),
        "next": moment(act.next_try_at, zone) if waits else "",
        "buttons": [{"url": reverse(ACT, args=[act.pk, key]), "label": label} for key, label in buttons],
    }


def _wanted(act: SourceAct, dsr: DataSubjectRequest) -> bool:
    return dsr.state == (State.IN_PROGRESS if act.act in (Act.PLAN, Act.RECTIFY) else State.EXECUTING)


def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The items with their choices. What is refused says why, and what was typed stays."""
    if not may(request.user, "plan_erasure"):
        raise PermissionDenied
    rows = DataSubjectRequest.objects.select_related("submission", "policy")
    dsr = get_object_or_404(rows, pk=pk)
    now, actor = clock.now(), Actor.staff(request.user)
    entries = [(item, _form(request, item, dsr)) for item in items_of(dsr)]
    refused = ""
    valid = [form.is_valid() for _, form in entries]  # of each, so that each says what is wrong
    if request.method == "POST" and all(valid):
        try:
            choices = {item.pk: form.choice for item, form in entries}
            erasure_plan.decide(dsr, choices, actor=actor, at=now)
        except Refused as error:
            refused = str(error)
        except (KeyDestroyed, InvalidTag):
            refused = "The data of this case have been destroyed, as the policy promises."
        else:
            messages.success(request, "Decided. It is part of what the second person approves.")
            return HttpResponseRedirect(reverse(CASE, args=[dsr.pk]) + "#erasure")
    record_look(dsr.submission, what="erasure plan page", actor=actor, at=now)
    context = {
        **admin.site.each_context(request),
        "title": f"What becomes of it: {dsr.submission.case_label}",
        "dsr": dsr,
        "submission": dsr.submission,
        "entries": [{"said": item_said(item, dsr), "form": form} for item, form in entries],
        "refused": refused,
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, f"{FOLDER}/erasure_plan.html", context, status=status)


def _form(request: HttpRequest, item: ErasureItem, dsr: DataSubjectRequest) -> ItemForm:
    proposed = erasure_plan.proposal(item)
    initial = {name: getattr(proposed, name) for name in ("way", "until_on", "basis", "method")}
    if item.way:
        decided = {"way": item.way, "until_on": item.until_on, "ground": item.ground}
        initial = {**decided, **(item.told if item.told_sealed else {})}
    data = request.POST if request.method == "POST" else None
    return ItemForm(data, prefix=item.pk.hex, dsr=dsr, initial=initial)


def perform(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """Have a source told again, or say that people did it. GET shows the form."""
    if act not in ("again", "by_hand") or not may(request.user, "retry_step" if act == "again" else "attest"):
        raise PermissionDenied
    row = get_object_or_404(SourceAct.objects.select_related("dsr__submission", "dsr__policy"), pk=pk)
    if row.dsr.submission.contact_destroyed_at:
        messages.error(request, "The data of this case were destroyed under the retention rules.")
        return HttpResponseRedirect(reverse(CASE, args=[row.dsr_id]))
    now, actor = clock.now(), Actor.staff(request.user)
    form_class = forms.Form if act == "again" else NoteForm
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            if act == "again":
                erasure_plan.ask_again(row, actor=actor, at=now)
            else:
                erasure_plan.attest(row, note=form.cleaned_data["note"], actor=actor, at=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        except (KeyDestroyed, InvalidTag):
            form.add_error(None, "The data of this case have been destroyed, as the policy promises.")
        else:
            messages.success(request, "The source is told now." if act == "again" else "Written down.")
            return HttpResponseRedirect(reverse(CASE, args=[row.dsr_id]) + _part(row))
    record_look(row.dsr.submission, what=f"source {act} page", actor=actor, at=now)
    label = "Tell it again" if act == "again" else "It was done by hand"
    context = {
        **admin.site.each_context(request),
        "title": f"{label}: {row.alias.rstrip(':')}, {row.dsr.submission.case_label}",
        "step": row,
        "dsr": row.dsr,
        "submission": row.dsr.submission,
        "label": label,
        "intro": _intro(row, act),
        "form": form,
    }
    return TemplateResponse(request, f"{FOLDER}/step_act.html", context, status=422 if form.is_bound else 200)


def _part(row: SourceAct) -> str:
    return "#changes" if row.act == Act.RECTIFY else "#erasure"


def _intro(row: SourceAct, act: str) -> str:
    if row.act == Act.RECTIFY:
        return CHANGED[act]
    return INTRO[act] if act == "by_hand" or row.act != Act.VERIFY else ANEW


CHANGED = {
    "again": "The source is told of the change anew.",
    "by_hand": "You say that people did it: changed the value in this source, or told those who got it from us.",
}
INTRO = {
    "again": "The source is told anew. What was decided for it stays.",
    "by_hand": "You say that people did it. The source is asked afterwards whether anything is left, where it can be.",
}
ANEW = "The source erases once more what was decided, and is asked anew what is left."


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view
    name = "requests_app_datasubjectrequest"
    return [
        path("<uuid:pk>/erasure-plan/", inside(decide), name=f"{name}_erasure_plan"),
        path("source-acts/<uuid:pk>/do/<slug:act>/", inside(perform), name=f"{name}_source_act"),
    ]


def contents(dsr: DataSubjectRequest) -> list[dict[str, Any]]:
    """What becomes of each item, for whoever approves."""
    return [{"alias": item.alias, **item_said(item, dsr)} for item in items_of(dsr)]
