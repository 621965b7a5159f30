"""What machines ask: livez, healthz, metrics."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from requests_app.models import Heartbeat
from requests_app.operations import liveness
from tests.people import ana_files, published_policy, signs_of_life

pytestmark = pytest.mark.django_db


def samples(response) -> dict[tuple[str, ...], float]:
    """Every sample by (name, label value ...), read by Prometheus' own parser."""
    found = {}
    for family in text_string_to_metric_families(response.content.decode()):
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


class TestHealthz:
    def test_it_is_200_while_all_is_alive_and_tells_the_ages(self, client):
        now = timezone.now()
        signs_of_life(now - timedelta(seconds=20))
        liveness.record_canary("work", sent_at=now - timedelta(seconds=9), at=now)
        answer = client.get("/healthz")
        said = answer.json()
        assert answer.status_code == 200
        assert said["enforcement"] == "alive"
        assert said["queues"]["work"]["lag"] == 9
        assert said["sweeps"]["enforce_deadlines"] in {20, 21}
        assert abs(said["clock_drift"]) <= 1

    @pytest.mark.parametrize(("minutes", "status"), [(None, 503), (2, 200), (4, 503)])
    def test_it_alarms_when_enforcement_is_silent_for_three_minutes(self, client, minutes, status):
        if minutes is not None:
            signs_of_life(timezone.now())
            Heartbeat.objects.filter(pk="queue:clock").update(last_at=timezone.now() - timedelta(minutes=minutes))
        assert client.get("/healthz").status_code == status

    @pytest.mark.parametrize("alias", ["default", "keys"])
    def test_it_says_that_a_database_is_away_and_shows_no_page(self, client, monkeypatch, alias):
        from django.db import connections

        signs_of_life(timezone.now())

        def away(*args, **kwargs):
            raise OperationalError("gone, with the address of the server")

        monkeypatch.setattr(connections[alias], "cursor", away)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"ok": False, "databases": "away"})
        assert client.get("/livez").status_code == (503 if alias == "default" else 200)

    def test_livez_does_not_mind_a_silent_clock(self, client):
        assert client.get("/livez").status_code == 200


class TestMetrics:
    def test_the_figures_are_told_and_no_person(self, client):
        now = timezone.now()
        published_policy()
        ana_files(at=now - timedelta(minutes=10))
        signs_of_life(now - timedelta(seconds=30))
        liveness.record_canary("clock", sent_at=now - timedelta(seconds=5), at=now)
        answer = client.get("/metrics")
        told = samples(answer)
        assert told[("portal_requests_open",)] == 1
        assert told[("portal_requests_overdue",)] == 0
        assert {("portal_requests_due", n) for n in "135"} <= set(told)
        assert 600 <= told[("portal_notice_oldest_unsent_seconds",)] < 660
        assert told[("portal_notices_not_reached",)] == told[("portal_requests_set_aside",)] == 0
        assert 30 <= told[("portal_sweep_age_seconds", "enforce_deadlines")] < 60
        assert round(told[("portal_queue_lag_seconds", "clock")]) == 5
        assert told[("portal_well",)] == 1
        assert b"@" not in answer.content
        assert b"Ana " not in answer.content

    def test_what_never_ran_has_no_age_rather_than_zero(self, client):
        told = samples(client.get("/metrics"))
        assert ("portal_sweep_age_seconds", "enforce_deadlines") not in told
        assert told[("portal_well",)] == 0

    def test_without_a_token_only_this_machine_may_read(self, client):
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403

    def test_behind_a_proxy_everybody_looks_local_so_nobody_may(self, client, settings):
        settings.METRICS_ON_LOOPBACK = False
        assert client.get("/metrics").status_code == 403

    def test_with_a_token_whoever_has_it_may_read_from_anywhere_and_nobody_else(self, client, settings):
        settings.METRICS_TOKEN = "a-token-of-the-test"
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 403
        right = {"Authorization": "Bearer a-token-of-the-test"}
        assert client.get("/metrics", headers=right, REMOTE_ADDR="192.0.2.7").status_code == 200
