"""The identity role looks at a document for a purpose; nobody else does, and two of them decide."""

import pytest
from django.contrib.auth.models import Group, User

from requests_app import clock
from requests_app.models import AccessLog, ProofDocument
from requests_app.operations import proof
from requests_app.operations.actors import Actor
from tests.pictures import card, pdf

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"


@pytest.fixture
def reviewers(staff):
    for name in ("ines", "ivo"):
        staff[name] = User.objects.create_user(name, password="x", is_staff=True, first_name=name.capitalize())
        staff[name].groups.add(Group.objects.get_or_create(name="identity reviewer")[0])
    return staff


@pytest.fixture
def document(reviewers, file_request):
    dsr = file_request()
    now = clock.now()
    asked = proof.ask_for_document(dsr, reason="Two towns.", actor=Actor.staff(reviewers["bruno"]), at=now)
    return proof.submit_document(asked, content=card(), actor=Actor.person(), at=now)


def address(document):
    return f"{QUEUE}documents/{document.pk}/"


def picture_of(document, number=1):
    return f"{QUEUE}documents/page-{number}/{document.pk}/"


def test_bruno_asks_with_a_reason_and_sees_it_on_the_case(sign_in, reviewers, file_request):
    dsr = file_request()
    bruno = sign_in("bruno")
    assert "Ask for a document" in bruno.get(f"{QUEUE}{dsr.pk}/change/").content.decode()
    page = bruno.post(f"{QUEUE}{dsr.pk}/do/document/", {"reason": " "})
    assert page.status_code == 422
    assert bruno.post(f"{QUEUE}{dsr.pk}/do/document/", {"reason": "Two towns."}).status_code == 302
    page = bruno.get(f"{QUEUE}{dsr.pk}/change/").content.decode()
    assert "Two towns." in page
    assert "Nothing has come yet." in page
    assert "The person sends a document" in page


def test_an_opt_out_has_no_such_button(sign_in, reviewers, file_request):
    dsr = file_request("marketing_optout", confirm=False)
    bruno = sign_in("bruno")
    assert "Ask for a document" not in bruno.get(f"{QUEUE}{dsr.pk}/change/").content.decode()
    bruno.post(f"{QUEUE}{dsr.pk}/do/document/", {"reason": "Two towns."})
    assert not dsr.proof_requests.exists()


@pytest.mark.parametrize("name", ["bruno", "ada", "petra", "otto"])
def test_no_other_role_sees_page_or_picture(name, sign_in, document):
    visitor = sign_in(name)
    before = AccessLog.objects.count()
    for answer in (
        visitor.get(address(document)),
        visitor.post(address(document), {"action": "look", "purpose": "just looking"}),
        visitor.get(picture_of(document)),
    ):
        assert answer.status_code == 403
    assert AccessLog.objects.count() == before


def test_the_case_page_tells_bruno_that_one_came_and_shows_nothing_of_it(sign_in, document):
    page = sign_in("bruno").get(f"{QUEUE}{document.proof.dsr_id}/change/").content.decode()
    assert "Only the identity role sees it." in page
    assert address(document) not in page
    assert "Look at the document" in page  # the next step, for those who may


def test_ines_gives_a_purpose_then_sees_pictures_of_ours(sign_in, document):
    ines = sign_in("ines")
    closed = ines.get(address(document)).content.decode()
    assert "<img" not in closed
    assert "Ana Bianchi" not in closed
    assert ines.get(picture_of(document)).status_code == 403
    assert ines.post(address(document), {"action": "look", "purpose": "no"}).status_code == 422
    ines.post(address(document), {"action": "look", "purpose": "compare the name"})
    page = ines.get(address(document)).content.decode()
    assert picture_of(document) in page
    assert "Ana Bianchi" in page
    shown = ines.get(picture_of(document))
    assert shown.content.startswith(b"\x89PNG")
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Disposition"] == 'inline; filename="page-1.png"'
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in shown["Cache-Control"]
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "img-src 'self'" in ines.get(address(document))["Content-Security-Policy"]
    assert ines.get(picture_of(document, 2)).status_code == 403
    looks = AccessLog.objects.filter(staff__username="ines")
    assert [look.purpose for look in looks if look.purpose] == ["compare the name"]


def test_a_pdf_reaches_staff_as_pictures_only(sign_in, document):
    more = proof.submit_document(document.proof.dsr, content=pdf(2), actor=Actor.person(), at=clock.now())
    ines = sign_in("ines")
    ines.post(address(more), {"action": "look", "purpose": "compare the name"})
    for number in (1, 2):
        assert ines.get(picture_of(more, number))["Content-Type"] == "image/png"


def test_two_of_them_decide_and_one_does_not(sign_in, document, client):
    ines = sign_in("ines")
    ines.post(address(document), {"action": "look", "purpose": "compare the name"})
    wrong = ines.post(address(document), {"action": "review", "verdict": "accept", "reason": ""})
    assert wrong.status_code == 422
    ines.post(address(document), {"action": "review", "verdict": "accept", "reason": "Name and town agree."})
    document.refresh_from_db()
    assert document.result == "accepted"
    assert "You reviewed this document." in ines.get(address(document)).content.decode()
    ines.post(address(document), {"action": "confirm"})
    document.refresh_from_db()
    assert document.confirmed_at is None
    ivo = sign_in("ivo")
    ivo.post(address(document), {"action": "look", "purpose": "second look"})
    assert ivo.post(address(document), {"action": "confirm"}).status_code == 302
    document.refresh_from_db()
    assert document.confirmed_by.username == "ivo"
    page = ivo.get(f"{QUEUE}{document.proof.dsr_id}/change/").content.decode()
    assert "A document was looked at" in page
    assert "settled by a document" in page


def test_flags_are_shown(sign_in, document, reviewers, file_request):
    other = file_request(email="bea@example.org")
    bruno = Actor.staff(reviewers["bruno"])
    asked = proof.ask_for_document(other, reason="Two towns.", actor=bruno, at=clock.now())
    copy = proof.submit_document(asked, content=card(), actor=Actor.person(), at=clock.now())
    ProofDocument.objects.filter(pk=copy.pk).update(nearly_blank=True)
    page = sign_in("ines").get(address(copy)).content.decode()
    assert "The same picture was sent by somebody else" in page
    assert document.submission.case_label in page
    assert "Nearly blank" in page


def test_petra_withdraws_the_doubt(sign_in, document):
    petra = sign_in("petra")
    petra.post(f"{QUEUE}{document.proof.dsr_id}/do/withdraw_doubt/", {"reason": "She phoned."})
    document.proof.refresh_from_db()
    assert document.proof.end == "withdrawn"
