"""The frame of every desk page: name, navigation, and proof that the clock is being enforced."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest

from requests_app import clock
from requests_app.models import Heartbeat

from .roles import roles_of

SILENCE = timedelta(minutes=3)

admin.site.site_header = f"{settings.ORGANISATION_NAME} · Privacy desk"
admin.site.site_title = "Privacy desk"
admin.site.index_title = "Privacy desk"
admin.site.enable_nav_sidebar = False


def enforcement(now: datetime) -> dict[str, Any]:
    """When the heartbeat last came through the queue, how many seconds ago, and whether that is too long."""
    last = Heartbeat.objects.filter(pk="heartbeat").values_list("last_at", flat=True).first()
    if last is None:
        return {"alive": False, "since": None, "seconds": None}
    age = now - last
    return {"alive": age <= SILENCE, "since": last, "seconds": max(0, int(age.total_seconds()))}


def each_context(request: HttpRequest) -> dict[str, Any]:
    """What Django gives every admin page, with the state of the clock for whoever has a role."""
    context: dict[str, Any] = AdminSite.each_context(admin.site, request)
    if roles_of(request.user):
        context["enforcement"] = enforcement(clock.now())
        context["has_desk_role"] = True
    return context


# One instance method instead of a site class of our own: everything else is Django's.
admin.site.each_context = each_context
