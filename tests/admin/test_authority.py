"""At the desk: who asks for whom, the document behind a logged look, four eyes, and what one agent filed."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from requests_app.models import AccessLog, Authority
from requests_app.operations import intake
from requests_app.operations.actors import Actor
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.authority import Kind
from tests.operations.behalf import PAPER, bruno_files
from tests.people import ana_files, published_policy, staff

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
NAME = "admin:requests_app_datasubjectrequest_authority"
QUEUE = "admin:requests_app_datasubjectrequest_changelist"


@pytest.fixture(autouse=True)
def _ready(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


@pytest.fixture
def petra(client):
    client.force_login(staff("petra", "privacy officer"))
    return client


def filed(**changes):
    until = NOW.date().replace(month=12, day=31)
    return bruno_files("access", at=NOW, **{"ends_on": until, **changes}).requests.get()


def at(dsr, verb=""):
    return reverse(f"{NAME}_act", args=[dsr.pk, verb]) if verb else reverse(NAME, args=[dsr.pk])


def case(dsr):
    return reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])


def test_the_case_says_who_asks_for_somebody_else_and_leads_on(petra):
    dsr = filed()
    page = petra.get(case(dsr)).content.decode()
    assert "Asked for somebody else, by an authorised agent" in page
    assert "has been asked, and has not answered" in page
    assert at(dsr) in page


def test_the_case_of_somebody_who_asks_for_themselves_says_nothing_of_it(petra):
    page = petra.get(case(ana_files("access").requests.get())).content.decode()
    assert "somebody else" not in page


def test_the_page_names_both_and_each_look_is_logged(petra):
    page = petra.get(at(filed())).content.decode()
    assert "Bruno Agent" in page
    assert "Ana Example" in page
    assert AccessLog.objects.filter(what="authority page").count() == 1


def test_the_document_comes_as_bytes_and_the_look_is_logged(petra):
    answer = petra.post(reverse(f"{NAME}_document", args=[filed().pk]))
    assert answer.content == PAPER[1]
    assert answer["Content-Type"] == "application/octet-stream"
    assert AccessLog.objects.filter(what="authority document").count() == 1


def test_two_people_accept_it_and_one_does_not(petra):
    dsr = filed(email="")
    petra.post(at(dsr, "propose"))
    assert b"second person accepts" in petra.post(at(dsr, "accept"), follow=True).content
    assert Authority.objects.get().accepted_at is None
    petra.force_login(staff("ada", "approver"))
    petra.post(at(dsr, "accept"), {"to_agent": "on"})
    row = Authority.objects.get()
    assert (row.accepted_by.username, row.package_to) == ("ada", "agent")


def test_what_waits_for_the_second_person_stands_among_what_to_approve(petra):
    dsr = filed(email="")
    petra.post(at(dsr, "propose"))
    petra.force_login(staff("ada", "approver"))
    assert dsr.submission.case_label in petra.get(reverse(QUEUE), {"view": "approve"}).content.decode()


def test_the_queue_shows_what_one_agent_filed_and_nobody_elses(petra):
    mine, other = filed(), filed(agent="carla@agents.example")
    direct = ana_files("access", email="bruno@agents.example").requests.get()
    page = petra.get(reverse(QUEUE), {"agent": str(mine.submission_id)}).content.decode()
    assert mine.submission.case_label in page
    assert other.submission.case_label not in page
    assert direct.submission.case_label not in page
    assert b"asks for somebody else: an authorised agent" in petra.get(reverse(QUEUE), {"view": "behalf"}).content


@pytest.mark.parametrize("agent", ["nonsense", str(uuid.UUID(int=0))])
def test_a_case_that_is_none_has_no_rows(petra, agent):
    label = filed().submission.case_label
    assert label not in petra.get(reverse(QUEUE), {"agent": agent}).content.decode()


def test_a_reported_account_of_a_child_stands_in_a_view_of_its_own_and_asks_for_no_paper(petra):
    about = Behalf(Kind.REPORT, account="kid")
    filing = Filing(uuid.uuid4(), ("deletion",), "holder", "", "kid", "en", behalf=about)
    reported = intake.receive(filing, channel="web", actor=Actor.agent(), at=NOW)
    assert reported.case_label in petra.get(reverse(QUEUE), {"view": "children"}).content.decode()
    page = petra.get(case(reported.requests.get(right="deletion"))).content.decode()
    assert "Reported as an account of a child under 14" in page
    assert "Ask for no paper of the child" in page


def test_a_guardian_of_a_child_under_14_is_told_apart(petra):
    dsr = bruno_files(
        "deletion", at=NOW, kind=Kind.GUARDIAN, born_on=date(NOW.year - 9, 1, 1), ends_on=None
    ).requests.get(right="deletion")
    assert "Under 14: the account is closed" in petra.get(case(dsr)).content.decode()
