"""A complaint on the page of its case: what it is about and who judges it; and the form that says so later."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from requests_app.models import DataSubjectRequest
from requests_app.operations import complaints
from requests_app.operations.actors import Actor

from . import one_form
from .roles import may

PAGE = "admin:requests_app_datasubjectrequest_complaint"
NONE = "none"


class AboutForm(forms.Form):
    """Which request of the same person the complaint is about."""

    about = forms.ChoiceField(label="The complaint is about")

    def __init__(self, data: Any, *, candidates: list[DataSubjectRequest]) -> None:
        super().__init__(data)
        field = self.fields["about"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*((str(one.pk), _said(one)) for one in candidates), (NONE, "None of these")]


def _said(dsr: DataSubjectRequest) -> str:
    return f"{dsr.submission.case_label} · {dsr.get_right_display()} ({dsr.get_state_display()})"


def panel(dsr: DataSubjectRequest, user: Any) -> dict[str, Any]:
    """What a complaint is about and whether this reader may judge it; and the complaints about this request."""
    about = complaints.about_of(dsr) if dsr.right == complaints.RIGHT else None
    unlinked = dsr.is_open and complaints.is_unlinked(dsr)
    return {
        "about": about,
        "had_part": about is not None and complaints.has_part(dsr, user),
        "link": reverse(PAGE, args=[dsr.pk]) if unlinked and may(user, "link_complaint") else "",
        "unlinked": unlinked,
        "against": [one for one in complaints.complaints_about(dsr.submission) if one.complaint.about_id == dsr.pk],
    }


def state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows what it may be about, POST links it. What is refused says why."""
    if not may(request.user, "link_complaint"):
        raise PermissionDenied
    dsr = get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)
    candidates = complaints.candidates(dsr)
    form = AboutForm(request.POST if request.method == "POST" else None, candidates=candidates)

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        about = next((one for one in candidates if str(one.pk) == given["about"]), None)
        complaints.link(dsr, about, actor=actor, at=at)

    return one_form.answer(
        request,
        dsr,
        form,
        run,
        label="What the complaint is about",
        intro="Choose the request. Whoever had a part in its answer can no longer handle or approve the complaint. "
        "Where it is assigned to one of them, it goes back to the team.",
        done="Written down.",
        anchor="complaint",
    )


def urls() -> list[Any]:
    """Their address, behind the admin's sign-in."""
    name = "requests_app_datasubjectrequest_complaint"
    return [path("<uuid:pk>/complaint/", admin.site.admin_view(state), name=name)]
