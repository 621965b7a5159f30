"""Mail scanners open every link, and some of them press every button."""

import uuid

import pytest
from django.test import Client

from requests_app.models import EvidenceEvent, IdentityCheck, Submission
from requests_app.operations import identity
from tests.people import published_policy
from tests.web.access_world import footprint
from tests.web.test_person_road import file_as, newest_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(client):
    """The link of the mail that Ana's filing sent."""
    published_policy()
    file_as(client)
    return f"/l/{identity.link_secret(IdentityCheck.objects.get())}/"


def test_opened_a_hundred_times_it_changes_nothing_and_still_works(link):
    before = footprint(), list(IdentityCheck.objects.values())
    scanner = Client(headers={"user-agent": "mail-scanner/1.0"})
    for _ in range(50):
        assert scanner.head(link).status_code == scanner.get(link).status_code == 200
    assert (footprint(), list(IdentityCheck.objects.values())) == before
    assert Client().post(link, {"code": newest_code()})["Location"] == "/status/"


@pytest.mark.parametrize("posted", [{}, {"code": ""}, {"code": "test"}, {"code": "12345"}, {"action": "confirm"}])
def test_a_scanner_that_posts_the_form_spends_no_try(link, posted):
    scanner = Client()
    for _ in range(20):
        assert scanner.post(link, posted).status_code == 200
    assert IdentityCheck.objects.get().tries == 0
    assert Submission.objects.get().assurance == 0
    assert not EvidenceEvent.objects.filter(kind="identity_confirmed").exists()


def test_used_once_it_confirms_nothing_more(link, client):
    client.post(link, {"action": "confirm"})
    confirmed = EvidenceEvent.objects.filter(kind="identity_confirmed").count()
    client.post(link, {"action": "confirm"})
    Client().post(link, {"code": newest_code()})
    assert EvidenceEvent.objects.filter(kind="identity_confirmed").count() == confirmed == 1


def test_it_dies_with_the_address_it_went_to(link, client):
    client.post("/address/", {"email": "anna@example.org"})
    client.post(link, {"action": "confirm"})
    assert Submission.objects.get().assurance == 0


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


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_a_browser_that_presses_every_button_confirms_nothing(live_server, settings, page):
    settings.PUBLIC_URL = live_server.url
    published_policy()
    file_as(Client())
    address = f"{live_server.url}/l/{identity.link_secret(IdentityCheck.objects.get())}/"
    page.goto(address)
    for number in range(page.locator("button").count()):
        page.goto(address)
        with page.expect_navigation():
            page.evaluate(
                "n => { const b = document.querySelectorAll('button')[n]; b.form.noValidate = true; b.click() }", number
            )
    assert IdentityCheck.objects.get().tries == 0
    assert Submission.objects.get().assurance == 0
