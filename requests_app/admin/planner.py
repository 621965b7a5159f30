"""The calendar: what falls due in the coming four weeks, day by day and handler by handler, and who has how much."""

from dataclasses import astuple
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from requests_app.operations import calendars, intake, workload
from requests_app.operations.policies import policy_of
from requests_app.operations.workload import Load
from requests_app.rules.planner import PlannedDay, grid, last_day
from requests_app.rules.response_deadline import PLAIN

from .filters import NOBODY, today
from .roles import may, staff_of_desk
from .words import named

QUEUE = "admin:requests_app_datasubjectrequest_changelist"


def whose(text: str) -> str:
    """The handler that an address names, in words; empty where it names none."""
    if text == NOBODY:
        return NOBODY
    return named(User.objects.filter(pk=int(text)).first()) if text.isdecimal() else ""


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Both tables."""
    if not may(request.user, "look"):
        raise PermissionDenied
    day, version = today(), intake.current_policy()
    calendar = calendars.of_policy(policy_of(version), day) if version else PLAIN
    weeks = grid(workload.due_by_handler(day, last_day(day)), day, calendar)
    loads = workload.load_by_handler(day)
    team = {user.pk: user for user in staff_of_desk()}
    known = team | {user.pk: user for user in User.objects.filter(Q(pk__in=[pk for pk in loads if pk]))}
    names = {None: NOBODY, **{pk: named(user) for pk, user in known.items()}}
    context = {
        **admin.site.each_context(request),
        "title": "What falls due, the coming four weeks",
        "weeks": [[_cell(planned, names) for planned in week] for week in weeks],
        "total": sum(planned.total for week in weeks for planned in week),
        "last": last_day(day),
        "loads": [_row(pk, names[pk], loads.get(pk, Load()), away=pk not in team) for pk in _in_order(names, loads)],
        "sums": [sum(column) for column in zip(*(astuple(load) for load in loads.values()), strict=True)] or [0] * 4,
        "queue_url": reverse(QUEUE),
        "holidays_known": calendar.knows(day.year) and calendar.knows(last_day(day).year),
    }
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/calendar.html", context)


def _link(pk: int | None, **params: str) -> str:
    return f"{reverse(QUEUE)}?{urlencode({**params, 'handler': pk or NOBODY})}"


def _cell(day: PlannedDay, names: dict[int | None, str]) -> dict[str, Any]:
    on = day.on.isoformat()
    return {
        "day": day,
        "href": f"{reverse(QUEUE)}?{urlencode({'due': on})}",
        "shares": [{"name": names.get(pk, "?"), "n": n, "href": _link(pk, due=on)} for pk, n in day.shares],
    }


def _in_order(names: dict[int | None, str], loads: dict[int | None, Load]) -> list[int | None]:
    """By name; what is nobody's last, and only where there is some."""
    people = sorted((pk for pk in names if pk is not None), key=lambda pk: names[pk].casefold())
    return [*people, None] if None in loads else list(people)


def _row(pk: int | None, name: str, load: Load, *, away: bool) -> dict[str, Any]:
    views = (("", load.open), ("week", load.soon), ("overdue", load.overdue), ("person", load.person))
    return {
        "name": name,
        "left": away and pk is not None,
        "cells": [{"n": n, "view": view, "href": _link(pk, **({"view": view} if view else {}))} for view, n in views],
    }


def urls() -> list[Any]:
    """Where it stands."""
    return [path("calendar/", admin.site.admin_view(page), name="requests_app_datasubjectrequest_calendar")]
