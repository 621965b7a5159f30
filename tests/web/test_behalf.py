"""Bruno asks for Ana in two steps; each sees their own side, and the answer is hers unless she chose otherwise."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from requests_app.models import AnswerFile, Authority, Contact, EvidenceEvent, IdentityCheck, Notice, Submission
from requests_app.operations import assurance, authority, decision, desk, identity, on_behalf, policies
from requests_app.operations.actors import Actor
from requests_app.rules.identity import Obstacle
from tests.people import POLICY, staff
from tests.web.test_person_road import answers, newest_code, publish

pytestmark = pytest.mark.django_db
ANA, BRUNO = "ana@example.org", "bruno@agents.example"


@pytest.fixture(autouse=True)
def _ready(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    publish()


def publish_more(table):
    """The same policy, and a circumstance in which it asks for more."""
    text = POLICY.read_text().replace("[retention]", f"{table}[retention]")
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    policies.load(text, prepared_by=petra, approved_by=ada, at=timezone.now())


def first_page(**changes):
    return answers(name="Bruno Agent", email=BRUNO, for_whom="agent", **changes)


def second_page(**changes):
    about = {
        "person_name": "Ana Example", "person_email": ANA, "ends_on": "2099-12-31", "action": "send",
        "paper": SimpleUploadedFile("letter.pdf", b"%PDF-1.4 I authorise Bruno."),
    }  # fmt: skip
    about["ends_on"] = str(timezone.now().date().replace(month=12, day=31))
    return first_page() | about | changes


def bruno_files(**changes):
    bruno = Client()
    assert bruno.post("/behalf/", second_page(**changes))["Location"] == "/status/"
    bruno.post("/confirm/", {"code": newest_code()})
    return bruno


def finds(address, at=0):
    """Whoever reads this mail, in a browser of their own, opens the case number `at`."""
    client = Client()
    client.post("/find/", {"email": address})
    assert client.post("/find/code/", {"code": newest_code("find")})["Location"] == "/found/"
    pk = client.get("/found/").context["submissions"][at]["pk"]
    client.post(f"/found/{pk}/")
    return client


def ana_says_yes(to="person"):
    ana = finds(ANA)
    ana.post("/for-you/", {"action": "yes", "rights": ["access"], "package_to": to})
    return ana


def two_accept():
    row = Authority.objects.get()
    authority.propose(row, actor=Actor.staff(staff("hans", "handler")), at=timezone.now())
    authority.accept(row, to_agent=False, actor=Actor.staff(staff("ada", "approver")), at=timezone.now())


def answered():
    hans, now = Actor.staff(staff("hans", "handler")), timezone.now()
    dsr = Submission.objects.get().requests.select_related("submission", "policy").get(right="access")
    file = desk.attach(dsr, name="data.json", content=b"hers", actor=hans, at=now)
    made = decision.decide(
        dsr, outcome="done", letter="You live in Elm Street 5.", ground="", facts="", scope="",
        identity_match="By hand.", actor=hans, at=now,
    )  # fmt: skip
    decision.approve(dsr, digest=made.content_digest, actor=Actor.staff(staff("ada", "approver")), at=now)
    return file


class TestTheForm:
    def test_asks_who_files_for_themselves_nothing_more(self, client):
        assert client.get("/").content.count(b'name="for_whom"') == 3
        page = client.post("/", answers())
        assert page.templates[0].name == "requests_app/check.html"

    def test_leads_whoever_asks_for_another_to_a_second_page_and_stores_nothing_yet(self, client):
        page = client.post("/", first_page())
        assert page.templates[0].name == "requests_app/behalf.html"
        assert b"Until when may you act for them?" in page.content
        assert b"Date of birth" not in page.content
        assert b"order 17" in page.content  # what was typed, to check
        assert not Submission.objects.exists()

    def test_asks_of_a_child_the_birthday_and_no_paper_of_the_child(self, client):
        page = client.post("/", first_page() | {"for_whom": "guardian"}).content
        assert b"Date of birth" in page
        assert b"Until when" not in page
        assert b"Of the child we ask for no paper" in page

    def test_sent_files_for_the_other_person(self):
        bruno_files()
        row = Authority.objects.get()
        assert (row.name, row.submission.name) == ("Ana Example", "Bruno Agent")
        assert Contact.objects.get().address == ANA

    def test_cannot_be_sent_without_its_second_page(self, client):
        page = client.post("/", first_page() | {"action": "send"})
        assert page.templates[0].name == "requests_app/behalf.html"
        assert not Submission.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"person_name": ""}, "tell us for whom you ask"),
            ({"paper": SimpleUploadedFile("x.exe", b"MZ program")}, "PDF, JPEG or PNG"),
            ({"paper": ""}, "choose the file"),
            ({"ends_on": "2020-01-01"}, "a day from today on"),
            ({"person_email": BRUNO}, "this is your own"),
        ],
    )
    def test_says_what_is_missing_and_keeps_the_rest(self, client, changes, words):
        page = client.post("/behalf/", second_page(**changes))
        assert words in page.content.decode()
        assert b"order 17" in page.content
        assert not Submission.objects.exists()

    @pytest.mark.parametrize("kind", ["agent", "guardian"])
    def test_says_before_it_is_sent_what_is_asked_of_whoever_asks_for_another_and_why(self, client, kind):
        publish_more(f'[identity.{kind}]\nrestriction = {{ value = 2, source = "house rule" }}\n')
        rights = ["restriction", "marketing_optout"]
        said = client.post("/", first_page(rights=rights) | {"for_whom": kind}).content.decode()
        said = " ".join(said.split("What we ask you to show, and why")[1].split())
        assert "If we hold a contact of the person, we ask them there, and they have to say yes." in said
        assert "It is made for somebody else." in said
        assert "Nothing. <span" in said
        own = client.post("/", answers(rights=rights)).content.decode()
        assert "It is made for somebody else." not in own

    def test_asks_no_paper_of_an_agent_for_what_takes_effect_at_once(self, client):
        assert b'name="paper"' not in client.post("/", first_page(rights=["marketing_optout"])).content
        sent = second_page(rights=["marketing_optout"], paper="")
        assert client.post("/behalf/", sent)["Location"] == "/status/"
        assert Submission.objects.get().requests.get().effective_at

    def test_asks_a_paper_of_a_guardian_for_it_only_where_the_deletion_of_a_child_comes_with_it(self, client):
        today = timezone.now().date().replace(day=1)
        sent = {"for_whom": "guardian", "ends_on": "", "paper": ""}
        young, older = (sent | {"born_on": str(today.replace(year=today.year - age))} for age in (9, 15))
        page = client.post("/behalf/", second_page(rights=["marketing_optout"], **young))
        assert "choose the file" in page.content.decode()
        page = client.post("/behalf/", second_page(rights=["marketing_optout"], **older))
        assert page["Location"] == "/status/"

    def test_goes_back_to_the_first_page_with_what_was_typed(self, client):
        page = client.post("/", first_page() | {"action": "change"})
        assert page.templates[0].name == "requests_app/file.html"
        assert page.context["form"]["for_whom"].value() == "agent"

    def test_tells_of_a_child_under_14_that_the_account_is_closed_too(self, client):
        born_on = timezone.now().date().replace(day=1)
        kid = {"for_whom": "guardian", "born_on": str(born_on.replace(year=born_on.year - 9)), "ends_on": ""}
        assert client.post("/behalf/", second_page(**kid))["Location"] == "/status/"
        filed = set(Submission.objects.get().requests.values_list("right", flat=True))
        assert filed >= {"access", "deletion"}
        assert b"had been sent before" not in client.get("/status/").content


class TestTheAgent:
    def test_reads_on_the_status_page_what_is_asked_of_an_agent_and_the_person_does_not(self):
        words = "If we hold a contact of the person, we ask them there"
        assert words in bruno_files().get("/status/").content.decode()
        page = ana_says_yes().get("/status/").content.decode()
        assert "Somebody acts for you" in page
        assert "What we ask you to show, and why" not in page

    def test_sees_where_it_stands_and_that_the_person_was_asked(self):
        page = bruno_files().get("/status/").content.decode()
        assert "You ask for Ana Example" in page
        assert "Until then we give nothing out" in page

    def test_gets_neither_letter_nor_file_of_the_answer(self):
        bruno = bruno_files()
        ana_says_yes()
        two_accept()
        file = answered()
        page = bruno.get("/status/").content.decode()
        assert "The answer went to the person for whom you asked" in page
        assert "data.json" not in page
        letter = Notice.objects.get(kind="decision_done")
        assert str(letter.pk) not in page
        assert bruno.get(f"/notice/{letter.pk}/").status_code == 404
        assert bruno.post(f"/download/{file.pk}/").status_code == 404
        bruno.post("/fresh-code/", {"action": "send"})
        bruno.post("/fresh-code/", {"code": newest_code("fresh")})
        assert bruno.post(f"/download/{file.pk}/").status_code == 404

    def test_gets_them_where_the_person_chose_so_until_it_is_taken_back(self):
        bruno = bruno_files()
        ana = ana_says_yes(to="agent")
        two_accept()
        file = answered()
        assert bruno.post(f"/download/{file.pk}/").content == b"hers"
        ana.post("/for-you/", {"action": "no"})
        assert bruno.post(f"/download/{file.pk}/").status_code == 404
        assert bruno.get(f"/notice/{Notice.objects.get(kind='decision_done').pk}/").status_code == 404

    def test_who_is_refused_finds_our_last_letter_and_nothing_else(self):
        bruno = bruno_files()
        dsr = Submission.objects.get().requests.get()
        finds(ANA).post("/for-you/", {"action": "no"})
        page = bruno.get("/status/")
        assert page.templates[0].name == "requests_app/closed.html"
        letter = Notice.objects.get(kind="authority_refused")
        assert b"not shown that you may act" in bruno.get(f"/notice/{letter.pk}/").content
        for road in ("cancel", "reply", "reopen", "undo"):
            assert bruno.post(f"/{road}/{dsr.pk}/", {"text": "Please."}).status_code == 404
        assert bruno.post("/resend/").status_code == 404

    def test_finds_his_own_cases_and_never_the_persons_side(self):
        bruno_files()
        bruno = finds(BRUNO)
        assert bruno.get("/for-you/").status_code == 404
        assert bruno.get("/status/").templates[0].name == "requests_app/status.html"


class TestThePerson:
    def test_is_asked_before_anything_else_is_shown(self):
        bruno_files()
        ana = finds(ANA)
        assert ana.get("/status/")["Location"] == "/for-you/"
        page = ana.get("/for-you/").content.decode()
        assert "Bruno Agent" in page
        assert "See my data" in page
        dsr = Submission.objects.get().requests.get()
        for road in ("cancel", "reply", "reopen", "undo"):
            assert ana.post(f"/{road}/{dsr.pk}/").status_code == 404

    def test_comes_by_the_link_of_the_mail_with_its_code_too(self):
        bruno_files()
        ana = Client()
        ana.post("/find/", {"email": ANA})
        check = IdentityCheck.objects.get(purpose="find")
        assert ana.get(f"/l/{identity.link_secret(check)}/").status_code == 302
        assert ana.post("/l/", {"code": identity.code_for(check)})["Location"] == "/found/"
        assert ana.get("/found/").context["submissions"][0]["for_you"]

    def test_opening_the_page_changes_nothing(self):
        bruno_files()
        finds(ANA).get("/for-you/")
        assert Authority.objects.get().confirmed_at is None

    def test_after_her_yes_has_letter_and_file_addressed_to_her(self):
        bruno_files()
        ana = ana_says_yes()
        two_accept()
        file = answered()
        assert b"data.json" in ana.get("/status/").content
        letter = ana.get(f"/notice/{Notice.objects.get(kind='decision_done').pk}/").content
        assert b"Dear Ana Example" in letter
        assert ana.post(f"/download/{file.pk}/").content == b"hers"
        assert AnswerFile.objects.get().dsr.package.downloads == 1

    def test_is_told_that_the_answer_is_there(self):
        bruno_files()
        ana_says_yes()
        two_accept()
        answered()
        assert Notice.objects.filter(kind="contact_answer").count() == 1

    def test_needs_a_fresh_code_of_her_own_address_for_the_file(self):
        bruno_files()
        ana = ana_says_yes()
        two_accept()
        file = answered()
        session = ana.session
        del session["fresh_until"]
        session.save()
        assert "/fresh-code/" in ana.post(f"/download/{file.pk}/")["Location"]
        check = Contact.objects.get().checks.get(purpose="fresh")
        assert check.email_digest == Contact.objects.get().email_digest
        assert ana.post("/fresh-code/", {"code": newest_code("fresh")}).status_code == 302
        assert ana.post(f"/download/{file.pk}/").content == b"hers"

    def test_answers_only_behind_a_code_typed_just_now(self):
        bruno_files()
        ana = finds(ANA)
        session = ana.session
        del session["fresh_until"]
        session.save()
        assert "/fresh-code/" in ana.post("/for-you/", {"action": "no"})["Location"]
        assert Authority.objects.get().refused_at is None

    def test_says_for_what_or_is_asked_again(self):
        bruno_files()
        ana = finds(ANA)
        page = ana.post("/for-you/", {"action": "yes", "package_to": "person"})
        assert b"Choose what they may ask for" in page.content
        assert Authority.objects.get().confirmed_at is None

    def test_may_take_back_and_the_agent_acts_no_more(self):
        bruno_files()
        ana = ana_says_yes()
        ana.post("/for-you/", {"action": "no"})
        assert Authority.objects.get().revoked_at is not None
        assert b"Nobody acts for you here" in ana.get("/for-you/").content
        assert ana.get("/status/").status_code == 200

    def test_with_requests_of_her_own_sees_both_and_each_from_its_side(self):
        Client().post("/", answers(form_key=str(uuid.uuid4())) | {"action": "send"})
        bruno_files()
        ana = finds(ANA, at=0)
        found = ana.get("/found/").context["submissions"]
        assert sorted(row["for_you"] for row in found) == [False, True]

    def test_of_whom_nobody_asked_anything_learns_nothing_from_the_same_pages(self):
        bruno_files()
        otto = Client()
        otto.post("/find/", {"email": "otto@example.org"})
        page = otto.post("/find/code/", {"code": "000000"})
        assert page.status_code == 200
        assert otto.get("/for-you/").status_code == 404


class TestErasure:
    def erase(self):
        return f"/erase/{Submission.objects.get().requests.get(right='deletion').pk}/"

    def test_is_confirmed_a_second_time_by_the_person_on_her_own_page_and_not_by_the_agent(self):
        bruno = bruno_files(rights=["deletion"])
        assert b"One more question" not in bruno.get("/status/").content
        assert bruno.post(self.erase(), {"action": "send"})["Location"] == "/status/"
        ana = finds(ANA)
        ana.post("/for-you/", {"action": "yes", "rights": ["deletion"], "package_to": "person"})
        assert b"One more question" in ana.get("/status/").content
        ana.post(self.erase(), {"action": "send"})
        assert Contact.objects.get().checks.filter(purpose="erase").count() == 1
        assert ana.post(self.erase(), {"code": newest_code("erase")})["Location"] == "/status/"
        assert bruno.post(self.erase(), {"code": newest_code("erase")})["Location"] == "/status/"
        kinds = EvidenceEvent.objects.filter(kind="erasure_confirmed").values_list("actor_role", flat=True)
        assert list(kinds) == ["person"]


class TestAChildsAccount:
    def report(self, client, **changes):
        typed = {"form_key": str(uuid.uuid4()), "account": "@kid_of_nine", "why": "He is my pupil.", "contact": ""}
        return client.post("/child/", typed | changes)

    def test_is_reported_without_code_or_paper_and_the_team_is_told_at_once(self, client):
        paola = staff("paola", "privacy officer")
        assert self.report(client)["Location"] == "/child/reported/"
        rows = Submission.objects.get().requests
        assert "deletion" in rows.values_list("right", flat=True)
        assert set(rows.values_list("state", flat=True)) == {"in_progress"}
        assert Notice.objects.filter(kind="staff_authority", staff=paola).count() == 1
        assert not Notice.objects.filter(recipient="person").exists()

    def test_opens_no_page_of_the_case_to_whoever_reported(self, client):
        self.report(client)
        assert client.get("/status/")["Location"] == "/find/"

    def test_reported_twice_is_one_case_and_the_page_tells_neither(self, client):
        first, second = self.report(client), self.report(client, account=" @KID_of_nine ")
        assert first["Location"] == second["Location"]
        assert Submission.objects.count() == 1

    def test_needs_what_finds_the_account(self, client):
        page = self.report(client, account="")
        assert b"Tell us what helps us to find it" in page.content

    def test_is_deleted_by_nobody_before_two_have_checked_it_and_the_days_to_stop_it_are_over(self, client):
        self.report(client)
        dsr = Submission.objects.get().requests.select_related("submission", "policy").get(right="deletion")
        now = timezone.now()
        assert Obstacle.AUTHORITY in assurance.obstacles(dsr, at=now)
        two_accept()
        assert assurance.obstacles(dsr, at=now) == (Obstacle.COOLING_OFF,)
        assert assurance.obstacles(dsr, at=now + timedelta(days=5)) == ()

    def test_many_reports_are_bounded_and_whoever_reports_is_told_another_way(self, client, monkeypatch):
        monkeypatch.setattr(on_behalf, "REPORTS_AN_HOUR", 2)
        for number in range(2):
            self.report(client, account=f"kid {number}")
        page = self.report(client, account="kid 2")
        assert b"Please write to us" in page.content
        assert Submission.objects.count() == 2
