"""Bruno wrote a letter for Ana, Hans entered it: her side is the one of the form, and there is no other."""

import pytest
from django.test import Client
from django.utils import timezone

from requests_app.models import Submission
from requests_app.operations import intake
from requests_app.operations.actors import Actor
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.authority import Kind
from tests.people import staff
from tests.web.test_behalf import ANA, ana_says_yes, answered, finds, two_accept
from tests.web.test_person_road import newest_code, publish

pytestmark = pytest.mark.django_db
KEY = "0b9e2a52-6a0c-4a10-9a5d-0e2f3a4b5c6d"


@pytest.fixture(autouse=True)
def _hans_entered(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    publish()
    about = Behalf(Kind.AGENT, name="Ana Example", email=ANA, ends_on=timezone.now().date().replace(month=12, day=31))
    filing = Filing(KEY, ("access",), "Bruno Agent", "", "", "en", postal="Oak Road 7", behalf=about)
    intake.receive(filing, channel="post", actor=Actor.staff(staff("hans", "handler")), at=timezone.now())


def test_ana_is_asked_says_yes_and_gets_the_answer():
    page = finds(ANA).get("/for-you/").content.decode()
    assert "Bruno Agent" in page
    ana = ana_says_yes()
    page = ana.get("/status/").content.decode()
    assert "Bruno Agent asked this for you, and you said yes." in page
    assert 'name="code"' not in page  # nothing more is asked of her
    two_accept()
    file = answered()
    ana.post("/fresh-code/", {"action": "send"})
    ana.post("/fresh-code/", {"code": newest_code("fresh")})
    assert ana.post(f"/download/{file.pk}/").content == b"hers"


def test_ana_says_no_and_everything_ends():
    finds(ANA).post("/for-you/", {"action": "no"})
    assert set(Submission.objects.get().requests.values_list("state", flat=True)) == {"cancelled"}


def test_whoever_wrote_the_letter_has_no_page():
    bruno = Client()
    bruno.post("/find/", {"email": "bruno@agents.example"})
    assert bruno.get("/status/").status_code == 302
