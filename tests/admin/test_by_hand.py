"""A verification by hand at the desk: one proposes, another approves, and everybody reads why."""

import pytest
from django.urls import reverse

from requests_app.models import ManualVerification
from tests.admin.test_desk import QUEUE, case_url

pytestmark = pytest.mark.django_db
REASON = "Compared with the signature on the contract of 2024."


def page_url(dsr):
    return reverse("admin:requests_app_datasubjectrequest_by_hand", args=[dsr.pk])


def act(client, dsr, verb, **data):
    return client.post(reverse("admin:requests_app_datasubjectrequest_by_hand_act", args=[dsr.pk, verb]), data)


def test_bruno_proposes_and_ada_approves_what_she_reads(sign_in, file_request):
    dsr = file_request()
    assert act(sign_in("bruno"), dsr, "propose", reason=REASON).status_code == 302
    own = sign_in("bruno").get(page_url(dsr)).content.decode()
    assert "Another person has to approve it." in own
    assert "Approve the verification" not in own
    client = sign_in("ada")
    assert case_url(dsr) in client.get(QUEUE, {"view": "approve"}).content.decode()
    assert REASON in client.get(page_url(dsr)).content.decode()
    assert act(client, dsr, "approve", proposal=ManualVerification.objects.get().pk).status_code == 302
    assert "approved by ada" in client.get(page_url(dsr)).content.decode()


def test_a_reason_of_two_words_is_sent_back_with_what_to_write(sign_in, file_request):
    dsr = file_request()
    answer = act(sign_in("bruno"), dsr, "propose", reason="Looks fine.")
    assert answer.status_code == 422
    assert "what you compared with what" in answer.content.decode()
    assert "Looks fine." in answer.content.decode()


def test_bruno_does_not_approve_his_own_from_two_windows(sign_in, file_request):
    dsr = file_request()
    act(sign_in("petra"), dsr, "propose", reason=REASON)
    answer = act(sign_in("petra"), dsr, "approve", proposal=ManualVerification.objects.get().pk)
    assert answer.status_code == 302
    assert ManualVerification.objects.get().approved_at is None
