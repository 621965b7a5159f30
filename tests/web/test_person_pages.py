"""Ana downloads, writes, opens again and leaves; what she is told is so in each state."""

import hashlib
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from requests_app.models import DataSubjectRequest, DisclosurePackage, IdentityCheck, Message, Notice, Submission
from requests_app.operations import decision, desk, person, policies
from requests_app.operations.actors import Actor
from requests_app.templatetags.counting import cited
from requests_app.web import cards
from tests.people import NOON, ana_files, published_policy, staff
from tests.web.test_person_road import answers, file_as, newest_code, wrong

pytestmark = pytest.mark.django_db
ANA = Actor.person()
ROME = Path(__file__).parents[2] / "policies" / "ecp.toml"


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def dsr() -> DataSubjectRequest:
    return DataSubjectRequest.objects.select_related("submission", "policy").get()


@pytest.fixture
def ana(client):
    """Ana has filed and typed her code."""
    file_as(client)
    client.post("/confirm/", {"code": newest_code()})
    return client


def answered() -> list:
    """Bruno attaches two files and decides; Ada approves."""
    bruno, now = Actor.staff(staff("bruno", "handler")), timezone.now()
    rows = [
        desk.attach(dsr(), name=name, content=content, actor=bruno, at=now)
        for name, content in (("your data.json", b'{"orders": 2}'), ("your data.html", b"<p>2</p>"))
    ]
    submitted = decision.decide(
        dsr(), outcome="done", letter="Here are your data.", ground="", facts="", scope="", identity_match="Code.",
        actor=bruno, at=now,
    )  # fmt: skip
    decision.approve(dsr(), digest=submitted.content_digest, actor=Actor.staff(staff("ada")), at=now)
    return rows


def no_longer_fresh(client):
    session = client.session
    session["fresh_until"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    session.save()


def seen(client, road="/status/") -> str:
    return client.get(road).content.decode()


@pytest.mark.parametrize(("source", "said"), [
    ("B-V(4)", "our privacy policy, section V(4)"),
    ("A7", "our privacy policy, section 7"),
    ("GDPR 12(3)", "GDPR 12(3)"),
    ("house rule H1; GDPR 12(3)", "our own rule; GDPR 12(3)"),
    ("house rule H1; house rule H2", "our own rule"),
    ("", ""),
])  # fmt: skip
def test_a_step_of_the_counting_names_the_document_of_its_clause(source, said):
    assert cited(source) == said


def test_the_counting_names_its_rule_once():
    shown = cards.card(ana_files("access").requests.get(), at=NOON)["steps"]
    assert [step["cite"] for step in shown] == ["our privacy policy, section V(4)", "", ""]


class TestDownload:
    def test_the_page_shows_size_and_fingerprint_of_each_file(self, ana):
        for row in answered():
            page = seen(ana)
            assert row.name in page
            assert row.sha256 in page
        assert "13\xa0bytes" in page

    def test_after_a_fresh_code_each_file_comes_whole_and_as_often_as_wanted(self, ana):
        first, second = answered()
        no_longer_fresh(ana)
        sent = ana.post(f"/download/{first.pk}/")
        assert sent["Location"] == f"/fresh-code/?next=/download/{first.pk}/"
        typed = ana.post("/fresh-code/", {"code": newest_code("fresh"), "next": f"/download/{first.pk}/"})
        assert typed["Location"] == f"/download/{first.pk}/"
        for row in (first, first, second):
            page = ana.get(f"/download/{row.pk}/")
            assert hashlib.sha256(page.content).hexdigest() == row.sha256
            assert page["Content-Type"] == "application/octet-stream"
        assert "attachment" in page["Content-Disposition"]
        assert DisclosurePackage.objects.get().downloads == 3

    def test_without_a_fresh_code_no_byte_goes_out(self, ana):
        row = answered()[0]
        no_longer_fresh(ana)
        assert ana.get(f"/download/{row.pk}/").status_code == 302
        assert DisclosurePackage.objects.get().downloads == 0

    def test_after_its_period_the_page_says_so_and_the_status_page_too(self, ana):
        row = answered()[0]
        DisclosurePackage.objects.update(expires_at=timezone.now())
        page = ana.get(f"/download/{row.pk}/")
        assert page.status_code == 410
        assert b"no longer here" in page.content
        assert "The download has ended" in seen(ana)

    def test_otto_gets_the_same_404_for_her_file_and_for_none(self, ana):
        row = answered()[0]
        otto = Client()
        file_as(otto, email="otto@example.org")
        foreign, unknown = (otto.get(f"/download/{pk}/") for pk in (row.pk, uuid.uuid4()))
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.content == unknown.content


class TestFreshCode:
    def test_before_any_code_the_page_says_none_was_sent(self, ana):
        page = seen(ana, "/fresh-code/")
        assert "we first send six digits" in page
        assert "We sent" not in page
        assert 'name="code"' not in page
        assert not IdentityCheck.objects.filter(purpose="fresh").exists()

    def test_the_button_sends_one_and_then_it_can_be_typed(self, ana):
        sent = ana.post("/fresh-code/", {"action": "send", "next": "/status/"})
        assert sent["Location"] == "/fresh-code/?next=/status/"
        page = seen(ana, sent["Location"])
        assert "We sent six digits" in page
        assert 'name="code"' in page

    def test_after_five_tries_the_page_says_the_code_is_closed(self, ana):
        ana.post("/fresh-code/", {"action": "send"})
        for _ in range(5):
            page = ana.post("/fresh-code/", {"code": wrong(newest_code("fresh"))}).content.decode()
        assert "tried five times" in page
        assert 'name="code"' not in page

    def test_a_code_that_ran_out_is_not_asked_for(self, ana):
        ana.post("/fresh-code/", {"action": "send"})
        IdentityCheck.objects.filter(purpose="fresh").update(issued_at=timezone.now() - timedelta(hours=2))
        assert "has run out" in seen(ana, "/fresh-code/")

    def test_over_the_limit_it_says_that_nothing_more_was_sent(self, ana):
        for _ in range(4):
            ana.post("/fresh-code/", {"action": "send"})
        page = ana.post("/fresh-code/", {"action": "send"}, follow=True).content.decode()
        assert "Five codes have gone to this address within an hour" in page
        assert IdentityCheck.objects.count() == 5


class TestResendAndAddress:
    def test_resending_stops_at_five_and_says_so(self, client):
        file_as(client)
        for _ in range(4):
            assert b"A new code is on its way" in client.post("/resend/", follow=True).content
        page = client.post("/resend/", follow=True)
        assert b"Five codes have gone" in page.content
        assert b"A new code is on its way" not in page.content

    def test_a_mended_address_gets_the_code_and_the_old_code_is_dead(self, client):
        file_as(client, email="anna@example.org")
        old = newest_code()
        page = client.post("/address/", {"email": "ana@example.org"}, follow=True)
        assert b"The address is changed" in page.content
        assert Submission.objects.get().email == "ana@example.org"
        if old != newest_code():
            client.post("/confirm/", {"code": old})
            assert Submission.objects.get().assurance == 0
        client.post("/confirm/", {"code": newest_code()})
        assert Submission.objects.get().assurance > 0

    def test_a_wrong_address_is_shown_again_with_its_mistake(self, client):
        file_as(client)
        page = client.post("/address/", {"email": "ana@"}).content.decode()
        assert "not a complete address" in page
        assert 'value="ana@"' in page
        assert Submission.objects.get().email == "ana@example.org"

    def test_a_confirmed_address_is_not_changed(self, ana):
        page = ana.post("/address/", {"email": "otto@example.org"}, follow=True)
        assert b"confirmed already" in page.content
        assert Submission.objects.get().email == "ana@example.org"

    def test_only_the_browser_that_filed_changes_the_address(self, client):
        file_as(client)
        elsewhere = Client()
        elsewhere.post("/find/", {"email": "ana@example.org"})
        elsewhere.post("/find/code/", {"code": newest_code("find")})
        page = elsewhere.post("/address/", {"email": "otto@example.org"}, follow=True)
        assert b"only in the browser in which you filed" in page.content
        assert Submission.objects.get().email == "ana@example.org"


class TestWriting:
    def test_she_writes_unasked_and_sees_it_in_the_thread(self, ana):
        page = ana.post(f"/reply/{dsr().pk}/", {"text": "I moved in 2023."}, follow=True)
        assert b"We have your message." in page.content
        assert b"I moved in 2023." in page.content

    def test_she_answers_with_a_file(self, ana):
        desk.ask(dsr(), question="Which order?", actor=Actor.staff(staff("bruno", "handler")), at=timezone.now())
        assert "Which order?" in seen(ana)
        ana.post(f"/reply/{dsr().pk}/", {"text": "", "file": SimpleUploadedFile("order 17.pdf", b"%PDF")})
        message = Message.objects.get(author="person")
        assert (message.file_name, message.file_sha256) == ("order 17.pdf", hashlib.sha256(b"%PDF").hexdigest())
        assert dsr().waiting_since is None

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [("empty.pdf", b"", "this file is empty"), ("large.pdf", b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
         ("n" * 201 + ".pdf", b"x", "its name is too long")],
        ids=["empty", "too big", "name too long"],
    )  # fmt: skip
    def test_a_file_that_does_not_fit_is_named_and_the_text_is_kept(self, ana, name, content, says):
        page = ana.post(f"/reply/{dsr().pk}/", {"text": "See here.", "file": SimpleUploadedFile(name, content)})
        text = page.content.decode()
        assert says in text
        assert "See here.</textarea>" in text
        assert not Message.objects.exists()

    def test_nothing_written_is_said_beside_the_field(self, ana):
        page = ana.post(f"/reply/{dsr().pk}/", {"text": " "}).content.decode()
        assert "write a few words, or choose a file" in page
        assert '<details class="write" open>' in page

    def test_notes_among_staff_are_not_in_the_thread(self, ana):
        desk.note(dsr(), text="Looks odd to me.", actor=Actor.staff(staff("bruno", "handler")), at=timezone.now())
        assert "Looks odd" not in seen(ana)

    def test_otto_cannot_write_into_her_request(self, ana):
        otto = Client()
        file_as(otto, email="otto@example.org")
        hers = DataSubjectRequest.objects.order_by("submission__received_at").first()
        assert otto.post(f"/reply/{hers.pk}/", {"text": "Hello"}).status_code == 404


class TestOpeningAgain:
    def test_she_opens_what_she_cancelled_and_sees_the_new_date(self, ana):
        person.cancel(dsr(), actor=ANA, at=timezone.now())
        assert "Open it again" in seen(ana)
        page = ana.post(f"/reopen/{dsr().pk}/", follow=True).content.decode()
        assert "Your request is open again" in page
        assert dsr().state == "in_progress"

    def test_without_a_recent_code_it_waits_for_a_new_one(self, ana):
        person.cancel(dsr(), actor=ANA, at=timezone.now())
        no_longer_fresh(ana)
        page = ana.post(f"/reopen/{dsr().pk}/", follow=True).content.decode()
        assert dsr().state == "awaiting_verification"
        assert 'name="code"' in page
        ana.post("/confirm/", {"code": newest_code()})
        assert dsr().state == "in_progress"

    def test_an_open_request_offers_no_opening_and_refuses_it(self, ana):
        assert "Open it again" not in seen(ana)
        assert b"cannot be opened again here" in ana.post(f"/reopen/{dsr().pk}/", follow=True).content

    def test_otto_cannot_open_hers(self, ana):
        person.cancel(dsr(), actor=ANA, at=timezone.now())
        hers = dsr().pk
        otto = Client()
        file_as(otto, email="otto@example.org")
        assert otto.post(f"/reopen/{hers}/").status_code == 404
        assert DataSubjectRequest.objects.get(pk=hers).state == "cancelled"


class TestLetters:
    def test_the_inbox_links_each_notice_and_its_page_shows_it_whole(self, ana):
        letter = Notice.objects.get(kind="acknowledgement")
        road = f"/notice/{letter.pk}/"
        assert f'href="{road}"' in seen(ana)
        page = seen(ana, road)
        assert letter.check_code in page
        assert "Ana Example" in page

    def test_foreign_unknown_and_staff_notices_are_the_same_404(self, ana):
        hers = Notice.objects.get(kind="acknowledgement").pk
        to_staff = Notice.objects.filter(staff__isnull=False).first()
        otto = Client()
        file_as(otto, email="otto@example.org")
        pages = [otto.get(f"/notice/{pk}/") for pk in (hers, uuid.uuid4())] + [ana.get(f"/notice/{to_staff.pk}/")]
        assert {page.status_code for page in pages} == {404}
        assert pages[0].content == pages[1].content

    def test_the_check_code_of_a_letter_is_genuine_and_another_is_not(self, ana):
        letter = Notice.objects.get(kind="acknowledgement")
        assert b"This message came from us" in Client().post("/genuine/", {"code": letter.check_code}).content
        assert b"We do not know" in Client().post("/genuine/", {"code": "1A2B-3C4D-5E6F"}).content
        assert b"twelve letters and digits" in Client().post("/genuine/", {"code": "hello"}).content

    def test_the_check_code_of_a_notice_to_staff_is_not_known(self, ana):
        to_staff = Notice.objects.filter(staff__isnull=False).first()
        assert b"We do not know" in Client().post("/genuine/", {"code": to_staff.check_code}).content


class TestLeaving:
    def test_leaving_ends_the_session_and_tells_nothing(self, ana):
        assert ana.post("/leave/")["Location"] == "/leave/"
        page = seen(ana, "/leave/")
        for told in ("request", "Your data", "ana@", Submission.objects.get().case_label):
            assert told not in page
        assert ana.get("/status/")["Location"] == "/find/"

    def test_only_a_press_ends_it(self, ana):
        ana.get("/leave/")
        assert ana.get("/status/").status_code == 200

    def test_private_pages_lead_to_no_other_site(self, ana):
        page = seen(ana)
        assert 'action="/leave/"' in page
        assert "//" not in page.split("<header>")[1].split("</header>")[0]


class TestForms:
    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [("email", "ana@", "E-mail: this is not a complete address"), ("name", "", "Name: tell us how"),
         ("rights", [], "What you ask for: choose at least one"), ("language", "xx", "Language: choose one"),
         ("details", "x" * 5001, "shorten it to 5000")],
    )  # fmt: skip
    def test_a_mistake_is_named_linked_to_its_field_and_the_rest_is_kept(self, client, field, value, says):
        page = client.post("/", answers(**{field: value})).content.decode()
        assert f'<a href="#id_{field}">' in page
        assert says in page
        kept = {"email": "ana@example.org", "name": "Ana Example", "details": "order 17"}
        for other, typed in kept.items():
            assert other == field or typed in page

    def test_a_right_behind_more_stays_visible_once_chosen(self, client):
        page = client.post("/", answers(rights=["portability", "restriction"], name="")).content.decode()
        assert page.count('<details class="more" open>') == 1

    def test_the_mail_of_the_demo_is_shown_in_the_demo_only(self, client, settings, tmp_path):
        settings.MAIL_DIR = tmp_path
        (tmp_path / "1.log").write_bytes(
            b"Subject: Hello\nTo: ana@example.org\nDate: Sun, 22 Nov 2026 12:00:00 +0000\n\n123456\n"
        )
        settings.DEMO = True
        assert b"123456" in client.get("/demo/mail/").content
        settings.DEMO = False
        assert client.get("/demo/mail/").status_code == 404


def test_times_are_told_in_the_zone_of_the_promise(client, monkeypatch):
    monkeypatch.setattr("requests_app.web.filing.now", lambda: NOON)
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    policies.load(ROME.read_text(), prepared_by=petra, approved_by=ada, at=NOON + timedelta(seconds=1))
    file_as(client)
    assert "22 November 2026, 13:00" in seen(client)
