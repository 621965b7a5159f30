"""What a person wants to be put right: each change, and what came of it in each source."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from requests_app.models import DataSubjectRequest, RequestedChange
from requests_app.operations import changes
from requests_app.operations.actors import Actor
from requests_app.operations.change_told import WORDS
from requests_app.operations.changes_told import recipients_of
from requests_app.operations.owed_acts import RECIPIENTS, Act, Status, acts_of
from requests_app.rules.lifecycle import State

from . import one_form, source_acts
from .forms import area
from .presenting import readable
from .roles import may
from .words import named

PAGE = "admin:requests_app_datasubjectrequest_requested_change"


class ChangeForm(forms.Form):
    """One value, in the words of the person."""

    field = forms.CharField(
        max_length=120, label="Field", help_text="As the sources name it, such as email, or customers.email."
    )
    before = forms.CharField(
        required=False, widget=area(2), max_length=1000, label="What stands there",
        help_text="As the person wrote it. Empty where they do not know; where a source holds several values, it asks "
        "people which one is meant.",
    )  # fmt: skip
    wanted = forms.CharField(widget=area(2), max_length=1000, label="What is to stand there")


def panel(dsr: DataSubjectRequest, user: Any) -> dict[str, Any] | None:
    """Every change with its outcomes; None where nothing can be put right here."""
    if dsr.right != changes.RIGHT:
        return None
    told = acts_of(dsr).filter(act=Act.RECTIFY).select_related("attested_by").order_by("alias")
    acts, names = source_acts.said(list(told), dsr, user), "; ".join(one.en for one in recipients_of(dsr))
    rows = RequestedChange.objects.filter(dsr=dsr, opened_at=dsr.opened_at).select_related("dsr")
    return {
        "rows": [
            {
                "row": row,
                "said": readable(lambda row=row: _words(row.said)),
                "who": named(row.stated_by),
                "acts": [_outcome(act) for act in acts if act["row"].occasion == str(row.number)],
            }
            for row in rows
        ],
        "recipients": [{**act, "names": names} for act in acts if act["row"].alias == RECIPIENTS],
        "state": reverse(PAGE, args=[dsr.pk]) if dsr.state == State.IN_PROGRESS and may(user, "state_change") else "",
    }


def _words(said: dict[str, str]) -> str:
    if not said:
        return ""
    before = f" instead of “{said['before']}”" if said["before"] else ""
    return f"{said['field']}: “{said['wanted']}”{before}"


def _outcome(said: dict[str, Any]) -> dict[str, Any]:
    act = said["row"]
    outcome = WORDS.get(act.answer.get("outcome", ""), "")
    if outcome and act.status == Status.DONE and not act.attested_by_id:
        return {**said, "said": outcome}
    return said


def state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows the form of one change, POST writes it down. What is refused says why, and what was typed stays."""
    if not may(request.user, "state_change"):
        raise PermissionDenied
    dsr = get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)
    form = ChangeForm(request.POST if request.method == "POST" else None)

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        changes.state_change(dsr, **given, actor=actor, at=at)

    return one_form.answer(
        request,
        dsr,
        form,
        run,
        label="Put a value right",
        intro="Every data source that knows the person is told of it at once. Each answer stands on the page of the "
        "case, and in the letter in words without names of systems (GDPR 16, 19).",
        done="Written down. The sources are told as soon as nothing stands against it.",
        anchor="changes",
    )


def urls() -> list[Any]:
    """Their address, behind the admin's sign-in."""
    name = "requests_app_datasubjectrequest_requested_change"
    return [path("<uuid:pk>/requested-change/", admin.site.admin_view(state), name=name)]
