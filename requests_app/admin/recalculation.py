"""What today's holidays would change of the stored dates, and the button that changes it."""

from itertools import islice
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.operations import calendars, recalculation
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused

from .roles import may

PAGE = "admin:requests_app_datasubjectrequest_recalculate"
SHOWN = 200  # of one look, and of one press: the rest comes with the next


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """GET shows what differs; POST counts anew exactly the requests that were shown."""
    if not may(request.user, "recalculate"):
        raise PermissionDenied
    if request.method == "POST":
        _run(request)
        return HttpResponseRedirect(reverse(PAGE))
    found = list(islice(recalculation.preview(at=clock.now()), SHOWN + 1))
    context = {
        **admin.site.each_context(request),
        "title": "Recalculate dates",
        "rows": [_row(difference) for difference in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "calendar": calendars.SOURCE,
        "opts": DataSubjectRequest._meta,
    }
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/recalculate.html", context)


def _row(found: recalculation.Difference) -> dict[str, Any]:
    names = ("Answer by", "The law asks by", "Work towards")
    pairs = zip(names, found.before, found.after, strict=True)
    return {"dsr": found.dsr, "dates": [{"name": n, "before": b, "after": a} for n, b, a in pairs if b != a]}


def _run(request: HttpRequest) -> None:
    actor, now, done = Actor.staff(request.user), clock.now(), 0
    shown = set(request.POST.getlist("dsr"))
    for found in list(islice(recalculation.preview(at=now), SHOWN)):
        if str(found.dsr.pk) not in shown:
            continue
        try:
            recalculation.recalculate(found.dsr, actor=actor, at=now)
            done += 1
        except Refused as refused:
            messages.error(request, f"{found.dsr.submission.case_label}: {refused}")
    messages.success(request, f"{done} request{'' if done == 1 else 's'} recalculated. Each is on record.")


def urls() -> list[Any]:
    """The page, behind the admin's sign-in."""
    return [path("recalculate/", admin.site.admin_view(page), name="requests_app_datasubjectrequest_recalculate")]
