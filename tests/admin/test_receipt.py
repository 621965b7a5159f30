"""The receipt date at the desk: one proposes, another approves, and everybody reads why."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog, DataSubjectRequest, ReceiptCorrection
from tests.admin.test_desk import ENTRY, QUEUE, case_url

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def page_url(dsr):
    return reverse("admin:requests_app_datasubjectrequest_receipt", args=[dsr.pk])


def verb_url(dsr, verb):
    return reverse("admin:requests_app_datasubjectrequest_receipt_act", args=[dsr.pk, verb])


@pytest.fixture
def dsr(sign_in):
    """What Bruno entered today as received three days ago."""
    day = clock.now().date() - 3 * DAY
    sign_in("bruno").post(f"{QUEUE}enter/", {**ENTRY, "received_on": day.isoformat()})
    return DataSubjectRequest.objects.select_related("submission").get()


def propose(client, dsr, ago=6):
    day = clock.now().date() - ago * DAY
    return client.post(verb_url(dsr, "propose"), {"received_on": day.isoformat(), "reason": "The postmark says so."})


def test_bruno_proposes_and_ada_approves_what_she_reads(sign_in, dsr):
    assert page_url(dsr) in sign_in("bruno").get(case_url(dsr)).content.decode()
    assert propose(sign_in("bruno"), dsr).status_code == 302
    assert "Another person has to approve it." in sign_in("bruno").get(page_url(dsr)).content.decode()
    client = sign_in("ada")
    assert "A correction waits for approval." in client.get(case_url(dsr)).content.decode()
    assert dsr.submission.case_label in client.get(QUEUE, {"view": "approve"}).content.decode()
    page = client.get(page_url(dsr)).content.decode()
    assert "The postmark says so." in page
    correction = ReceiptCorrection.objects.get()
    client.post(verb_url(dsr, "approve"), {"correction": correction.pk})
    due_on = dsr.due_on
    dsr.refresh_from_db()
    assert dsr.due_on == due_on - 3 * DAY
    assert "approved by ada" in client.get(page_url(dsr)).content.decode()


def test_bruno_does_not_find_his_own_proposal_among_the_approvals(sign_in, dsr):
    propose(sign_in("bruno"), dsr)
    assert case_url(dsr) not in sign_in("bruno").get(QUEUE, {"view": "approve"}).content.decode()


def test_petra_cannot_approve_what_she_proposed(sign_in, dsr):
    client = sign_in("petra")
    propose(client, dsr)
    correction = ReceiptCorrection.objects.get()
    page = client.post(verb_url(dsr, "approve"), {"correction": correction.pk}, follow=True).content.decode()
    assert "you proposed this correction yourself" in page
    correction.refresh_from_db()
    assert correction.approved_at is None


@pytest.mark.parametrize(
    ("name", "verb"),
    [("ada", "propose"), ("bruno", "approve"), ("otto", "propose"), ("otto", "approve"), ("otto", "withdraw"),
     ("petra", "delete")],
)  # fmt: skip
def test_whoever_has_not_the_role_is_refused(sign_in, dsr, name, verb):
    assert sign_in(name).post(verb_url(dsr, verb), {}).status_code == 403


def test_otto_does_not_read_the_page(sign_in, dsr):
    assert sign_in("otto").get(page_url(dsr)).status_code == 403


def test_a_day_to_come_is_refused_and_what_was_typed_stays(sign_in, dsr):
    answer = propose(sign_in("bruno"), dsr, ago=-2)
    assert answer.status_code == 422
    assert "lies in the future" in answer.content.decode()
    assert "The postmark says so." in answer.content.decode()


def test_what_was_filed_on_the_portal_has_no_link_and_says_why(sign_in, file_request):
    dsr = file_request()
    client = sign_in("petra")
    assert page_url(dsr) not in client.get(case_url(dsr)).content.decode()
    page = client.get(page_url(dsr)).content.decode()
    assert "filed on the portal" in page
    assert "Propose a correction" not in page


def test_a_proposal_is_turned_down(sign_in, dsr):
    propose(sign_in("bruno"), dsr)
    sign_in("ada").post(verb_url(dsr, "withdraw"), {"correction": ReceiptCorrection.objects.get().pk})
    assert "withdrawn by ada" in sign_in("bruno").get(page_url(dsr)).content.decode()


def test_a_look_at_the_page_is_on_record(sign_in, staff, dsr):
    sign_in("bruno").get(page_url(dsr))
    assert AccessLog.objects.filter(what="receipt page", staff=staff["bruno"]).count() == 1
