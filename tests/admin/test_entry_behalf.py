"""Bruno of the desk enters what an agent or a guardian wrote: the fields fit who asks, and the paper is sealed."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from requests_app import clock
from requests_app.models import Authority, Submission
from tests.admin.test_desk import ENTRY, QUEUE

pytestmark = pytest.mark.django_db
AGENT, GUARDIAN = f"{QUEUE}enter/?for=agent", f"{QUEUE}enter/?for=guardian"


def letter(**changes):
    today = clock.now().date()
    about = {
        "received_on": (today - timedelta(days=2)).isoformat(), "person_name": "Ana Example",
        "person_email": "ana@example.org", "person_postal": "", "ends_on": (today + timedelta(days=9)).isoformat(),
    }  # fmt: skip
    return {**ENTRY, **about, **changes}


def paper(content=b"%PDF-1.4 I authorise Rosa."):
    return SimpleUploadedFile("scan.pdf", content)


def test_the_form_leads_on_to_the_one_for_an_agent_and_for_a_guardian(sign_in):
    bruno = sign_in("bruno")
    page = bruno.get(f"{QUEUE}enter/").content.decode()
    assert 'href="?for=agent"' in page
    assert "person_name" not in page
    page = bruno.get(AGENT).content.decode()
    assert "Until when they may act" in page
    assert "Date of birth" not in page
    assert "Name of the agent" in page
    page = bruno.get(GUARDIAN).content.decode()
    assert "Date of birth of the child" in page
    assert "Until when" not in page
    assert "person_name" not in bruno.get(f"{QUEUE}enter/?for=nobody").content.decode()


def test_an_agents_letter_is_entered_with_its_paper(sign_in):
    page = sign_in("bruno").post(AGENT, letter(paper=paper()), follow=True).content.decode()
    row = Authority.objects.get()
    assert f"Entered as case {row.submission.case_label}." in page
    assert "asks for somebody else: an authorised agent" in page
    assert (row.kind, row.name, row.submission.name, row.scope) == ("agent", "Ana Example", "Rosa Verdi", ["access"])
    assert row.document_sha256
    assert row.asked.address == "ana@example.org"


def test_a_guardians_letter_is_entered_without_one(sign_in):
    born_on = clock.now().date().replace(day=1)
    sent = letter(born_on=born_on.replace(year=born_on.year - 9).isoformat(), person_email="")
    assert sign_in("bruno").post(GUARDIAN, sent).status_code == 302
    row = Authority.objects.get()
    assert (row.kind, row.document_sha256, row.asked) == ("guardian", "", None)
    assert row.submission.requests.filter(right="deletion").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"person_name": ""}, "Name of the person for whom they ask</a>: This field is required."),
        ({"ends_on": ""}, "Until when they may act</a>: This field is required."),
        ({"ends_on": "2020-01-01"}, "give a day from today on"),
        ({"email": "ANA@example.org"}, "This is the address of whoever asks."),
        ({"person_email": "ana@EXÄMPLE.org"}, "plain small letters"),
        ({"paper": paper(b"MZ program")}, "send it as a PDF, JPEG or PNG file"),
        ({"postal": ""}, "Give an e-mail or a postal address"),
    ],
)
def test_what_is_missing_is_said_by_its_field_and_what_was_typed_stays(sign_in, changes, says):
    answer = sign_in("bruno").post(AGENT, letter(**changes))
    page = answer.content.decode()
    assert (answer.status_code, Submission.objects.exists()) == (422, False)
    assert says in page
    assert "Rosa Verdi" in page
