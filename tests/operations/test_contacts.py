"""Another address of a case: a code goes there and counts there, and nothing else gains by it."""

import pytest
from django.core import mail

from requests_app.models import EvidenceEvent, IdentityCheck, Notice
from requests_app.operations import delivery, evidence, identity, identity_codes
from requests_app.operations.actors import Actor
from requests_app.operations.contacts import add_contact
from tests.operations.test_road import verified
from tests.people import NOON, ana_files, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def submission():
    return verified(ana_files("access")).submission


@pytest.fixture
def on_file(submission):
    return add_contact(submission, role="on_file", address="ana@old.example", source="crm", actor=ANA, at=NOON)


def code_to(contact, purpose="on_file"):
    return identity_codes.issue(contact.submission, purpose=purpose, actor=ANA, at=NOON, contact=contact)


def test_an_address_is_added_once_whatever_its_case_and_is_evidence(submission, on_file):
    again = add_contact(submission, role="on_file", address=" ANA@old.example ", actor=ANA, at=NOON)
    assert again == on_file
    assert EvidenceEvent.objects.filter(kind="contact_added").count() == 1
    assert b"old.example" not in bytes(on_file.address_sealed)
    assert on_file.address == "ana@old.example"


def test_a_code_goes_to_the_contact_and_not_to_the_address_typed(submission, on_file):
    check = code_to(on_file)
    mail.outbox.clear()
    delivery.deliver_due(NOON)
    to_contact = [message for message in mail.outbox if message.to == ["ana@old.example"]]
    assert len(to_contact) == 1
    code = identity.code_for(check)
    assert code in to_contact[0].body
    assert not any(code in message.body for message in mail.outbox if message.to == ["ana@example.org"])


def test_it_is_typed_for_the_contact_only_and_leaves_the_proof_of_the_address_typed_as_it_was():
    submission = ana_files("access")
    on_file = add_contact(submission, role="on_file", address="ana@old.example", actor=ANA, at=NOON)
    code = identity.code_for(code_to(on_file))
    assert not identity.confirm(submission, purpose="on_file", code=code, actor=ANA, at=NOON)
    assert identity.confirm(submission, purpose="on_file", code=code, actor=ANA, at=NOON, contact=on_file)
    submission.refresh_from_db()
    assert submission.assurance == 0
    assert submission.requests.get().state == "awaiting_verification"
    assert list(evidence.verify()) == []


def test_its_link_does_not_open_the_page_of_the_address_typed(submission, on_file, client):
    secret = identity.link_secret(code_to(on_file))
    assert client.get(f"/l/{secret}/")["Location"] == "/was-it-you/"
    for path in ("/l/", "/status/"):
        assert client.get(path)["Location"] == "/find/"
    assert not identity.confirm_from_session(IdentityCheck.objects.get(contact=on_file), actor=ANA, at=NOON)


def test_codes_to_two_contacts_live_side_by_side(submission, on_file):
    former = add_contact(submission, role="former", address="ana@former.example", actor=ANA, at=NOON)
    first, second = code_to(on_file, "stop"), code_to(former, "stop")
    first.refresh_from_db()
    assert (first.dead_at, second.dead_at) == (None, None)
    third = code_to(on_file, "stop")
    first.refresh_from_db()
    assert first.dead_at == NOON
    assert third.issue == 3


def test_a_notice_to_a_contact_is_no_letter_of_the_person(submission, on_file):
    code_to(on_file)
    assert Notice.objects.get(contact=on_file).recipient == f"contact:{on_file.pk.hex}"
    assert not delivery.to_print().filter(contact=on_file).exists()


def test_a_contact_of_another_case_gets_nothing(submission, on_file):
    other = ana_files("deletion", email="otto@example.org")
    with pytest.raises(ValueError, match="belongs to another case"):
        identity_codes.issue(other, purpose="stop", actor=ANA, at=NOON, contact=on_file)
