"""The frame of every desk page: name, navigation, and proof that the clock is being enforced."""

from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation

from requests_app import clock
from requests_app.operations import liveness

from .roles import roles_of

admin.site.site_header = f"{settings.ORGANISATION_NAME} · Privacy desk"
admin.site.site_title = "Privacy desk"
admin.site.index_title = "Privacy desk"
admin.site.enable_nav_sidebar = False


def enforcement(now: datetime) -> dict[str, Any]:
    """When all of enforcement was last alive, how many seconds ago, and which queues and sweeps are silent."""
    report = liveness.glance(now)
    since = report.alive_at
    return {
        "alive": not report.silent,
        "since": since,
        "seconds": max(0, int((now - since).total_seconds())) if since else None,
        "silent": report.silent,
        "clock_stopped": report.clock_stopped,
    }


def each_context(request: HttpRequest) -> dict[str, Any]:
    """What Django gives every admin page, with the state of the clock for whoever has a role."""
    translation.activate("en")
    context: dict[str, Any] = AdminSite.each_context(admin.site, request)
    if roles_of(request.user):
        context["enforcement"] = enforcement(clock.now())
        context["has_desk_role"] = True
        context["keeps_accounts"] = request.user.has_perm("auth.view_user")
    return context


def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The queue, for whoever has a role: there is the next thing to do. Others see Django's list."""
    if roles_of(request.user):
        return HttpResponseRedirect(reverse("admin:requests_app_datasubjectrequest_changelist"))
    return AdminSite.index(admin.site, request, extra_context)


def login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The sign-in asks for a second factor; Django's own page does not."""
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def admin_view(view: Any, cacheable: bool = False) -> Any:
    """The desk speaks English, whatever the browser asks for; the next request starts anew in LocaleMiddleware."""

    @wraps(view)
    def in_english(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        translation.activate("en")
        return view(request, *args, **kwargs)

    return AdminSite.admin_view(admin.site, in_english, cacheable)


# Some instance methods instead of a site class of our own: everything else is Django's.
admin.site.each_context = each_context
admin.site.index = index
admin.site.login = login
admin.site.admin_view = admin_view
