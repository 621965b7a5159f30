"""Legal holds on what an erasure would reach: set, reviewed, lifted by an officer."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from requests_app.models import DataSubjectRequest, LegalHold
from requests_app.operations import legal_hold
from requests_app.operations.actors import Actor
from requests_app.operations.owed_acts import items_of
from requests_app.rules.lifecycle import State

from . import one_form
from .forms import area
from .presenting import readable
from .roles import may
from .words import moment, named

SET = "admin:requests_app_datasubjectrequest_hold"
ACT = "admin:requests_app_datasubjectrequest_hold_act"
INTRO = (
    "A hold stops the erasure of what it names, and of nothing else. What was decided for it stands, and is carried "
    "out once the hold is lifted (GDPR 17(3))."
)
HOLDABLE = (State.IN_PROGRESS, State.AWAITING_APPROVAL, State.EXECUTING)


class ReviewForm(forms.Form):
    """Until when it stands without another look."""

    review_on = forms.DateField(
        label="To be reviewed on", widget=forms.DateInput(attrs={"type": "date"}), help_text="Within 180 days."
    )


class LiftForm(forms.Form):
    """Why it is over."""

    why = forms.CharField(widget=area(3), max_length=2000, label="Why it is not needed any more")


class HoldForm(ReviewForm):
    """What has to stay, for whom, and why."""

    items = forms.MultipleChoiceField(label="What has to stay", widget=forms.CheckboxSelectMultiple)
    ordered = forms.CharField(max_length=300, label="Who ordered it, and under which number")
    why = forms.CharField(widget=area(3), max_length=2000, label="Why it is needed")
    told = forms.BooleanField(
        required=False, initial=True, label="Tell the person",
        help_text="Only where a law forbids it the person is not told.",
    )  # fmt: skip
    field_order = ("items", "ordered", "why", "review_on", "told")

    def __init__(self, *args: Any, dsr: DataSubjectRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = [  # type: ignore[attr-defined]
            (str(item.pk), f"{item.alias}: {item.label.get('en') or item.table or 'all of it'}")
            for item in items_of(dsr).filter(done_at=None)
        ]


def panel(dsr: DataSubjectRequest, user: Any) -> dict[str, Any]:
    """The holds of a case, and where the next one is set."""
    zone, own = dsr.submission.received_zone, may(user, "hold")
    return {
        "rows": [
            {
                "what": ", ".join(f"{alias}: {table or 'all of it'}" for alias, table in row.scope),
                "ordered": readable(lambda row=row: row.opened("ordered")),
                "why": readable(lambda row=row: row.opened("why")),
                "set": f"by {named(row.owner)} on {moment(row.set_at, zone)}",
                "review_on": row.review_on,
                "lifted": row.lifted_at and f"by {named(row.lifted_by)} on {moment(row.lifted_at, zone)}",
                "told": row.told,
                "acts": [
                    {"url": reverse(ACT, args=[row.pk, key]), "label": label}
                    for key, label in (("review", "Still needed"), ("lift", "Lift"))
                    if own and row.lifted_at is None
                ],
            }
            for row in LegalHold.objects.filter(dsr=dsr).select_related("owner", "lifted_by", "dsr")
        ],
        "set": reverse(SET, args=[dsr.pk]) if own and dsr.state in HOLDABLE and items_of(dsr).exists() else "",
    }


def place(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows the form of a new hold, POST sets it."""
    if not may(request.user, "hold"):
        raise PermissionDenied
    dsr = get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)
    form = HoldForm(request.POST if request.method == "POST" else None, dsr=dsr)

    def run(given: dict[str, Any], actor: Actor, at: Any) -> None:
        items = [UUID(one) for one in given.pop("items")]
        legal_hold.set_hold(dsr, items=items, **given, actor=actor, at=at)

    return one_form.answer(
        request, dsr, form, run,
        label="Set a legal hold", intro=INTRO, done="It stays until the hold is lifted.", anchor="erasure",
    )  # fmt: skip


def perform(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """Say that a hold is still needed, or lift it."""
    if act not in ("review", "lift") or not may(request.user, "hold"):
        raise PermissionDenied
    hold = get_object_or_404(LegalHold.objects.select_related("dsr__submission", "dsr__policy"), pk=pk)
    form_class, operation, label, done = {
        "review": (ReviewForm, legal_hold.review_hold, "Still needed", "It stays, and is reviewed again."),
        "lift": (LiftForm, legal_hold.lift_hold, "Lift the hold", "Lifted. What waited for it goes on."),
    }[act]
    form = form_class(request.POST if request.method == "POST" else None)

    def run(given: dict[str, Any], actor: Actor, at: Any) -> None:
        operation(hold, **given, actor=actor, at=at)

    return one_form.answer(request, hold.dsr, form, run, label=label, intro=INTRO, done=done, anchor="erasure")


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    inside, name = admin.site.admin_view, "requests_app_datasubjectrequest"
    return [
        path("<uuid:pk>/hold/", inside(place), name=f"{name}_hold"),
        path("holds/<uuid:pk>/do/<slug:act>/", inside(perform), name=f"{name}_hold_act"),
    ]
