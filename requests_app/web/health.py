"""Is it alive: `livez` for balancers (process and database), `healthz` for alarms (enforcement too)."""

from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import Heartbeat
from requests_app.operations import triggers

from .middleware import AWAY

SILENT_AFTER = timedelta(minutes=3)


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
    """503 when the row written through the queue is older than three minutes, or a trigger is gone."""
    try:
        missing = triggers.missing(connection)
        ages = {row.name: (now() - row.last_at) for row in Heartbeat.objects.all()}
    except AWAY:
        return JsonResponse({"ok": False, "database": "away"}, status=503)
    enforced = ages.get("heartbeat", timedelta.max) <= SILENT_AFTER
    body = {
        "ok": enforced and not missing,
        "database": "ok",
        "triggers_missing": missing,
        "enforcement": "alive" if enforced else "silent",
        "ages_seconds": {name: int(age.total_seconds()) for name, age in sorted(ages.items())},
    }
    return JsonResponse(body, status=200 if body["ok"] else 503)
