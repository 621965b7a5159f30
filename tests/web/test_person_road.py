"""Ana files, proves her address and tracks; Otto, an outsider, learns nothing."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, OperationalError, connections
from django.test import Client
from django.utils import timezone

from requests_app.models import IdentityCheck, Submission
from requests_app.operations import identity, intake, policies

POLICY = Path(__file__).parents[2] / "policies" / "ecp.toml"


def publish():
    petra, paul = (User.objects.create_user(name) for name in ("petra", "paul"))
    policies.load(POLICY.read_text(), prepared_by=petra, approved_by=paul, at=timezone.now())


@pytest.fixture
def policy(db):
    publish()


def answers(**changes):
    return {
        "form_key": str(uuid.uuid4()),
        "rights": ["access"],
        "name": "Ana Example",
        "email": "ana@example.org",
        "details": "order 17",
        "language": "en",
    } | changes


def file_as(client, **changes):
    return client.post("/", answers(**changes) | {"action": "send"})


def newest_code(purpose="verify"):
    return identity.code_for(IdentityCheck.objects.filter(purpose=purpose).order_by("-issued_at", "-issue").first())


def by_link(client, secret, **typed):
    """Open the link of a mail, and send the form that it leads to."""
    client.get(f"/l/{secret}/")
    return client.post("/l/", typed)


def cut_off():
    """What psycopg2 raises, and Django passes on, where the server is gone in the middle of an answer."""
    error = DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq")
    error.__cause__ = psycopg2.DatabaseError(*error.args)
    return error


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.mark.django_db(databases=["default", "keys"])
@pytest.mark.usefixtures("policy")
class TestFiling:
    def test_the_first_page_shows_the_form(self, client):
        page = client.get("/")
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]

    def test_a_valid_form_is_shown_once_more_and_nothing_is_stored(self, client):
        page = client.post("/", answers())
        assert b"ana@example.org" in page.content
        assert not Submission.objects.exists()

    def test_change_brings_back_what_was_typed(self, client):
        page = client.post("/check/", answers() | {"action": "change"})
        assert b"order 17" in page.content
        assert not Submission.objects.exists()

    def test_send_files_and_leads_to_the_status_page(self, client):
        assert file_as(client)["Location"] == "/status/"
        page = client.get("/status/").content.decode()
        assert Submission.objects.get().case_label in page
        assert newest_code() not in page

    def test_the_same_form_twice_is_one_submission(self, client):
        key = str(uuid.uuid4())
        file_as(client, form_key=key)
        file_as(client, form_key=key)
        assert Submission.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value"), [("email", "ana@"), ("name", ""), ("rights", []), ("email", "a\n@b.c")]
    )
    def test_bad_input_names_its_field_and_keeps_what_was_typed(self, client, field, value):
        page = client.post("/", answers(**{field: value}) | {"action": "send"})
        assert list(page.context["form"].errors) == [field]
        assert b"order 17" in page.content
        assert not Submission.objects.exists()

    def test_filing_works_while_the_broker_is_away(self, client, settings):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
        assert file_as(client).status_code == 302
        assert Submission.objects.count() == 1

    @pytest.mark.parametrize("error", [OperationalError("away"), cut_off()], ids=["away", "cut off"])
    def test_an_away_database_gives_503_and_nothing_half_done(self, client, monkeypatch, error):
        def away(*_args, **_more):
            raise error

        monkeypatch.setattr(intake, "receive", away)
        page = file_as(client)
        assert page.status_code == 503
        assert not Submission.objects.exists()


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_the_same_form_sent_fifty_times_in_parallel_is_one_submission():
    publish()
    form = answers()

    def send(_number):
        try:
            return file_as(Client(), **form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        seen = list(pool.map(send, range(50)))
    assert set(seen) == {302}
    assert Submission.objects.count() == 1


@pytest.mark.django_db(databases=["default", "keys"])
@pytest.mark.usefixtures("policy")
class TestIdentity:
    def test_the_right_code_confirms(self, client):
        file_as(client)
        assert client.post("/confirm/", {"code": newest_code()})["Location"] == "/status/"
        assert Submission.objects.get().assurance > 0

    def test_a_wrong_code_says_so_and_confirms_nothing(self, client):
        file_as(client)
        page = client.post("/confirm/", {"code": wrong(newest_code())})
        assert "Code:" in page.context["code_error"]
        assert Submission.objects.get().assurance == 0

    def test_opening_the_link_changes_nothing(self, client):
        file_as(client)
        secret = identity.link_secret(IdentityCheck.objects.get())
        assert Client().get(f"/l/{secret}/", follow=True).status_code == 200
        assert Submission.objects.get().assurance == 0

    def test_otto_cannot_confirm_by_the_link_without_the_code(self, client):
        file_as(client)
        secret = identity.link_secret(IdentityCheck.objects.get())
        otto = Client()
        by_link(otto, secret, action="confirm")
        assert Submission.objects.get().assurance == 0
        assert otto.get("/status/")["Location"] == "/find/"

    def test_the_filing_session_confirms_by_the_button(self, client):
        file_as(client)
        secret = identity.link_secret(IdentityCheck.objects.get())
        by_link(client, secret, action="confirm")
        assert Submission.objects.get().assurance > 0

    def test_find_answers_the_same_for_known_and_unknown_addresses(self, client):
        file_as(client)
        known, unknown = (Client().post("/find/", {"email": a}) for a in ("ana@example.org", "otto@example.org"))
        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])

    def test_the_code_to_the_address_leads_to_its_submissions(self, client):
        file_as(client)
        elsewhere = Client()
        elsewhere.post("/find/", {"email": "ANA@example.org"})
        assert elsewhere.post("/find/code/", {"code": newest_code("find")})["Location"] == "/found/"
        pk = Submission.objects.get().pk
        assert elsewhere.post(f"/found/{pk}/")["Location"] == "/status/"
        assert elsewhere.get("/status/").status_code == 200

    @pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"])
    def test_a_foreign_address_is_never_followed(self, client, address):
        file_as(client)
        client.post("/fresh-code/", {"action": "send"})
        page = client.post("/fresh-code/", {"code": newest_code("fresh"), "next": address})
        assert page["Location"] == "/status/"


@pytest.mark.django_db(databases=["default", "keys"])
@pytest.mark.usefixtures("policy")
class TestTracking:
    @pytest.mark.parametrize("road", ["cancel", "date"])
    def test_foreign_and_unknown_requests_are_the_same_404(self, client, road):
        file_as(client)
        dsr = Submission.objects.get().requests.get()
        otto = Client()
        file_as(otto, email="otto@example.org")
        foreign, unknown = (otto.get(f"/{road}/{pk}/") for pk in (dsr.pk, uuid.uuid4()))
        assert foreign.status_code == unknown.status_code == 404

    def test_cancel_asks_first(self, client):
        file_as(client)
        dsr = Submission.objects.get().requests.get()
        client.post(f"/cancel/{dsr.pk}/")
        dsr.refresh_from_db()
        assert dsr.is_open
        client.post(f"/cancel/{dsr.pk}/", {"confirm": "yes"})
        dsr.refresh_from_db()
        assert dsr.state == "cancelled"

    def test_an_opt_out_takes_effect_at_once_and_can_be_undone(self, client):
        file_as(client, rights=["marketing_optout"])
        dsr = Submission.objects.get().requests.get()
        assert dsr.effective_at
        client.post(f"/undo/{dsr.pk}/")
        assert [row.act for row in dsr.consents.order_by("pk")] == ["withdrawn", "undone"]

    def test_the_calendar_holds_the_day_and_a_neutral_title(self, client):
        file_as(client)
        dsr = Submission.objects.get().requests.get()
        text = client.get(f"/date/{dsr.pk}/").content.decode()
        assert f"DTSTART;VALUE=DATE:{dsr.due_on:%Y%m%d}" in text
        assert "data" not in text.lower()


@pytest.mark.django_db
class TestHealth:
    def test_livez_needs_no_queue(self, client):
        assert client.get("/livez").status_code == 200

    def test_the_demo_mail_page_does_not_exist_outside_the_demo(self, client, settings):
        settings.DEMO = False
        assert client.get("/demo/mail/").status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(("cause", "status"), [(OperationalError("away"), 503), (DatabaseError("deleted"), 400)])
def test_a_database_that_goes_away_while_the_session_is_saved_is_503_too(client, monkeypatch, cause, status):
    file_as(client)

    def save(self, *_args, **_more):
        try:
            raise cause
        except DatabaseError:
            raise UpdateError from None  # as Django's session store does

    monkeypatch.setattr(SessionStore, "save", save)
    client.raise_request_exception = False
    assert client.post("/find/", {"email": "ana@example.org"}).status_code == status


@pytest.mark.usefixtures("policy")
@pytest.mark.django_db(databases=["default", "keys"])
class TestTakingBackConsent:
    def test_the_page_to_check_asks_which_and_all_are_chosen(self, client):
        page = client.post("/", answers(rights=["consent_withdrawal"]))
        assert page.templates[0].name == "requests_app/check.html"
        text = page.content.decode()
        for purpose in ("direct_marketing", "optional_cookies"):
            assert f'value="{purpose}" id="id_purposes_{purpose}" checked' in text

    def test_one_is_taken_back_and_its_page_says_what_stops_and_what_goes_on(self, client):
        file_as(client, rights=["consent_withdrawal"], purposes=["optional_cookies"], purposes_asked="on")
        dsr = Submission.objects.get().requests.get()
        assert [row.purpose for row in dsr.consents.all()] == ["optional_cookies"]
        page = client.get("/status/").content.decode()
        assert "<strong>Optional cookies</strong>" in page
        assert "<strong>Direct marketing</strong>" not in page
        assert "our contract with you" in page

    def test_whoever_chose_none_is_asked_again_and_nothing_is_filed(self, client):
        page = file_as(client, rights=["consent_withdrawal"], purposes_asked="on")
        assert page.templates[0].name == "requests_app/check.html"
        assert "choose at least one" in page.content.decode()
        assert not Submission.objects.exists()

    def test_whoever_asks_for_something_else_is_not_asked(self, client):
        assert "purposes" not in client.post("/", answers(rights=["access"])).content.decode()


class TestACopyFirst:
    """P10: whoever closes an account, or has all deleted, is offered a copy before."""

    @pytest.mark.parametrize("right", ["deletion", "account_closure"])
    def test_it_is_offered_on_the_page_to_check_and_one_tick_asks_for_it(self, client, policy, right):
        page = client.post("/check/", answers(rights=[right]) | {"action": "check"})
        assert b'name="rights" value="access" id="id_copy"' in page.content
        file_as(client, rights=[right, "access"])  # as that page sends it
        assert set(Submission.objects.get().requests.values_list("right", flat=True)) == {right, "access"}

    @pytest.mark.parametrize("rights", [["access", "deletion"], ["correction"]])
    def test_it_is_not_offered_to_whoever_asked_for_it_or_deletes_nothing(self, client, policy, rights):
        page = client.post("/check/", answers(rights=rights) | {"action": "check"})
        assert b"id_copy" not in page.content
