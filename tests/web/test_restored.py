"""A58: after a restore that undid an erasure nobody is served, and the probe for alarms says why."""

import pytest
from django.test import Client

from requests_app.models import JournalIntent, RegisterState, SuppressionEntry
from requests_app.operations import register, restore_guard
from requests_app.operations.actors import Actor
from requests_app.rules.identifiers import Identifier, Kind
from tests.people import NOON, published_policy, staff

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/status/",
    "/find/",
    "/l/a-secret/",
    "/t/a-secret/",
    "/admin/",
    "/staff/sign-in/",
    "/metrics",
    "/nowhere",
)


@pytest.fixture
def restored() -> None:
    """Somebody was erased, and a backup from before was restored."""
    published_policy()
    register.suppress([Identifier(Kind.EMAIL, "ana@example.org")], submission_id=None, actor=Actor.system(), at=NOON)
    for model in (SuppressionEntry, RegisterState, JournalIntent):
        model.objects.all().delete()
    restore_guard.forget()


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.usefixtures("restored")
def test_every_page_says_that_it_cannot_answer_now(client: Client, address: str) -> None:
    client.force_login(staff("petra", "privacy officer"))
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 503
        assert "We cannot answer at this moment" in answer.content.decode()
        assert answer["Retry-After"]
        assert answer["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in answer


@pytest.mark.usefixtures("restored")
def test_the_probes_answer_and_the_one_for_alarms_says_what_to_do(client: Client) -> None:
    assert client.get("/livez").status_code == 200
    health = client.get("/healthz")
    assert health.status_code == 503
    assert "manage.py replay_erasures" in health.json()["register"]
    assert health.json()["ok"] is False


@pytest.mark.usefixtures("restored")
def test_what_the_page_needs_to_be_seen_is_served(client: Client) -> None:
    style = client.get("/static/css/site.css")
    assert b"".join(style.streaming_content)
    style.close()


def test_without_a_restore_all_is_served(client: Client) -> None:
    published_policy()
    restore_guard.forget()
    assert client.get("/").status_code == 200
    assert client.get("/healthz").json()["register"] == "ok"
