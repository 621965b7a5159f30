"""What the clock has set aside, as Petra (privacy officer), Bruno (handler) and Otto (no role) see it."""

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest, EvidenceEvent

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"
LIST = f"{QUEUE}set-aside/"


@pytest.fixture
def aside(file_request):
    dsr = file_request()
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(
        failures=5, failure_code="KeyDestroyed", set_aside_at=clock.now(), wake_at=None
    )
    return dsr


def retry_url(dsr):
    return reverse("admin:requests_app_datasubjectrequest_retry", args=[dsr.pk])


def test_the_queue_says_that_a_request_is_set_aside_and_leads_to_the_list(sign_in, aside):
    assert LIST in sign_in("bruno").get(QUEUE).content.decode()


def test_the_queue_says_nothing_while_nothing_is_set_aside(sign_in, file_request):
    file_request()
    assert LIST not in sign_in("bruno").get(QUEUE).content.decode()


def test_the_list_names_the_case_and_the_class_of_the_error(sign_in, aside):
    page = sign_in("petra").get(LIST).content.decode()
    assert aside.submission.case_label in page
    assert "KeyDestroyed" in page
    assert retry_url(aside) in page


def test_petra_has_it_tried_again_and_that_is_evidence(sign_in, aside, staff):
    answer = sign_in("petra").post(retry_url(aside), follow=True)
    assert "back under the clock" in answer.content.decode()
    aside.refresh_from_db()
    assert aside.set_aside_at is None
    assert aside.wake_at is not None
    assert EvidenceEvent.objects.get(kind="tried_again").actor_ref == str(staff["petra"].pk)


def test_trying_again_twice_is_refused_in_words(sign_in, aside):
    client = sign_in("petra")
    client.post(retry_url(aside))
    assert "somebody was faster" in client.post(retry_url(aside), follow=True).content.decode()
    assert EvidenceEvent.objects.filter(kind="tried_again").count() == 1


@pytest.mark.parametrize("name", ["bruno", "ada"])
def test_a_handler_or_approver_sees_the_list_but_cannot_have_it_tried_again(sign_in, aside, name):
    client = sign_in(name)
    assert retry_url(aside) not in client.get(LIST).content.decode()
    assert client.post(retry_url(aside)).status_code == 403


def test_an_account_without_a_role_sees_no_list(sign_in, aside):
    client = sign_in("otto")
    assert client.get(LIST).status_code == 403
    assert client.post(retry_url(aside)).status_code == 403


def test_looking_at_the_button_changes_nothing(sign_in, aside):
    assert sign_in("petra").get(retry_url(aside)).status_code == 405
