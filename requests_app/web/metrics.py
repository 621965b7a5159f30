"""`/metrics`: figures for Prometheus. Counts and ages only, the same number of statements at any size."""

import hmac
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from requests_app.clock import now
from requests_app.operations import delivery, liveness, workload

LOOPBACK = {"127.0.0.1", "::1"}


class Figures:
    """What one scrape sees. Gauges read from the rows, so every web process tells the same."""

    def __init__(self, report: liveness.Report, load: workload.Workload, not_reached: int) -> None:
        self.report, self.load, self.not_reached = report, load, not_reached

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; what never happened has no sample, for zero would be a lie."""
        load = self.load
        yield _one("portal_requests_open", "Requests that await an answer.", load.open)
        yield _one("portal_requests_overdue", "Open requests whose response deadline has passed.", load.overdue)
        due = GaugeMetricFamily(
            "portal_requests_due", "Open, due today or within so many days.", labels=["within_days"]
        )
        for days, count in load.due_within.items():
            due.add_metric([str(days)], count)
        yield due
        yield _one(
            "portal_requests_set_aside", "Requests that the sweep gave up on after five failures.", load.set_aside
        )
        yield _one(
            "portal_notices_not_reached", "Notices whose person no mail reached, not yet served.", self.not_reached
        )
        yield _one(
            "portal_notice_oldest_unsent_seconds", "Age of the oldest unsent notice.", _s(load.oldest_unsent) or 0
        )
        yield _one(
            "portal_step_oldest_due_seconds", "How long a data source waits to be asked.", _s(load.oldest_step) or 0
        )
        yield from _signs(self.report)
        yield _one("portal_clock_drift_seconds", "Largest distance between two clocks.", _s(self.report.drift) or 0)
        yield _one("portal_well", "1 when /healthz says 200.", int(self.report.well))


@never_cache
@require_http_methods(["GET", "HEAD"])
def metrics(request: HttpRequest) -> HttpResponse:
    """The text format of Prometheus, for whoever has the token; without a token for this machine only."""
    if not _may_read(request):
        return HttpResponseForbidden("METRICS_TOKEN is needed.\n", content_type="text/plain")
    at = now()
    figures = Figures(liveness.look(at), workload.measure(at), delivery.not_reached().count())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    # Behind a proxy of ours everybody would seem to come from this machine.
    return settings.METRICS_ON_LOOPBACK and request.META.get("REMOTE_ADDR") in LOOPBACK


def _signs(report: liveness.Report) -> Iterator[Metric]:
    sweeps = GaugeMetricFamily("portal_sweep_age_seconds", "Since the sweep last ran to its end.", labels=["sweep"])
    ages = GaugeMetricFamily("portal_queue_age_seconds", "Since a canary last came through.", labels=["queue"])
    lags = GaugeMetricFamily("portal_queue_lag_seconds", "How long the last canary waited.", labels=["queue"])
    for sign in report.signs:
        family = ages if sign.name.startswith("queue:") else sweeps
        label = [sign.name.removeprefix("queue:")]
        if sign.age is not None:
            family.add_metric(label, sign.age.total_seconds())
        if sign.lag is not None:
            lags.add_metric(label, sign.lag.total_seconds())
    yield from (sweeps, ages, lags)


def _one(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _s(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
