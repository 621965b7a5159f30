"""A page with one form about a case: what is refused says why, what was typed stays, and the look is written down."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.models.keys import KeyDestroyed
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused

CASE = "admin:requests_app_datasubjectrequest_change"
GONE = "The data of this case have been destroyed, as the policy promises."
Run = Callable[[dict[str, Any], Actor, datetime], object]


def answer(
    request: HttpRequest,
    dsr: DataSubjectRequest,
    form: forms.Form,
    run: Run,
    *,
    label: str,
    intro: str,
    done: str,
    anchor: str,
) -> HttpResponse:
    """Show the form, or run what it asks and go back to the part of the case page named `anchor`."""
    now, actor = clock.now(), Actor.staff(request.user)
    if form.is_bound and form.is_valid():
        try:
            run(form.cleaned_data, actor, now)
        except Refused as refused:
            form.add_error(None, str(refused))
        except (KeyDestroyed, InvalidTag):
            form.add_error(None, GONE)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(reverse(CASE, args=[dsr.pk]) + f"#{anchor}")
    record_look(dsr.submission, what=f"page “{label}”", actor=actor, at=now)
    context = {
        **admin.site.each_context(request),
        "title": f"{label}: {dsr.submission.case_label}",
        "dsr": dsr,
        "submission": dsr.submission,
        "label": label,
        "form": form,
        "intro": intro,
    }
    template = "admin/requests_app/datasubjectrequest/one_form.html"
    return TemplateResponse(request, template, context, status=422 if form.is_bound else 200)
