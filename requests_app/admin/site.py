"""The frame of every desk page: name, navigation, and proof that the clock is being enforced."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest

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
    }


def each_context(request: HttpRequest) -> dict[str, Any]:
    """What Django gives every admin page, with the state of the clock for whoever has a role."""
    context: dict[str, Any] = AdminSite.each_context(admin.site, request)
    if roles_of(request.user):
        context["enforcement"] = enforcement(clock.now())
        context["has_desk_role"] = True
    return context


# One instance method instead of a site class of our own: everything else is Django's.
admin.site.each_context = each_context
