"""The mark of sensitive data at the desk, and what the person reads of it."""

from datetime import timedelta

import pytest
from django.test import Client

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.operations import policies
from tests.admin.conftest import POLICY
from tests.admin.test_queue import QUEUE, case_url
from tests.web.test_person_road import answers, newest_code

pytestmark = pytest.mark.django_db
BADGE = "sensitive data</span>"


def press(client, dsr, act, reason="A stay in hospital."):
    return client.post(f"{QUEUE}{dsr.pk}/do/{act}/", {"reason": reason}, follow=True).content.decode()


def test_bruno_marks_it_and_case_and_queue_show_it(sign_in, file_request):
    dsr, other = file_request("objection"), file_request("restriction")
    bruno = sign_in("bruno")
    assert (
        "Judge by what is asked, not by what you found" in bruno.get(f"{QUEUE}{dsr.pk}/do/sensitive/").content.decode()
    )
    page = press(bruno, dsr, "sensitive")
    assert "Marked. The contact on file is asked for" in page
    assert BADGE in page
    assert "bruno marked it as about sensitive data, and wrote why." in page
    assert "More than the right alone asks: the data are sensitive." in page
    assert "A stay in hospital." in page
    assert "Mark as sensitive data" not in page
    assert "Take off the mark" not in page  # a handler cannot
    assert bruno.get(QUEUE).content.decode().count(BADGE) == 1
    assert BADGE not in bruno.get(case_url(other)).content.decode()


def test_petra_takes_it_off(sign_in, file_request):
    dsr = file_request("objection")
    press(sign_in("bruno"), dsr, "sensitive")
    page = press(sign_in("petra"), dsr, "not_sensitive", "Not about health after all.")
    assert "petra took off the mark of sensitive data, and wrote why." in page
    assert BADGE not in page
    assert DataSubjectRequest.objects.get().sensitive_since is None


@pytest.mark.parametrize("right", ["marketing_optout", "objection"])
def test_it_is_offered_for_what_is_open_and_asks_a_proof(sign_in, file_request, right):
    offered = "Mark as sensitive data" in sign_in("bruno").get(case_url(file_request(right))).content.decode()
    assert offered == (right == "objection")


def test_ana_reads_why_more_is_asked(client, sign_in, file_request):
    dsr = file_request("objection")
    press(sign_in("bruno"), dsr, "sensitive")
    client.logout()
    client.post("/find/", {"email": "ana@example.org"})
    client.post("/find/code/", {"code": newest_code("find")})
    client.post(f"/found/{dsr.submission_id}/")
    page = " ".join(client.get("/status/").content.decode().split())
    assert "<details open> <summary>What we ask you to show, and why</summary>" in page
    assert "If we hold another contact of yours, a code to that one as well. The data are sensitive." in page
    assert "We noted that sensitive data are concerned." in page
    assert "hospital" not in page


def test_ana_whose_complaint_began_without_a_code_is_asked_for_one_once_it_is_marked(
    client, sign_in, file_request, staff
):
    text = POLICY.read_text().replace("complaint = { value = 1,", "complaint = { value = 0,")
    policies.load(text, prepared_by=staff["petra"], approved_by=staff["ada"], at=clock.now() - timedelta(days=3))
    client.post("/", answers(rights=["complaint"]) | {"action": "send"})
    assert "Show us that it is you" not in client.get("/status/").content.decode()
    dsr = DataSubjectRequest.objects.get(right="complaint")
    at_the_desk = Client()
    at_the_desk.force_login(staff["bruno"])
    press(at_the_desk, dsr, "sensitive")
    page = client.get("/status/").content.decode()
    assert "Show us that it is you" in page
    assert "Until then we give nothing out" in page
    client.post("/resend/")
    client.post("/confirm/", {"code": newest_code()})
    dsr.submission.refresh_from_db()
    assert dsr.submission.assurance == 1
    assert "Show us that it is you" not in client.get("/status/").content.decode()
