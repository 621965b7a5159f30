"""Is it alive: `livez` for balancers (process and database), `healthz` for alarms (enforcement too)."""

from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.operations import liveness

from .middleware import AWAY


@never_cache
@require_http_methods(["GET", "HEAD"])
def livez(request: HttpRequest) -> JsonResponse:
    """Filing works while the queue is away, so the queue is not asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except AWAY:
        return JsonResponse({"database": "away"}, status=503)
    return JsonResponse({"database": "ok"})


@never_cache
@require_http_methods(["GET", "HEAD"])
def healthz(request: HttpRequest) -> JsonResponse:
    """503 when a queue or sweep is silent, clocks disagree, a trigger is gone, a database away
    or restored. Ages in seconds."""
    try:
        report = liveness.look(now())
    except AWAY:
        return JsonResponse({"ok": False, "databases": "away"}, status=503)
    queues = {s.name.removeprefix("queue:"): s for s in report.signs if s.name.startswith("queue:")}
    body = {
        "ok": report.well,
        "databases": "ok",
        "register": report.stopped or "ok",
        "triggers_missing": list(report.triggers_missing),
        "enforcement": "silent" if report.silent else "alive",
        "silent": list(report.silent),
        "queues": {name: {"age": _seconds(s.age), "lag": _seconds(s.lag)} for name, s in queues.items()},
        "sweeps": {s.name: _seconds(s.age) for s in report.signs if s.name in liveness.SWEEPS},
        "clock_drift": _seconds(report.drift),
    }
    return JsonResponse(body, status=200 if report.well else 503)


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
