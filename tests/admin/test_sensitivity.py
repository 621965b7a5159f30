"""The mark of sensitive data at the desk, and what the person reads of it."""

import pytest

from requests_app.models import DataSubjectRequest
from tests.admin.test_queue import QUEUE, case_url
from tests.web.test_person_road import newest_code

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
