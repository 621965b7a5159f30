"""On her page Ana reads what is paused, since when and until what, and can protest before it ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from requests_app.models import DataSubjectRequest, Message, Restriction
from requests_app.operations import restriction, sweeps
from requests_app.operations.actors import Actor
from requests_app.rules.lifecycle import State
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    people = [{"emails": ["ana@example.org"]}]
    settings.DATA_SOURCES = {
        "crm": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {"people": people}}
    }
    published_policy()


@pytest.fixture
def ana(client):
    file_as(client, rights=["objection"])
    client.post("/confirm/", {"code": newest_code()})
    return client


def page(client, **headers):
    return " ".join(client.get("/status/", headers=headers).content.decode().split())


def test_an_objection_is_paused_from_the_code_on(ana):
    said = page(ana)
    assert "Paused since" in said
    assert "All data that we hold of you" in said
    assert "Until this has happened: We have answered your objection" in said
    assert "We are still telling some of our systems. We write to you before the pause ends." in said
    sweeps.run_steps(timezone.now())
    sweeps.carry_out_acts(timezone.now())
    assert "still telling some of our systems" not in page(ana)


def test_before_it_ends_she_reads_the_day_and_can_write(ana):
    row = Restriction.objects.get()
    DataSubjectRequest.objects.update(state=State.REFUSED, answered_at=timezone.now(), decided_by=staff("bruno"),
                                      approved_by=staff("ada"))  # fmt: skip
    bruno = Actor.staff(staff("bruno", "handler"))
    restriction.announce(row, why="It is answered.", actor=bruno, at=timezone.now())
    said = page(ana)
    assert "The pause ends on" in said
    assert "If you do not agree, write to us before that day." in said
    ana.post(f"/reply/{row.dsr_id}/", {"text": "I do not agree."})
    assert Message.objects.get(author="person").body == "I do not agree."


def test_lifted_nothing_of_it_stands_on_the_page(ana):
    now = timezone.now()
    Restriction.objects.update(
        announced_at=now, lift_from=now.date(), lifted_at=now + timedelta(days=8), lifted_by=staff("bruno")
    )
    assert "Paused since" not in page(ana)


def test_italian_too(ana):
    ana.post("/language/", {"language": "it", "next": "/status/"})
    said = page(ana)
    assert "Sospeso da" in said
    assert "Tutti i dati che conserviamo su di Lei" in said
    assert "Lei si è opposto e noi valutiamo l'opposizione" in said.replace("&#x27;", "'")
