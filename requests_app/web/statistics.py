"""The public figures: a quarter at a time, rounded, as they were published."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from requests_app.models import PublishedFigures
from requests_app.operations import reports

from . import words


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Everything that was published lately, the newest first."""
    return render(request, "requests_app/statistics.html", {"periods": [_period(row) for row in reports.published()]})


def _period(row: PublishedFigures) -> dict[str, Any]:
    rights = [(words.title(right), line) for right, line in row.body["rights"].items() if line["received"] != 0]
    return {"first": row.first, "last": row.last, "at": row.published_at, "total": row.body["total"], "rights": rights}
