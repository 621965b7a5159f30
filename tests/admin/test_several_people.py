"""The page on which staff say which of several people asks, and where the desk shows that somebody has to."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog
from requests_app.operations import desk, people_found, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.owed_acts import acts_of
from requests_app.operations.owed_steps import steps_of
from tests.admin.test_desk import case_url
from tests.admin.test_sources_panel import MEMORY, TABLES, panel, read

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"
WHY = "She told the street of her first order."


@pytest.fixture
def family(settings, file_request, staff):
    """Ana's request; her husband has the same address on file."""

    def file_(right="access"):
        people = [
            {"reference": number, "emails": ["ana@example.org"], "since": clock.now() - timedelta(days=900),
             "records": {"orders": [{"n": n, "note": note}]}}
            for number, n, note in (("C-1001", 1, "A lamp."), ("C-2002", 2, "A desk."))
        ]  # fmt: skip
        settings.DATA_SOURCES = {"shop": {"BACKEND": MEMORY, "OPTIONS": {"people": people, "tables": TABLES}}}
        dsr = file_request(right)
        read(clock.now())
        sweeps.carry_out_acts(clock.now())
        desk.assign(dsr, assignee=staff["bruno"], actor=Actor.staff(staff["bruno"]), at=clock.now())
        dsr.refresh_from_db()
        return dsr

    return file_


def url_of(dsr):
    return reverse("admin:requests_app_datasubjectrequest_people", args=[people_found.of(dsr).get().pk])


def given(dsr, *chosen, **more):
    return {"chosen": chosen, "seen": people_found.of(dsr).get().digest, "why": WHY, **more}


def test_the_case_and_the_queue_lead_to_the_choice(sign_in, family):
    dsr = family()
    client = sign_in("bruno")
    said = panel(client, dsr)
    assert "Several people found: nothing is read before somebody chooses" in said
    assert f'href="{url_of(dsr)}"' in said
    assert "C-2002" not in said
    assert "Choose whom it is about" in client.get(QUEUE).content.decode()


def test_bruno_sees_who_was_found_and_his_look_is_written_down(sign_in, family):
    dsr = family()
    page = sign_in("bruno").get(url_of(dsr)).content.decode()
    for number in ("C-1001", "C-2002"):
        assert f"{number}: ana@example.org since" in page
    assert "A desk." not in page
    assert "Choose whom it is about" in AccessLog.objects.latest("at").what


def test_what_he_ticks_is_read_and_nothing_else(sign_in, family):
    dsr = family()
    client = sign_in("bruno")
    assert client.post(url_of(dsr), given(dsr, "C-1001"))["Location"] == f"{case_url(dsr)}#sources"
    read(clock.now())
    said = panel(client, dsr)
    assert "Found 1 record in 1 table" in said
    assert "Several people found. bruno chose 1 of 2" in said
    assert WHY in said
    assert "Choose again" in said
    assert "Choose whom it is about" not in client.get(QUEUE).content.decode()
    page = client.get(case_url(dsr)).content.decode()
    assert "The data source shop knows several people (2). Nothing was read." in page
    assert "bruno chose 1 of 2 people in shop, and wrote how they were told apart." in page


def test_whoever_approves_reads_the_reason(sign_in, family):
    dsr = family()
    client = sign_in("bruno")
    client.post(url_of(dsr), given(dsr, "C-1001"))
    decide = reverse("admin:requests_app_datasubjectrequest_act", args=[dsr.pk, "decide"])
    assert WHY in client.get(decide).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"chosen": []},
        {"chosen": ["C-1001"], "nobody": "on"},
        {"chosen": ["C-3003"]},
        {"chosen": ["C-1001"], "why": " "},
        {"chosen": ["C-1001"], "seen": "0" * 64},
    ],
)
def test_what_is_not_clear_chooses_nobody(sign_in, family, wrong):
    dsr = family()
    assert sign_in("bruno").post(url_of(dsr), given(dsr) | wrong).status_code == 422
    assert steps_of(dsr).get().status == "several"


def test_that_it_is_none_of_them_is_said_by_a_tick(sign_in, family):
    dsr = family()
    sign_in("bruno").post(url_of(dsr), given(dsr, nobody="on"))
    read(clock.now())
    assert steps_of(dsr).get().status == "nothing"


def test_ada_who_approves_chooses_nobody(sign_in, family):
    dsr = family()
    client = sign_in("ada")
    assert url_of(dsr) not in panel(client, dsr)
    assert client.post(url_of(dsr), given(dsr, "C-1001")).status_code == 403


def test_of_a_deletion_it_is_the_same(sign_in, family):
    dsr = family("deletion")
    client = sign_in("bruno")
    said = client.get(case_url(dsr)).content.decode().split('id="erasure"')[1].split("</section>")[0]
    assert "several people found: nothing is told before somebody chooses" in said
    assert client.post(url_of(dsr), given(dsr, "C-1001"))["Location"] == f"{case_url(dsr)}#erasure"
    sweeps.carry_out_acts(clock.now())
    assert acts_of(dsr).get(act="plan").references == ("C-1001",)
    said = client.get(case_url(dsr)).content.decode().split('id="erasure"')[1].split("</section>")[0]
    assert WHY in said
