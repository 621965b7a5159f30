"""Mail scanners open every link, and some of them press every button."""

import re
import uuid

import pytest
from django.core import mail
from django.test import Client

from requests_app import clock
from requests_app.models import EvidenceEvent, IdentityCheck, Submission
from requests_app.operations import delivery, identity
from tests.people import published_policy
from tests.web.access_world import footprint
from tests.web.test_person_road import by_link, file_as, newest_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(client):
    """The link of the mail that Ana's filing sent."""
    published_policy()
    file_as(client)
    return f"/l/{identity.link_secret(IdentityCheck.objects.get())}/"


def opened(link, client=None):
    """A browser that followed it."""
    client = client or Client()
    assert client.get(link)["Location"] == "/l/"
    return client


def test_opened_a_hundred_times_it_changes_nothing_and_still_works(link):
    before = footprint(), list(IdentityCheck.objects.values())
    scanner = Client(headers={"user-agent": "mail-scanner/1.0"})
    for _ in range(50):
        assert scanner.head(link, follow=True).status_code == scanner.get(link, follow=True).status_code == 200
        assert Client().get(link).status_code == 302
    assert (footprint(), list(IdentityCheck.objects.values())) == before
    assert opened(link).post("/l/", {"code": newest_code()})["Location"] == "/status/"


@pytest.mark.parametrize("posted", [{}, {"code": ""}, {"code": "test"}, {"code": "12345"}, {"action": "confirm"}])
def test_a_scanner_that_posts_the_form_spends_no_try(link, posted):
    scanner = opened(link)
    for _ in range(20):
        assert scanner.post("/l/", posted).status_code == 200
        assert scanner.post(link, posted).status_code == 405
    assert IdentityCheck.objects.get().tries == 0
    assert Submission.objects.get().assurance == 0
    assert not EvidenceEvent.objects.filter(kind="identity_confirmed").exists()


def test_used_once_it_confirms_nothing_more(link, client):
    opened(link, client).post("/l/", {"action": "confirm"})
    confirmed = EvidenceEvent.objects.filter(kind="identity_confirmed").count()
    opened(link, client).post("/l/", {"action": "confirm"})
    opened(link).post("/l/", {"code": newest_code()})
    assert EvidenceEvent.objects.filter(kind="identity_confirmed").count() == confirmed == 1


def test_it_dies_with_the_address_it_went_to(link, client):
    client.post("/address/", {"email": "anna@example.org"})
    opened(link, client).post("/l/", {"action": "confirm"})
    assert Submission.objects.get().assurance == 0


class TestTheSecret:
    def test_is_left_at_once_for_an_address_that_tells_nothing(self, link):
        answer = Client().get(link)
        assert (answer.status_code, answer["Location"]) == (302, "/l/")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert answer.content == b""

    def test_is_in_no_page_and_no_session(self, link):
        secret = link.removeprefix("/l/").rstrip("/")
        person = opened(link)
        assert secret not in person.get("/l/").content.decode()
        assert secret not in str(dict(person.session))

    def test_without_it_the_page_behind_it_leads_to_the_search(self, link):
        for answer in (Client().get("/l/"), Client().post("/l/", {"code": newest_code()})):
            assert answer["Location"] == "/find/"
        assert IdentityCheck.objects.get().tries == 0

    def test_asked_for_by_head_it_leaves_no_session(self, link):
        scanner = Client()
        scanner.head(link)
        assert not scanner.cookies
        assert scanner.get("/l/")["Location"] == "/find/"

    def test_opens_the_page_until_something_came_of_it(self, link):
        person = opened(link)
        assert person.get("/l/").status_code == 200
        person.post("/l/", {"code": newest_code()})
        assert person.get("/l/")["Location"] == "/find/"

    def test_opened_by_otto_in_passing_leaves_what_he_sees_as_it_was(self, link, client):
        otto = Client()
        file_as(otto, email="otto@example.org")
        case = Submission.objects.get(pk=otto.session["submission"]).case_label
        opened(link, otto)
        assert case in otto.get("/status/").content.decode()


def test_mutated_and_guessed_links_are_the_same_404(link):
    secret = link.removeprefix("/l/").rstrip("/")
    assert len(secret) * 4 >= 128 * 2
    guesses = [secret[:-1] + ("0" if secret[-1] != "0" else "1"), secret[:32] + "0" * 32, uuid.uuid4().hex * 2]
    guesses += [secret[:32], secret + "0", "%C3%A9" * 10, "0" * 64, "A" * 64, secret.upper() + "A"]
    pages = [Client().get(f"/l/{guess}/") for guess in guesses]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1


def test_the_case_number_opens_nothing(link):
    label = Submission.objects.get().case_number
    assert {Client().get(path).status_code for path in (f"/l/{label}/", f"/found/{label}/", f"/cancel/{label}/")} == {
        404
    }


def addresses_in(text: str) -> list[str]:
    return re.findall(r"https?://[^\s<>\"]+", text)


def press_everything(page, address: str) -> int:
    """Open the address once for each of its buttons, and press it without regard to what is required."""
    page.goto(address)
    pressed = page.locator("button, input[type=submit]").count()
    for number in range(pressed):
        page.goto(address)
        with page.expect_navigation():
            page.evaluate(
                "n => { const b = document.querySelectorAll('button, input[type=submit]')[n];"
                " b.form.noValidate = true; b.click() }",
                number,
            )
    return pressed


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_a_browser_that_presses_every_button_of_every_link_changes_nothing(live_server, settings, page, client):
    settings.PUBLIC_URL = live_server.url
    published_policy()
    file_as(client)
    for path, typed in (("/confirm/", {"code": newest_code()}), ("/fresh-code/", {"action": "send"})):
        client.post(path, typed)
    file_as(client)
    file_as(client, rights=["marketing_optout"])
    Client().post("/find/", {"email": "ana@example.org"})
    delivery.deliver_due(clock.now())
    texts = [str(part) for sent in mail.outbox for part in (sent.body, *(html for html, _ in sent.alternatives))]
    found = {address.rstrip(".") for text in texts for address in addresses_in(text)}
    links = {address for address in found if "/l/" in address}
    checks = IdentityCheck.objects.filter(passed_at=None)
    assert len(links) == 3
    assert {"verify", "fresh", "find"} <= set(checks.values_list("purpose", flat=True))
    before = footprint(), list(IdentityCheck.objects.order_by("pk").values())
    assert all(press_everything(page, address) for address in sorted(found))
    assert (footprint(), list(IdentityCheck.objects.order_by("pk").values())) == before
    for purpose, leads_to in (("fresh", "/status/"), ("find", "/found/")):
        check = checks.filter(purpose=purpose).latest("issued_at")
        answer = by_link(Client(), identity.link_secret(check), code=identity.code_for(check))
        assert answer["Location"] == leads_to
