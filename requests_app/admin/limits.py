"""What is used for nothing but storage, how an objection was weighed, and the pages of both."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from requests_app.models import Balancing, DataSubjectRequest, Restriction
from requests_app.operations import objection, restriction, weighed
from requests_app.operations.actors import Actor
from requests_app.operations.changes_told import recipients_of
from requests_app.operations.limits import acts_for, words_of
from requests_app.operations.owed_acts import RECIPIENTS
from requests_app.operations.policies import policy_of
from requests_app.rules.lifecycle import State
from requests_app.rules.restriction import OBJECTION, RIGHT, TOLD_BEFORE, Ground, Weighed

from . import one_form, source_acts
from .limit_forms import GROUNDS, OUTCOMES, TEXTS, AnnounceForm, RestrictForm, ReviewForm, WeighForm
from .presenting import readable
from .roles import may
from .words import moment, named

BEGIN, ACT, WEIGH = (f"admin:requests_app_datasubjectrequest_{name}" for name in ("restrict", "restriction", "weigh"))


def panel(dsr: DataSubjectRequest, user: Any) -> dict[str, Any] | None:
    """Every restriction of the request with its outcomes; None where nothing is restricted by this right."""
    rows = list(Restriction.objects.filter(dsr=dsr).select_related("dsr__submission", "begun_by", "lifted_by"))
    if not rows and dsr.right not in (RIGHT, OBJECTION):
        return None
    stands = any(row.lifted_at is None for row in rows)
    begins = dsr.right == RIGHT and dsr.state == State.IN_PROGRESS and not stands and may(user, "restrict")
    weighs = dsr.right == OBJECTION and dsr.state == State.IN_PROGRESS and may(user, "weigh")
    acts = source_acts.said([act for row in rows for act in acts_for(row)], dsr, user)
    return {
        "rows": [_row(row, [act for act in acts if act["row"].occasion == str(row.number)], dsr, user) for row in rows],
        "names": "; ".join(one.en for one in recipients_of(dsr)),
        "objection": dsr.right == OBJECTION,
        "weighed": weighed_of(dsr),
        "begin": reverse(BEGIN, args=[dsr.pk]) if begins else "",
        "weigh": reverse(WEIGH, args=[dsr.pk]) if weighs else "",
    }


def _row(row: Restriction, acts: list[dict[str, Any]], dsr: DataSubjectRequest, user: Any) -> dict[str, Any]:
    zone = dsr.submission.received_zone
    return {
        "row": row,
        "scope": readable(lambda: words_of(row, "en")[0]),
        "until": readable(lambda: words_of(row, "en")[1]),
        "why": readable(lambda: row.opened("why")),
        "ground": GROUNDS[Ground(row.ground)],
        "since": moment(row.begun_at, zone),
        "who": named(row.begun_by),
        "lifted": row.lifted_at and f"by {named(row.lifted_by)} on {moment(row.lifted_at, zone)}",
        "acts": [act for act in acts if act["row"].alias != RECIPIENTS],
        "recipients": [act for act in acts if act["row"].alias == RECIPIENTS],
        "buttons": [
            {"url": reverse(ACT, args=[row.pk, key]), "label": ACTS[key][2]}
            for key in _offered(row, dsr)
            if may(user, "lift_restriction")
        ],
    }


def _offered(row: Restriction, dsr: DataSubjectRequest) -> tuple[str, ...]:
    if row.lifted_at is not None:
        return ()
    if dsr.is_open:
        return ("stand",) if dsr.right == RIGHT else ()
    return ("announce", "stand") if row.lift_from is None else ("lift", "stand")


def weighed_of(dsr: DataSubjectRequest) -> dict[str, Any] | None:
    """How it was weighed, in words; None where nobody has weighed it."""
    row = weighed.latest(dsr) if dsr.right == OBJECTION else None
    if row is None:
        return None
    purpose = policy_of(dsr.policy).purpose(row.purpose)
    texts = [
        {"label": label, "text": readable(lambda column=column: row.opened(column))} for column, label in TEXTS.items()
    ]
    return {
        "outcome": OUTCOMES[Weighed(row.outcome)],
        "purpose": purpose.label.en if purpose else "",
        "rows": texts,
        "who": named(row.written_by),
        "when": moment(row.written_at, dsr.submission.received_zone),
    }


Operation = Callable[..., object]
ACTS: dict[str, tuple[type[forms.Form], Operation, str, str, str]] = {
    "stand": (
        ReviewForm, restriction.let_stand, "Let it stand",
        "It stands. Where the person was told that it ends, they are told now that it does not.",
        "It stands, and is reviewed again.",
    ),
    "announce": (
        AnnounceForm, restriction.announce, "Tell the person that it ends",
        f"Before anything is used again the person is told (GDPR 18(3)). {TOLD_BEFORE.days} days after that one of us "
        "can lift it; no date does.",
        "The person is told. It can be lifted once the days are over.",
    ),
    "lift": (
        forms.Form, restriction.lift, "Lift it",
        "Every source that restricts is told that it may use again what it holds, unless another restriction of the "
        "same person stands there.",
        "Lifted. The sources are told now.",
    ),
}  # fmt: skip


def begin(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows the form of a restriction, POST begins it."""
    dsr = _of(request, pk, "restrict")
    form = RestrictForm(request.POST if request.method == "POST" else None)

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        restriction.restrict(dsr, **given, actor=actor, at=at)

    intro = (
        "Every data source that knows the person is told at once to store what it holds and to use it for nothing "
        "else. The person is told before it is lifted (GDPR 18)."
    )
    done = "Written down. The sources are told as soon as nothing stands against it."
    return one_form.answer(request, dsr, form, run, label="Restrict the use", intro=intro, done=done, anchor="limits")


def weigh(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows the form of the record, POST writes it down; a later one replaces it."""
    dsr = _of(request, pk, "weigh")
    form = WeighForm(request.POST if request.method == "POST" else None, dsr=dsr)

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        texts = {column: given[column] for column in Balancing.TEXTS}
        objection.weigh(dsr, outcome=given["outcome"], purpose=given["purpose"], texts=texts, actor=actor, at=at)

    intro = (
        "Use that rests on our legitimate interests ends unless we show compelling grounds that override those of the "
        "person, or need the data for legal claims (GDPR 21(1)). Whoever approves the answer reads this record, and is "
        "somebody else. Direct marketing is not weighed: it ends (GDPR 21(3))."
    )
    return one_form.answer(
        request, dsr, form, run, label="Weigh the interests", intro=intro, done="Written down.", anchor="limits"
    )


def perform(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """Let a restriction stand, announce its end, or lift it."""
    if act not in ACTS or not may(request.user, "lift_restriction"):
        raise PermissionDenied
    row = get_object_or_404(Restriction.objects.select_related("dsr__submission", "dsr__policy"), pk=pk)
    form_class, operation, label, intro, done = ACTS[act]
    form = form_class(request.POST if request.method == "POST" else None)

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        operation(row, **given, actor=actor, at=at)

    return one_form.answer(request, row.dsr, form, run, label=label, intro=intro, done=done, anchor="limits")


def _of(request: HttpRequest, pk: UUID, verb: str) -> DataSubjectRequest:
    if not may(request.user, verb):
        raise PermissionDenied
    return get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    inside, name = admin.site.admin_view, "requests_app_datasubjectrequest"
    return [
        path("<uuid:pk>/restrict/", inside(begin), name=f"{name}_restrict"),
        path("<uuid:pk>/weigh/", inside(weigh), name=f"{name}_weigh"),
        path("restrictions/<uuid:pk>/do/<slug:act>/", inside(perform), name=f"{name}_restriction"),
    ]
