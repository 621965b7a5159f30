"""The morning digest counts what waits for the person apart from what waits for us."""

from datetime import timedelta

import pytest

from requests_app.connectors import pictures
from requests_app.models import DataSubjectRequest, Notice
from requests_app.operations import sweeps
from requests_app.operations.workload import WAITS_FOR_PERSON, load_by_handler
from tests.operations.test_proof import DRAWN, ask, review, send
from tests.operations.test_road import verified
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MORNING = NOON + timedelta(hours=20)


@pytest.fixture(autouse=True)
def _portal(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "draw", DRAWN)
    settings.FILES_DIR = tmp_path
    published_policy()


@pytest.fixture
def asked():
    for name in ("ines", "ivo"):
        staff(name, "identity reviewer")
    return ask(verified(ana_files("access")), staff("bruno", "handler"))


def counted():
    """The two lines of the digest, and what the queue calls waiting for the person."""
    Notice.objects.filter(kind="staff_digest").delete()
    sweeps.SWEEPS["send_digest"](MORNING)
    text = Notice.objects.filter(kind="staff_digest").first().text
    lines = dict(line[2:].split(": ") for line in text.splitlines() if line.startswith("- "))
    waiting = DataSubjectRequest.objects.filter(WAITS_FOR_PERSON).count()
    assert sum(load.person for load in load_by_handler(NOON.date()).values()) == waiting
    return int(lines["Waiting for a code or a document"]), int(lines["Documents to look at"]), waiting


def test_a_document_that_is_asked_for_waits_for_the_person_until_it_is_with_us(asked):
    assert counted() == (1, 0, 1)
    document = send(asked)
    assert counted() == (0, 1, 0)
    review(document, staff("ines"), accept=False)
    assert counted() == (1, 0, 1)
    send(asked)
    assert counted() == (0, 1, 0)


def test_a_code_that_is_not_typed_waits_for_the_person():
    ana_files("access")
    assert counted() == (1, 0, 1)
