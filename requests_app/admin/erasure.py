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
from requests_app.models import DataSubjectRequest, ErasureCertificate, ErasureItem
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import erasure_plan
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.owed_acts import Act, acts_of, items_of
from requests_app.operations.refused import Refused
from requests_app.rules.erasure_plan import Choice
from requests_app.rules.lifecycle import State

from . import holds, source_acts
from .forms import area
from .one_form import CASE, GONE
from .presenting import readable
from .roles import may
from .sources import ground_said
from .step_acts import grounds
from .words import moment

PLAN = "admin:requests_app_datasubjectrequest_erasure_plan"
ACT = "admin:requests_app_datasubjectrequest_source_act"
FOLDER = "admin/requests_app/datasubjectrequest"


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


def panel(dsr: DataSubjectRequest, user: Any) -> dict[str, Any] | None:
    """What the sources hold and were told; None where none was asked."""
    acts = list(acts_of(dsr).filter(act__in=(Act.PLAN, Act.ERASE, Act.VERIFY)).select_related("attested_by"))
    if not acts:
        return None
    items, told = list(items_of(dsr)), source_acts.said(acts, dsr, user)
    zone = dsr.submission.received_zone
    return {
        "sources": [
            {
                "alias": plan.alias,
                "items": [item_said(item, dsr) for item in items if item.alias == plan.alias],
                "acts": [act for act in told if act["row"].alias == plan.alias],
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
            refused = GONE
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


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view
    name = "requests_app_datasubjectrequest"
    return [
        path("<uuid:pk>/erasure-plan/", inside(decide), name=f"{name}_erasure_plan"),
    ]


def contents(dsr: DataSubjectRequest) -> list[dict[str, Any]]:
    """What becomes of each item, for whoever approves."""
    return [{"alias": item.alias, **item_said(item, dsr)} for item in items_of(dsr)]
