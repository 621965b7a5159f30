"""Ana's page for the document that was asked for: why, what to cover, a plain upload; nothing is lost on a mistake."""

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import Client

from requests_app import clock
from requests_app.models import IdentityCheck, Message, ProofDocument, Submission
from requests_app.operations import identity, person, proof
from requests_app.operations.actors import Actor
from requests_app.web import proof as page_module
from tests.people import published_policy, staff
from tests.pictures import card, coded, picture
from tests.scanner import EICAR, Scanner
from tests.web.test_person_road import answers

pytestmark = pytest.mark.django_db
REASON = "The letter <b>names</b> another town than our file."


@pytest.fixture
def ana(client, settings, tmp_path):
    """Her browser, in which she filed and typed the code; staff have asked for a document."""
    settings.FILES_DIR = tmp_path
    published_policy()
    for name in ("ines", "ivo"):
        staff(name, "identity reviewer")
    client.post("/", answers() | {"action": "send"})
    client.post("/confirm/", {"code": identity.code_for(IdentityCheck.objects.latest("issued_at"))})
    dsr = Submission.objects.get().requests.select_related("submission", "policy").get()
    bruno = Actor.staff(staff("bruno", "handler"))
    client.dsr = proof.ask_for_document(dsr, reason=REASON, actor=bruno, at=clock.now())
    client.address = f"/document/{dsr.pk}/"
    return client


def send(client, content, name="passport.png"):
    return client.post(client.address, {"file": SimpleUploadedFile(name, content)})


def test_the_status_page_leads_to_it_and_asks_for_no_code(ana):
    page = ana.get("/status/").content.decode()
    assert f'href="{ana.address}"' in page
    assert "We asked you for a document and wait for it." in page
    assert "Show us that it is you" not in page


def test_she_reads_why_and_what_to_cover_and_no_script_is_needed(ana):
    page = ana.get(ana.address)
    text = page.content.decode()
    assert "The letter &lt;b&gt;names&lt;/b&gt; another town" in text
    assert "Cover all the rest" in text
    assert '<input type="file" name="file"' in text
    assert "<style" not in text
    assert text.count("<script") == text.count('<script src="/static/')
    assert page["Cache-Control"].count("no-store")


def test_what_she_sends_is_taken_and_told(ana):
    page = send(ana, card())
    assert page["Location"] == "/status/"
    assert ProofDocument.objects.count() == 1
    text = ana.get("/status/").content.decode()
    assert "We have your document." in text
    assert "You sent a document." in text
    assert "One document from you waits for us." in ana.get(ana.address).content.decode()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"<svg onload=alert(1)>", "passport.png", "Send a picture (JPEG or PNG) or a PDF."),
        (coded(picture("")), "passport.png", "Nothing can be seen on it."),
        (card()[:90], "passport.png", "We cannot open this file."),
        (b"", "passport.png", "This file is empty."),
        (b"x" * (10 * 1024 * 1024 + 1), "passport.png", "This file is too large"),
    ],
)
def test_what_does_not_do_is_answered_with_how_to_mend_it(ana, content, name, words):
    page = send(ana, content, name)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not ProofDocument.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "x\u202egnp.exe", "a\r\nb.png", "n" * 4000, "no-suffix"])
def test_its_name_says_nothing_and_is_kept_nowhere(ana, name, settings):
    assert send(ana, card(), name).status_code == 302
    (kept,) = [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
    assert kept.name == ProofDocument.objects.get().pk.hex


def test_nothing_chosen_is_said(ana):
    page = ana.post(ana.address, {})
    assert "Choose the picture or the PDF of your document first." in page.content.decode()


def test_while_the_scanner_is_away_nothing_is_taken_and_she_may_try_again(ana, settings):
    with Scanner() as gone:
        settings.CLAMD_URL = gone.url
    page = send(ana, card())
    assert (page.status_code, page["Retry-After"]) == (503, "300")
    assert "try again later" in page.content.decode()
    assert not ProofDocument.objects.exists()


def test_what_she_typed_stays_while_the_scanner_is_away(ana, settings):
    person.cancel(ana.dsr, actor=Actor.person(), at=clock.now())
    again = person.reopen(ana.dsr, proved=True, actor=Actor.person(), at=clock.now())
    ana.dsr.proof_requests.update(end="withdrawn", ended_at=clock.now())
    identity.issue_code(again.submission, purpose="verify", actor=Actor.person(), at=clock.now())
    ana.post("/confirm/", {"code": identity.code_for(IdentityCheck.objects.latest("issued_at"))})
    with Scanner() as gone:
        settings.CLAMD_URL = gone.url
    sent = {"text": "My older letters.", "file": SimpleUploadedFile("letters.txt", b"Dear all")}
    page = ana.post(f"/reply/{ana.dsr.pk}/", sent)
    assert page.status_code == 503
    assert "My older letters." in page.content.decode()
    assert not Message.objects.exists()


def test_an_infected_one_is_refused(ana, settings):
    with Scanner() as scanner:
        settings.CLAMD_URL = scanner.url
        page = send(ana, card() + EICAR)
    assert page.status_code == 422
    assert "virus scanner found something" in page.content.decode()
    assert not ProofDocument.objects.exists()


def test_on_its_way_in_it_stays_in_memory(ana, monkeypatch):
    arrived = []
    real = page_module.DocumentForm

    def spy(data, files):
        arrived.append(files["file"])
        return real(data, files)

    monkeypatch.setattr(page_module, "DocumentForm", spy)
    send(ana, card() + bytes(9 * 1024 * 1024))
    assert [type(file) for file in arrived] == [InMemoryUploadedFile]


def test_otto_gets_the_same_404_as_for_nothing(ana):
    otto = Client()
    assert otto.get(ana.address).status_code == 404
    assert otto.post(ana.address, {"file": SimpleUploadedFile("a.png", card())}).status_code == 404


def test_it_speaks_italian(ana):
    ana.post("/language/", {"language": "it", "next": ana.address})
    assert "Ci mostri un documento" in ana.get(ana.address).content.decode()
