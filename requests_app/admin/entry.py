"""Staff enter a request that came by post, phone, in person or to an old mailbox, with its true receipt date."""

from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from requests_app import clock
from requests_app.operations import intake
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.authority import Kind

from .entry_forms import BehalfEntryForm, EntryForm
from .roles import may

WHO = {"": "For themselves", Kind.AGENT: "An agent asks for somebody", Kind.GUARDIAN: "A guardian asks for a child"}


def _form(request: HttpRequest, who: str) -> EntryForm:
    given: dict[str, Any] = (
        {"data": request.POST, "files": request.FILES}
        if request.method == "POST"
        else {"initial": {"form_key": uuid4(), "language": "en"}}
    )
    return BehalfEntryForm(**given, kind=Kind(who)) if who else EntryForm(**given)


def enter(request: HttpRequest) -> HttpResponse:
    """The form, and on POST the same filing that the public form does. `for`: in the name of somebody else."""
    if not may(request.user, "enter"):
        raise PermissionDenied
    who = request.GET.get("for", "")
    who = who if who in WHO else ""
    form = _form(request, who)
    if form.is_bound and form.is_valid():
        channel, actor = form.cleaned_data["channel"], Actor.staff(request.user)
        try:
            submission = intake.receive(form.filing(), channel=channel, actor=actor, at=clock.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Entered as case {submission.case_label}.")
            url = reverse("admin:requests_app_datasubjectrequest_changelist")
            return HttpResponseRedirect(f"{url}?q={submission.case_label}")
    context = {
        **admin.site.each_context(request),
        "title": "Enter a request",
        "form": form,
        "policy": form.version,
        "who": [{"words": words, "href": f"?for={key}", "here": key == who} for key, words in WHO.items()],
    }
    return TemplateResponse(
        request, "admin/requests_app/datasubjectrequest/enter.html", context, status=422 if form.errors else 200
    )


def urls() -> list[Any]:
    """Where the form stands."""
    return [path("enter/", admin.site.admin_view(enter), name="requests_app_datasubjectrequest_enter")]
