"""Ana confirms a deletion a second time, stops it, changes her address; whoever it was not, says so."""

import pytest
from django.test import Client

from requests_app.clock import now
from requests_app.models import DataSubjectRequest, IdentityCheck, Submission
from requests_app.operations import contacts, decision, desk, identity
from requests_app.operations.actors import Actor
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def newest(purpose: str) -> IdentityCheck:
    return IdentityCheck.objects.filter(purpose=purpose).latest("issue")


def code(purpose: str) -> str:
    return identity.code_for(newest(purpose))


def seen(client: Client, road: str = "/status/") -> str:
    return client.get(road, follow=True).content.decode()


def opens_link(client: Client, purpose: str) -> str:
    """From the mail to the page it leads to."""
    return client.get(f"/l/{identity.link_secret(newest(purpose))}/", follow=True).request["PATH_INFO"]


def files(client: Client, right: str = "deletion") -> DataSubjectRequest:
    file_as(client, rights=[right])
    client.post("/confirm/", {"code": code("verify")})
    return DataSubjectRequest.objects.get(right=right)


@pytest.fixture
def ana(client):
    return client


class TestTheSecondConfirmation:
    def test_is_asked_on_the_status_page_and_names_what_cannot_be_undone(self, ana):
        dsr = files(ana)
        assert "One more question" in seen(ana)
        page = seen(ana, f"/erase/{dsr.pk}/")
        assert "Nobody can bring it back" in page
        assert "For 3 days after you confirm it can still be stopped" in page
        assert "checked" not in page
        assert "Yes, delete my data" not in page  # before a code was sent there is nothing to press

    def test_takes_a_code_sent_for_this_only_and_then_says_until_when(self, ana):
        dsr = files(ana)
        ana.post(f"/erase/{dsr.pk}/", {"action": "send"})
        assert "Yes, delete my data" in seen(ana, f"/erase/{dsr.pk}/")
        assert b"this is not the code" in ana.post(f"/erase/{dsr.pk}/", {"code": "000000"}).content
        assert ana.post(f"/erase/{dsr.pk}/", {"code": code("erase")})["Location"] == "/status/"
        page = seen(ana)
        assert page.count("it can still be stopped") == 2  # the word of thanks, and the card
        assert "One more question" not in page

    def test_is_never_part_of_filing_nor_of_looking(self, ana):
        dsr = files(ana)
        seen(ana, f"/erase/{dsr.pk}/")
        ana.post(f"/erase/{dsr.pk}/", {"confirm": "yes"})
        assert not dsr.erasure_confirmations.exists()

    def test_the_link_of_its_mail_confirms_no_address_and_no_erasure(self, ana):
        dsr = files(ana)
        ana.post(f"/erase/{dsr.pk}/", {"action": "send"})
        otto = Client()
        opens_link(otto, "erase")
        otto.post("/l/", {"code": code("erase")})
        assert not dsr.erasure_confirmations.exists()
        assert newest("erase").passed_at is None  # it is still good on the page that asked for it

    def test_waits_for_her_access_request(self, ana):
        file_as(ana, rights=["access", "deletion"])
        ana.post("/confirm/", {"code": code("verify")})
        page = seen(ana)
        assert "One more question" not in page
        assert "First your request to see your data is answered" in page
        dsr = DataSubjectRequest.objects.get(right="deletion")
        assert ana.get(f"/erase/{dsr.pk}/")["Location"] == "/status/"


class TestStopping:
    @pytest.fixture
    def cooling(self, ana):
        dsr = files(ana)
        contacts.add_contact(dsr.submission, role="on_file", address="ana@old.example", actor=Actor.person(), at=now())
        ana.post(f"/erase/{dsr.pk}/", {"action": "send"})
        ana.post(f"/erase/{dsr.pk}/", {"code": code("erase")})
        return dsr

    def test_opening_the_link_a_hundred_times_changes_nothing(self, cooling):
        eva = Client()
        for _ in range(100):
            opens_link(eva, "stop")
        cooling.refresh_from_db()
        assert cooling.state == "in_progress"

    def test_the_code_of_the_same_mail_stops_it_and_shows_nothing_of_the_case(self, cooling):
        eva = Client()
        assert opens_link(eva, "stop") == "/stop/"
        page = eva.get("/stop/").content.decode()
        assert not any(told in page for told in ("Ana", cooling.submission.case_label, "delet"))
        assert b"not the code of the message" in eva.post("/stop/", {"code": "000000"}).content
        assert b"It is stopped" in eva.post("/stop/", {"code": code("stop")}).content
        cooling.refresh_from_db()
        assert cooling.state == "cancelled"
        assert eva.get("/status/")["Location"] == "/find/"

    def test_her_own_page_stops_it_too(self, ana, cooling):
        ana.post(f"/cancel/{cooling.pk}/", {"confirm": "yes"})
        cooling.refresh_from_db()
        assert cooling.state == "cancelled"


class TestAnotherAddress:
    def fresh(self, client):
        client.post("/fresh-code/", {"action": "send", "next": "/new-address/"})
        client.post("/fresh-code/", {"code": code("fresh"), "next": "/new-address/"})

    def lapse_of_freshness(self, client):
        session = client.session
        session.pop("fresh_until")
        session.save()

    def change(self, client, **more):
        client.post("/new-address/", {"action": "ask", "email": "ana@new.example", **more})
        return client.post("/new-address/", {"code": code("change")})

    def test_first_a_code_of_the_present_address_is_asked_for(self, ana):
        files(ana, "access")
        self.lapse_of_freshness(ana)
        assert "First a code to the present address" in seen(ana, "/new-address/")
        ana.post("/new-address/", {"action": "ask", "email": "ana@new.example"})
        assert not IdentityCheck.objects.filter(purpose="change").exists()
        self.fresh(ana)
        assert self.change(ana)["Location"] == "/status/"
        assert Submission.objects.get().email == "ana@new.example"

    def test_with_a_lost_mailbox_it_is_asked_without(self, ana):
        files(ana, "access")
        self.lapse_of_freshness(ana)
        assert self.change(ana, lost="yes")["Location"] == "/status/"
        assert "Your earlier address has to say that this was you" in seen(ana)

    def test_sessions_that_the_old_address_opened_end(self, ana):
        files(ana, "access")
        phone = Client()
        phone.post("/find/", {"email": "ana@example.org"})
        phone.post("/find/code/", {"code": code("find")})
        assert phone.get("/found/").status_code == 200
        assert phone.get("/status/").status_code == 200
        self.change(ana)
        assert phone.get("/status/")["Location"] == "/find/"
        assert ana.get("/status/").status_code == 200

    def test_this_was_me_lifts_the_doubt_and_opens_nothing_here(self, ana):
        files(ana, "access")
        self.change(ana)
        eva = Client()
        assert opens_link(eva, "former") == "/earlier-address/"
        assert b"Answer: say whether it was you" in eva.post("/earlier-address/", {"code": code("former")}).content
        answer = eva.post("/earlier-address/", {"code": code("former"), "answer": "mine"})
        assert b"Thank you" in answer.content
        assert eva.get("/status/")["Location"] == "/find/"
        assert "Your earlier address has to say" not in seen(ana)

    def test_this_was_not_me_ends_the_session_of_whoever_changed_it_even_an_older_copy(self, ana):
        files(ana, "access")
        stranger = Client()  # with a copy of her session from before
        stranger.cookies = ana.cookies.copy()
        older = dict(ana.session.items())
        self.change(stranger)
        eva = Client()
        opens_link(eva, "former")
        assert eva.post("/earlier-address/", {"code": code("former"), "answer": "not_mine"})["Location"] == "/status/"
        assert eva.get("/status/").status_code == 200
        assert stranger.get("/status/")["Location"] == "/find/"
        session = stranger.session
        session.update(older)
        session.save()
        assert stranger.get("/status/")["Location"] == "/find/"

    def test_after_the_release_the_download_waits(self, ana):
        dsr, bruno = files(ana, "access"), Actor.staff(staff("bruno", "handler"))
        told = {"outcome": "done", "letter": "L.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
        file = desk.attach(dsr, name="data.json", content=b"{}", actor=bruno, at=now())
        digest = decision.decide(dsr, **told, actor=bruno, at=now()).content_digest
        dsr.refresh_from_db()
        decision.approve(dsr, digest=digest, actor=Actor.staff(staff("ada")), at=now())
        self.change(ana)
        assert ana.get(f"/download/{file.pk}/")["Location"] == "/status/"
        assert "The files wait: something came up about who they go to" in seen(ana)
        opens_link(eva := Client(), "former")
        eva.post("/earlier-address/", {"code": code("former"), "answer": "mine"})
        assert ana.get(f"/download/{file.pk}/").status_code == 200
