"""A mail to another address of the case that never arrives: the desk learns of it, and no page of the person tells."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import Contact, Notice
from requests_app.operations import delivery, identity_codes
from requests_app.operations.actors import Actor
from requests_app.operations.contacts import add_contact
from tests.admin.test_desk import QUEUE

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/notice/"
SYSTEM = Actor.system()


@pytest.fixture
def bounced(file_request):
    """The code for the contact on file was refused by the mail server."""
    dsr = file_request()
    contact = add_contact(
        dsr.submission, role="on_file", address="gone@on-file.example", source="crm", actor=SYSTEM, at=clock.now()
    )
    check = identity_codes.issue(dsr.submission, purpose="on_file", contact=contact, actor=SYSTEM, at=clock.now())
    refused = {"delivery": "failed", "failure_code": "smtp_550", "next_try_at": None}
    Notice.objects.filter(check_id=check.pk).update(**refused)
    return dsr


def case(client, dsr):
    return client.get(reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])).content.decode()


def test_the_code_of_a_contact_on_file_that_bounced_is_shown_at_the_desk(sign_in, bounced):
    petra, label = sign_in("petra"), bounced.submission.case_label
    assert label in petra.get(QUEUE, {"view": "not_reached"}).content.decode()
    page = case(petra, bounced)
    assert "A message did not reach another address of the case" in page
    assert "on file in a data source" in page
    assert "refused it with code 550" in page
    assert "gone@on-file.example" not in page


def test_once_the_contact_was_reached_in_another_way_it_is_so_no_more(sign_in, bounced):
    petra, notice = sign_in("petra"), Notice.objects.get(kind="code", contact__isnull=False)
    page = petra.get(reverse("admin:requests_app_notice_change", args=[notice.pk])).content.decode()
    assert "It is not shown to staff" in page
    assert "On paper" not in page, "it has no postal address, and is no letter to the person"
    petra.post(reverse("admin:requests_app_notice_serve", args=[notice.pk]), {"channel": "phone"})
    assert bounced.submission.case_label not in petra.get(QUEUE, {"view": "not_reached"}).content.decode()
    assert "did not reach another address" not in case(petra, bounced)


def test_nor_once_a_later_code_went_there(sign_in, bounced):
    contact, later = Contact.objects.get(), clock.now() + timedelta(minutes=1)
    identity_codes.issue(bounced.submission, purpose="on_file", contact=contact, actor=SYSTEM, at=later)
    assert delivery.not_reached().exists()
    delivery.deliver_due(later)
    assert not delivery.not_reached().exists()


def test_a_code_for_which_somebody_waits_at_the_page_is_no_such_case(file_request):
    dsr, at = file_request(), clock.now()
    new = add_contact(dsr.submission, role="new", address="gone@example.net", actor=SYSTEM, at=at)
    check = identity_codes.issue(dsr.submission, purpose="change", contact=new, actor=SYSTEM, at=at)
    Notice.objects.filter(check_id=check.pk).update(delivery="failed", failure_code="smtp_550", next_try_at=None)
    assert not delivery.not_reached().exists()


def test_the_list_of_notices_to_print_holds_no_mail_to_a_contact(sign_in, bounced):
    notice = Notice.objects.get(kind="code", contact__isnull=False)
    petra, url = sign_in("petra"), reverse("admin:requests_app_notice_change", args=[notice.pk])
    assert url in petra.get(LIST, {"service": "not_reached"}).content.decode()
    assert url not in petra.get(LIST, {"service": "print"}).content.decode()
    assert petra.post(reverse("admin:requests_app_notice_print", args=[notice.pk])).status_code == 404
