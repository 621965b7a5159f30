"""Other cases of the same address, and what an erasure waits for, on the page of a case."""

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import IdentityCheck
from requests_app.operations import contact_change, erasure, identity
from requests_app.operations.actors import Actor

pytestmark = pytest.mark.django_db


def page(client, dsr):
    return client.get(reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])).content.decode()


def code(purpose):
    return identity.code_for(IdentityCheck.objects.filter(purpose=purpose).latest("issue"))


def test_bruno_sees_what_else_this_address_asked_for_whichever_of_its_addresses_it_was(file_request, sign_in):
    before, other = file_request("access"), file_request("access", email="otto@example.org")
    dsr, ana, at = file_request("deletion"), Actor.person(), clock.now()
    how = {"email": "ana@new.example", "proved": True, "old_mailbox_lost": False}
    contact_change.ask(dsr.submission, **how, actor=ana, at=at)
    assert contact_change.confirm(dsr.submission, code=code("change"), actor=ana, at=at)
    shown = page(sign_in("bruno"), dsr)
    assert "Other cases of the same address" in shown
    assert before.submission.case_label in shown
    assert other.submission.case_label not in shown


def test_the_case_says_until_when_an_erasure_can_be_stopped(file_request, sign_in):
    dsr, ana, at = file_request("deletion"), Actor.person(), clock.now()
    assert "Confirmed a second time" not in page(sign_in("bruno"), dsr)
    erasure.issue_code(dsr, actor=ana, at=at)
    assert erasure.confirm(dsr, code=code("erase"), actor=ana, at=at)
    assert "every known contact can stop it until the end of" in page(sign_in("bruno"), dsr)


def test_the_second_confirmation_of_a_letter_is_recorded_by_a_button_offered_there_only(file_request, sign_in):
    by_letter, with_page = file_request("deletion", email="", confirm=False), file_request("deletion")
    client = sign_in("bruno")
    assert "Record the second confirmation" in page(client, by_letter)
    assert "Record the second confirmation" not in page(client, with_page)
    road = reverse("admin:requests_app_datasubjectrequest_act", args=[by_letter.pk, "confirmed"])
    client.post(road, {"text": "Her signed letter of Monday; the signature is that of the contract."})
    assert by_letter.erasure_confirmations.count() == 1
