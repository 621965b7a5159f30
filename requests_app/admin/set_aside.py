"""What the clock has set aside, for which error, and the button that puts it back."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.operations import claims, delivery
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused

from .roles import may

LIST = "admin:requests_app_datasubjectrequest_set_aside"


def page(request: HttpRequest) -> HttpResponse:
    """The list, the oldest first."""
    if not may(request.user, "look"):
        raise PermissionDenied
    rows = DataSubjectRequest.objects.filter(set_aside_at__isnull=False).order_by("set_aside_at")
    context = {
        **admin.site.each_context(request),
        "title": "Set aside",
        "rows": rows.select_related("submission", "assignee")[:200],
        "may_retry": may(request.user, "retry"),
        "not_reached": delivery.not_reached().count(),
        "opts": DataSubjectRequest._meta,
    }
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/set_aside.html", context)


@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put one back under the clock."""
    if not may(request.user, "retry"):
        raise PermissionDenied
    dsr = get_object_or_404(DataSubjectRequest.objects.select_related("submission"), pk=pk)
    try:
        claims.retry(dsr, actor=Actor.staff(request.user), at=clock.now())
        messages.success(request, f"{dsr.submission.case_label}: back under the clock. It is tried within a minute.")
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse(LIST))


def urls() -> list[Any]:
    """The list and its button, behind the admin's sign-in."""
    inside = admin.site.admin_view
    return [
        path("set-aside/", inside(page), name="requests_app_datasubjectrequest_set_aside"),
        path("set-aside/<uuid:pk>/retry/", inside(retry), name="requests_app_datasubjectrequest_retry"),
    ]
