"""One click from a mail, the page of preferences, cookies: a no at once, a yes by the holder alone."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.test import Client

from requests_app import clock
from requests_app.models import ConsentEntry, DataSubjectRequest, IdentityCheck, Notice, PreferenceLink, Submission
from requests_app.models.keys import lookup_digests
from requests_app.operations import consents, identity, preferences
from requests_app.operations.preferences import Holder
from tests.people import published_policy

pytestmark = pytest.mark.both
MAIL, COOKIES = "direct_marketing", "optional_cookies"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ANA = Holder("ana@example.org", "en")


@pytest.fixture
def world(db):
    published_policy()


def link(purpose: str = MAIL, address: str = ANA.address) -> str:
    [url] = preferences.make_links([address], purpose=purpose, language="en", at=clock.now())
    return url.removeprefix("http://testserver")


def allowed(purpose: str = MAIL, holder: Holder = ANA) -> bool:
    policy = preferences.in_force()[1]
    return preferences.standing(holder, policy.purpose(purpose)).allowed


@pytest.mark.usefixtures("world")
class TestOneClick:
    def test_a_mail_program_unsubscribes_without_cookie_and_token_of_the_form(self):
        url, strict = link(), Client(enforce_csrf_checks=True)
        page = strict.post(url, ONE_CLICK)
        assert (page.status_code, allowed()) == (200, False)
        assert "It is off since" in page.content.decode()
        assert not page.cookies
        assert page["Referrer-Policy"] == "no-referrer"

    def test_the_receipt_goes_to_the_address_once_and_nothing_else_does(self, client):
        client.post(link(), ONE_CLICK)
        dsr = DataSubjectRequest.objects.get()
        assert (dsr.right, dsr.state) == ("marketing_optout", "in_progress")
        assert [n.kind for n in Notice.objects.filter(recipient="person")] == ["effect"]
        assert ConsentEntry.objects.get().how == "link"

    def test_looking_changes_nothing(self, client):
        url = link()
        for method in (client.get, client.head):
            assert method(url).status_code == 200
        assert not ConsentEntry.objects.exists()
        assert not Submission.objects.exists()

    def test_the_same_again_is_the_same_answer_and_one_entry(self, client):
        url = link()
        first, again = client.post(url, ONE_CLICK), client.post(url, ONE_CLICK)
        assert first.content == again.content
        assert ConsentEntry.objects.count() == Submission.objects.count() == 1

    def test_it_is_for_one_purpose_and_one_address_only(self, client):
        client.post(link(), ONE_CLICK)
        digest = lookup_digests("otto@example.org")
        assert consents.said_of(digest, MAIL) is None
        assert {row.purpose for row in ConsentEntry.objects.all()} == {MAIL}

    def test_a_purpose_on_consent_is_withdrawn_alone(self, client):
        client.post(link(COOKIES), ONE_CLICK)
        assert DataSubjectRequest.objects.get().right == "consent_withdrawal"
        assert [row.purpose for row in ConsentEntry.objects.all()] == [COOKIES]

    def test_what_is_no_link_of_ours_is_one_404(self, client):
        strange = [client.post(f"/u/{secret}/", ONE_CLICK) for secret in ("x", uuid.uuid4().hex, link()[3:-2])]
        assert {page.status_code for page in strange} == {404}
        assert len({page.content for page in strange}) == 1

    def test_another_post_than_one_click_changes_nothing(self, client):
        assert client.post(link(), {"List-Unsubscribe": "Yes"}).status_code == 200
        assert not ConsentEntry.objects.exists()

    def test_it_signs_nobody_in(self, client):
        client.post(link(), ONE_CLICK)
        assert client.get("/status/").status_code == 302

    def test_taken_back_from_the_same_page_in_as_many_steps(self, client):
        url = link()
        client.post(url, {"act": "refuse"})
        page = client.post(url, {"act": "allow"})
        assert "It is on" in page.content.decode()
        assert allowed()
        assert [row.act for row in ConsentEntry.objects.order_by("pk")] == ["withdrawn", "undone"]
        assert DataSubjectRequest.objects.get().state == "cancelled"
        client.post(url, ONE_CLICK)
        assert not allowed()

    def test_the_holder_can_give_what_was_never_given(self, client):
        assert not allowed(COOKIES)
        client.post(link(COOKIES), {"act": "allow"})
        assert allowed(COOKIES)
        entry = ConsentEntry.objects.get()
        text = preferences.in_force()[1].purpose(COOKIES)
        assert (entry.act, entry.text_sha256, entry.dsr) == ("granted", text.sha256, None)

    def test_an_inbox_is_not_filled_and_a_no_never_waits(self, client):
        url = link()
        pages = [client.post(url, {"act": act}) for _ in range(8) for act in ("refuse", "allow")]
        assert 429 in {page.status_code for page in pages}
        assert not allowed()
        assert ConsentEntry.objects.count() <= preferences.A_DAY + 1

    def test_the_database_holds_neither_secret_nor_address(self):
        secret = link()[3:-1]
        row = PreferenceLink.objects.get()
        stored = " ".join(str(value) for value in vars(row).values()).encode() + bytes(row.address_locked)
        assert secret.encode() not in stored
        assert b"ana@example.org" not in stored

    def test_headers_of_the_mail_are_those_of_rfc_8058(self):
        assert preferences.mail_headers("https://x.example/u/s/") == {
            "List-Unsubscribe": "<https://x.example/u/s/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_fifty_posts_at_once_are_one_entry():
    published_policy()
    url = link()

    def post(_number: int) -> int:
        try:
            return Client().post(url, ONE_CLICK).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, range(50))) == {200}
    assert ConsentEntry.objects.count() == Submission.objects.count() == 1
    assert Notice.objects.filter(kind="effect").count() == 1


@pytest.fixture
def ana(world, client):
    """She asked for her data, and typed the code."""
    typed = {"form_key": str(uuid.uuid4()), "rights": ["access"], "name": "Ana", "email": ANA.address, "language": "en"}
    client.post("/", typed | {"action": "send"})
    check = IdentityCheck.objects.get(purpose="verify")
    client.post("/confirm/", {"code": identity.code_for(check)})
    return client


class TestPage:
    def test_each_purpose_has_two_equal_buttons(self, ana):
        text = ana.get("/preferences/").content.decode()
        card = text[text.index("purpose-direct_marketing") : text.index("cookies-title")]
        for act in ("allow", "refuse"):
            assert f'<button type="submit" name="act" value="{act}" class="quiet"' in card

    def test_refusing_and_allowing_take_one_press_each(self, ana):
        ana.post("/preferences/", {"purpose": MAIL, "act": "refuse"})
        assert not allowed()
        ana.post("/preferences/", {"purpose": MAIL, "act": "allow"})
        assert allowed()

    def test_whoever_only_filed_with_the_address_cannot_say_yes_for_it(self, world, client):
        typed = {"rights": ["marketing_optout"], "name": "Otto", "email": ANA.address, "language": "en"}
        client.post("/", typed | {"form_key": str(uuid.uuid4()), "action": "send"})
        assert client.post("/preferences/", {"purpose": COOKIES, "act": "allow"}).status_code == 404
        assert not allowed(COOKIES)
        assert "purpose-" not in client.get("/preferences/").content.decode()

    def test_another_site_cannot_press_for_her(self, ana):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = ana.cookies
        headers = {"Origin": "https://otto.example"}
        answer = strict.post("/preferences/", {"purpose": MAIL, "act": "refuse"}, headers=headers)
        assert (answer.status_code, allowed()) == (403, True)

    def test_looking_at_it_is_no_yes(self, ana):
        ana.get("/preferences/")
        assert not ConsentEntry.objects.exists()


class TestForgedWithdrawal:
    """A15: a stranger can stop something for an address; it is told there, and undone from there."""

    def test_it_is_told_to_the_address_and_its_holder_undoes_it(self, ana):
        otto = Client()
        typed = {"rights": ["marketing_optout"], "name": "Otto", "email": ANA.address, "language": "en"}
        otto.post("/", typed | {"form_key": str(uuid.uuid4()), "action": "send"})
        assert not allowed()
        assert "undo it" in Notice.objects.get(kind="effect").text
        ana.post("/preferences/", {"purpose": MAIL, "act": "allow"})
        assert allowed()

    def test_it_makes_no_yes_and_takes_none_away_for_good(self, ana):
        ana.post(link(COOKIES), {"act": "allow"})
        otto = Client()
        typed = {"rights": ["consent_withdrawal"], "name": "Otto", "email": ANA.address, "language": "en"}
        with time_machine.travel(clock.now() + timedelta(minutes=1)):
            otto.post("/", typed | {"form_key": str(uuid.uuid4()), "action": "send"})
            assert not allowed(COOKIES)
            ana.post(link(COOKIES), {"act": "allow"})
        assert allowed(COOKIES)
        assert [row.act for row in ConsentEntry.objects.filter(purpose=COOKIES).order_by("pk")] == [
            "granted",
            "withdrawn",
            "granted",
        ]


@pytest.mark.usefixtures("world")
class TestCookies:
    def test_nobody_who_only_looks_gets_a_cookie_of_choice(self, client):
        assert "choice" not in client.get("/preferences/").cookies

    @pytest.mark.parametrize(
        ("act", "entry", "words"), [("allow", "granted", "you allow"), ("refuse", "refused", "you refuse")]
    )
    def test_anybody_can_choose_and_see_the_choice(self, client, act, entry, words):
        client.post("/preferences/cookies/", {"act": act})
        assert client.cookies["choice"]["httponly"]
        assert ConsentEntry.objects.get().act == entry
        assert words in client.get("/preferences/").content.decode()

    def test_a_changed_mind_is_a_further_entry_and_the_same_said_again_is_none(self, client):
        for act in ("allow", "allow", "refuse"):
            client.post("/preferences/cookies/", {"act": act})
        assert [row.act for row in ConsentEntry.objects.order_by("pk")] == ["granted", "refused"]
        assert len({row.digest for row in ConsentEntry.objects.all()}) == 1

    def test_a_cookie_that_somebody_made_up_is_nobodys(self, client):
        client.cookies["choice"] = "x" * 400
        assert "you have not chosen" in client.get("/preferences/").content.decode()
