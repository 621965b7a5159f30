"""Otto files in Ana's name with Ana's address: whatever she does, he learns nothing and nothing is begun for him."""

import pytest
from django.test import Client
from django.utils import timezone

from requests_app.models import DataSubjectRequest, IdentityCheck, Message, Submission
from requests_app.operations import decision, desk, identity
from requests_app.operations.actors import Actor
from tests.people import published_policy, staff
from tests.web.test_person_road import by_link, file_as, newest_code, wrong

pytestmark = pytest.mark.django_db
ADDRESS = "ana@example.org"


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def otto(client):
    """He filed in her name; the code went to her."""
    file_as(client)
    return client


def dsr() -> DataSubjectRequest:
    return DataSubjectRequest.objects.select_related("submission", "policy").order_by("opened_at").first()


def finds(client: Client, address: str = ADDRESS) -> Client:
    client.post("/find/", {"email": address})
    assert client.post("/find/code/", {"code": newest_code("find")})["Location"] == "/found/"
    return client


def secret() -> str:
    return identity.link_secret(IdentityCheck.objects.filter(purpose="verify").latest("issued_at"))


def ana_confirms() -> Client:
    """She types the code in her own browser, by the link of the mail."""
    ana = Client()
    assert by_link(ana, secret(), code=newest_code())["Location"] == "/status/"
    return ana


def answer(letter: str) -> None:
    bruno, now = Actor.staff(staff("bruno", "handler")), timezone.now()
    desk.attach(dsr(), name="statement of account.pdf", content=b"hers", actor=bruno, at=now)
    submitted = decision.decide(
        dsr(), outcome="done", letter=letter, ground="", facts="", scope="", identity_match="Code.", actor=bruno, at=now
    )
    decision.approve(dsr(), digest=submitted.content_digest, actor=Actor.staff(staff("ada")), at=now)


class TestTheFilingBrowser:
    def test_sees_nothing_more_once_the_code_was_typed_elsewhere(self, otto):
        ana = ana_confirms()
        answer("You live in Elm Street 5.")
        letter = ana.get("/status/").context["cards"][0]["letter"]
        assert otto.get("/status/")["Location"] == "/find/"
        assert otto.get(f"/notice/{letter.pk}/").status_code == 404
        assert b"Elm Street" in ana.get(f"/notice/{letter.pk}/").content

    def test_can_do_nothing_more_in_her_name(self, otto):
        ana_confirms()
        pk = dsr().pk
        assert otto.post(f"/reply/{pk}/", {"text": "Send it to my new address."}).status_code == 404
        assert otto.post(f"/cancel/{pk}/", {"confirm": "yes"}).status_code == 404
        assert otto.post("/fresh-code/", {"action": "send"}).status_code == 404
        assert not Message.objects.exists()
        assert dsr().state == "in_progress"

    def test_is_told_how_to_get_back(self, otto):
        ana_confirms()
        assert b"confirmed in another browser" in otto.get("/status/", follow=True).content

    def test_of_the_person_herself_goes_on_where_she_typed_the_code(self, otto):
        otto.post("/confirm/", {"code": newest_code()})
        assert otto.get("/status/").status_code == 200

    def test_of_the_person_herself_goes_on_by_the_button_behind_the_link(self, otto):
        by_link(otto, secret(), action="confirm")
        assert Submission.objects.get().assurance > 0
        assert otto.get("/status/").status_code == 200

    def test_sent_again_from_its_history_opens_nothing_that_was_confirmed(self, otto):
        key = str(Submission.objects.get().form_key)
        ana_confirms()
        somebody = Client()
        file_as(somebody, form_key=key)
        assert somebody.get("/status/")["Location"] == "/find/"


class TestAProofOfOneAddress:
    def test_does_not_open_what_was_moved_to_another_address(self, client):
        file_as(client, email="otto@example.org")
        elsewhere = Client()
        finds(elsewhere, "otto@example.org")
        client.post("/address/", {"email": ADDRESS})
        ana_confirms()
        assert elsewhere.get("/status/")["Location"] == "/find/"
        pk = Submission.objects.get().pk
        elsewhere.post(f"/found/{pk}/")
        assert elsewhere.get("/status/")["Location"] == "/find/"


class TestLookingForOnesOwnRequests:
    def test_begins_nothing_that_somebody_else_filed(self, otto):
        finds(Client())
        assert dsr().state == "awaiting_verification"
        assert Submission.objects.get().assurance == 0

    def test_shows_what_was_filed_and_begins_it_at_a_press(self, otto):
        ana = finds(Client())
        assert "These are my requests" in ana.get("/status/").content.decode()
        ana.post("/confirm/", {"mine": "yes"})
        assert dsr().state == "in_progress"
        assert ana.get("/status/").status_code == 200

    def test_the_press_does_nothing_for_whoever_only_filed(self, otto):
        otto.post("/confirm/", {"mine": "yes"})
        assert dsr().state == "awaiting_verification"
        finds(Client())
        otto.post("/confirm/", {"mine": "yes"})
        assert dsr().state == "awaiting_verification"


class TestACode:
    def test_of_one_request_is_no_code_of_another(self, otto):
        hers = Client()
        file_as(hers)
        mine, other = (identity.code_for(s.identity_checks.get()) for s in Submission.objects.order_by("received_at"))
        hers.post("/confirm/", {"code": mine if mine != other else wrong(other)})
        assert not Submission.objects.filter(assurance__gt=0).exists()

    def test_works_once(self, otto):
        code = newest_code()
        otto.post("/confirm/", {"code": code})
        again = otto.post("/confirm/", {"code": code})
        assert "Code:" in again.context["code_error"]
        assert IdentityCheck.objects.filter(passed_at__isnull=False).count() == 1

    def test_of_a_download_is_none_for_finding(self, otto):
        otto.post("/confirm/", {"code": newest_code()})
        otto.post("/fresh-code/", {"action": "send"})
        other = Client()
        other.post("/find/", {"email": ADDRESS})
        fresh, find = newest_code("fresh"), newest_code("find")
        answer = other.post("/find/code/", {"code": fresh if fresh != find else wrong(find)})
        assert answer.status_code == 200
        assert other.get("/status/")["Location"] == "/find/"
