"""On her page Ana says that something is missing; it shows the answer that was, and the clock that runs."""

import pytest
from django.utils import timezone

from requests_app.models import DataSubjectRequest, Message
from tests import packages
from tests.people import published_policy
from tests.web.test_person_road import file_as, newest_code

pytestmark = pytest.mark.django_db
TEXT = "My calls to the hotline are not in it."


@pytest.fixture
def dsr(client, settings, tmp_path) -> DataSubjectRequest:
    """Ana's request, answered with a package."""
    settings.FILES_DIR = tmp_path
    published_policy()
    file_as(client)
    client.post("/confirm/", {"code": newest_code()})
    dsr = DataSubjectRequest.objects.select_related("submission", "policy").get()
    packages.made(dsr, b"PK one", at=timezone.now())
    return packages.released(dsr, at=timezone.now())


def test_it_is_taken_up_again_and_both_clocks_are_shown(client, dsr):
    assert "Something is missing" in client.get("/status/").content.decode()
    sent = client.post(f"/missing/{dsr.pk}/", {"text": TEXT})
    assert (sent.status_code, sent["Location"]) == (302, "/status/")
    page = client.get("/status/").content.decode()
    assert "We answered it before, on" in page
    assert "You said that something is missing." in page
    assert "Your answer is here" in page
    assert TEXT in page
    assert "Ask to look again" not in page


def test_what_was_typed_stays_where_it_is_refused(client, dsr):
    page = client.post(f"/missing/{dsr.pk}/", {"text": " "})
    assert "Say in a few words what is missing." in page.content.decode()
    long = "word " * 2100
    assert long.strip() in client.post(f"/missing/{dsr.pk}/", {"text": long}).content.decode()
    assert not Message.objects.exists()
