"""The report of any period: a table to read, to print on one page, and as CSV. Nothing in it names anybody."""

import csv
import io
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_GET

from requests_app.models.request import RIGHTS
from requests_app.operations import intake, reports
from requests_app.operations.policies import policy_of
from requests_app.rules.figures import Figures, Line, quarter_before
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE, DOCUMENT, NONE

from .filters import day_of, today
from .roles import may

COLUMNS = (
    "Received", "Answered", "On time", "Late", "Extended", "Done", "Partly", "Refused", "Cancelled", "Lapsed",
    "Median days", "90th percentile of days",
)  # fmt: skip
IDENTITY = {
    NONE: "None asked",
    CONTACT: "Code to the address",
    CONTACT_ON_FILE: "Contact on file",
    DOCUMENT: "Document",
}
LONGEST = 366 * 3  # days of one report


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The report of the period in the address, else of the quarter before; `format=csv` sends it as a file."""
    if not may(request.user, "look"):
        raise PermissionDenied
    first, last = quarter_before(today())
    chosen = day_of(request.GET.get("first", "")), day_of(request.GET.get("last", ""))
    mistake = _mistake(*chosen) if any(name in request.GET for name in ("first", "last")) else ""
    if not mistake and chosen[0] and chosen[1]:
        first, last = chosen[0], chosen[1]
    known = reports.of_period(first, last)
    if request.GET.get("format") == "csv" and not mistake:
        return _csv(known, first, last)
    context = {
        **admin.site.each_context(request),
        "title": "Report",
        "first": first,
        "last": last,
        "typed": {
            "first": request.GET.get("first", first.isoformat()),
            "last": request.GET.get("last", last.isoformat()),
        },
        "mistake": mistake,
        "columns": COLUMNS,
        "rows": _rows(known),
        "grounds": [(_ground(key), n) for key, n in known.grounds.most_common()],
        "identity": [(words, known.rungs[rung]) for rung, words in IDENTITY.items()],
        "on_time": round(100 * known.total.on_time / known.total.answered) if known.total.answered else None,
        "total": known.total,
    }
    return TemplateResponse(
        request, "admin/requests_app/datasubjectrequest/report.html", context, status=422 if mistake else 200
    )


def _mistake(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return "Type both days as in 2026-01-31."
    if first > last:
        return "The first day comes after the last one: exchange them."
    if (last - first).days > LONGEST:
        return "Choose at most three years."
    return ""


def _rows(known: Figures) -> list[tuple[str, list[int | str]]]:
    labels = dict(RIGHTS)
    shown = {right: line for right, line in known.rights.items() if line.received or line.outcomes}
    return [*((labels[right], _cells(line)) for right, line in shown.items()), ("All", _cells(known.total))]


def _cells(line: Line) -> list[int | str]:
    ended = [line.outcomes[name] for name in ("done", "partly", "refused", "cancelled", "lapsed")]
    days = ["" if one is None else one for one in (line.median, line.ninetieth)]
    return [line.received, line.answered, line.on_time, line.answered - line.on_time, line.extended, *ended, *days]


def _ground(key: str) -> str:
    """In the words of the policy in force, else as it is stored."""
    version = intake.current_policy()
    grounds = policy_of(version).refusal_grounds if version else ()
    return next((ground.label.en for ground in grounds if ground.key == key), key)


def _csv(known: Figures, first: date, last: date) -> HttpResponse:
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["From", "To", "Right", *COLUMNS])
    sheet.writerows([first, last, label, *cells] for label, cells in _rows(known))
    sheet.writerows(
        [first, last, f"Refused, in whole or in part: {_ground(key)}", n] for key, n in known.grounds.items()
    )
    sheet.writerows([first, last, f"Identity shown: {words}", known.rungs[rung]] for rung, words in IDENTITY.items())
    name = f"report-{first}-{last}.csv"
    return HttpResponse(
        out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def urls() -> list[Any]:
    """Where it stands."""
    return [path("report/", admin.site.admin_view(page), name="requests_app_datasubjectrequest_report")]
