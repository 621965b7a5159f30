"""The contact on file tells nobody whether there is one, opens nobody's requests, and is not pressed by a scanner."""

import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.test import Client

from requests_app import clock
from requests_app.models import Contact, DataSubjectRequest, IdentityCheck, Submission
from requests_app.operations import identity, sweeps
from requests_app.web import pace
from tests.attacks.test_oracle import VARYING
from tests.people import published_policy
from tests.web.test_person_road import answers, file_as

pytestmark = pytest.mark.django_db
MEMORY = "requests_app.connectors.in_memory.InMemory"
OLD = datetime(2024, 1, 1, tzinfo=UTC)
# Of the same length: on file under another address, on file as typed, doubtful, and known to nobody.
OTHER, SAME, DOUBTFUL, UNKNOWN = "ana@one.example", "ana@two.example", "ana@six.example", "ana@ten.example"


@pytest.fixture(autouse=True)
def _sources(settings):
    published_policy()
    people = [
        {"identifiers": ["K-1001"], "emails": ["x@old.example"], "since": OLD},
        {"emails": [SAME], "since": OLD},
        {"emails": [DOUBTFUL], "since": OLD, "changed_recently": True},
    ]
    settings.DATA_SOURCES = {"customers": {"BACKEND": MEMORY, "OPTIONS": {"people": people}}}


def files(address: str) -> Client:
    """Somebody files from this address and confirms it; the sweep asks the source."""
    client = Client()
    details = "My number is K-1001." if address == OTHER else "My number is K-9999."
    file_as(client, email=address, details=details, rights=["access", "deletion"])
    submission = Submission.objects.get(pk=client.session["submission"])
    code = identity.code_for(submission.identity_checks.get())
    assert client.post("/confirm/", {"code": code})["Location"] == "/status/"
    client.get("/status/")  # the thanks are shown once
    sweeps.run_steps(clock.now())
    return client


def said(answer, address: str) -> tuple:
    body = answer.content.replace(address.encode(), b"ADDRESS")
    for pattern, word in VARYING:
        body = re.sub(pattern, word, body)
    headers = {name: value for name, value in answer.items() if name not in {"Set-Cookie", "Expires", "Last-Modified"}}
    return answer.status_code, headers, sorted(answer.cookies), body.decode().splitlines()


def visit(address: str) -> list[tuple]:
    client = files(address)
    seen = [said(client.get("/status/"), address)]
    for data in [{"code": "000000"}] * 7 + [{"code": "x"}, {"action": "send"}]:
        seen.append(said(client.post("/on-file/", data, follow=True), address))
    sweeps.run_steps(clock.now() + timedelta(minutes=5))
    return [*seen, said(client.get("/status/"), address)]


def test_the_pages_are_the_same_whatever_the_look_up_found():
    expected = visit(UNKNOWN)
    assert "If we hold another contact of yours, a code is on its way to it." in "\n".join(expected[0][3])
    for address, result in ((OTHER, "other"), (SAME, "same"), (DOUBTFUL, "unproven")):
        seen = visit(address)
        lookups = DataSubjectRequest.objects.latest("opened_at").submission.lookups
        assert lookups.values_list("result", flat=True).get() == result
        for one, other in zip(seen, expected, strict=True):
            assert one[3] == other[3]
            assert one[:3] == other[:3]


def test_a_denial_does_not_show_to_whoever_filed():
    client = files(OTHER)
    before = said(client.get("/status/"), OTHER)
    assert answer_by_link("not_mine").status_code == 200
    assert Contact.objects.get().denied_at is not None
    assert said(client.get("/status/"), OTHER) == before


def test_the_answer_takes_a_whole_number_of_steps(monkeypatch):
    waited = []
    monkeypatch.setattr(pace, "wait_from", waited.append)
    client = files(OTHER)
    client.post("/on-file/", {"code": "000000"})
    client.post("/on-file/", {"action": "send"})
    assert len(waited) == 2


def newest() -> IdentityCheck:
    return IdentityCheck.objects.filter(purpose="on_file").latest("issue")


def answer_by_link(answer: str, code: str | None = None, client: Client | None = None):
    client = client or Client()
    client.get(f"/l/{identity.link_secret(newest())}/")
    return client.post("/was-it-you/", {"code": code or identity.code_for(newest()), "answer": answer})


def test_the_code_is_typed_on_the_status_page_and_the_box_goes():
    client = files(OTHER)
    client.post("/on-file/", {"code": identity.code_for(newest())})
    assert Submission.objects.get().assurance == 2
    page = client.get("/status/").content.decode()
    assert "That contact is confirmed, too." in page
    assert "another contact of yours, a code is on its way" not in page


def test_the_link_confirms_with_its_code_and_opens_nobodys_requests():
    files(OTHER)
    owner = Client()
    page = answer_by_link("mine", client=owner)
    assert "We know now that it was you." in page.content.decode()
    assert Submission.objects.get().assurance == 2
    assert owner.get("/status/").status_code == 302
    assert owner.get("/was-it-you/").status_code == 302


def test_opened_and_pressed_by_a_scanner_it_changes_nothing():
    files(OTHER)
    scanner = Client()
    secret = identity.link_secret(newest())
    for _ in range(20):
        page = scanner.get(f"/l/{secret}/", follow=True)
        scanner.head(f"/l/{secret}/")
        scanner.post("/was-it-you/", {"answer": "not_mine"})
        scanner.post("/was-it-you/", {"answer": "mine", "code": ""})
        scanner.post("/was-it-you/", {"answer": "", "code": "123456"})
    assert "It was not me" in page.content.decode()
    contact = Contact.objects.get()
    assert (contact.confirmed_at, contact.denied_at, newest().tries) == (None, None, 0)
    assert answer_by_link("mine").status_code == 200
    assert Submission.objects.get().assurance == 2


def test_another_code_of_the_case_answers_nothing_there():
    files(OTHER)
    verify = IdentityCheck.objects.get(purpose="verify")
    page = answer_by_link("not_mine", code=identity.code_for(verify))
    assert "this is not the code of the message" in page.content.decode()
    assert Contact.objects.get().denied_at is None


def test_the_page_says_what_is_asked_and_why_before_it_is_asked():
    page = Client().post("/", answers(rights=["access", "marketing_optout"])).content.decode()
    assert "What we ask you to show, and why" in page
    assert "Your data are handed out, and nobody else may get them." in page
    assert "Nobody gets anything by it, and you can undo it." in page
    assert "Identity papers are needed for none of it." in page


@pytest.mark.long
@pytest.mark.parametrize("data", [{"code": "000000"}, {"action": "send"}], ids=["code", "send"])
def test_time_tells_nothing(data):
    """The area under the curve of the best classifier by time alone: one half is pure guessing."""
    rounds = 150
    clients = {address: files(address) for address in (OTHER, UNKNOWN)}
    times: dict[str, list[float]] = {OTHER: [], UNKNOWN: []}
    order = [OTHER, UNKNOWN] * rounds
    Random(7).shuffle(order)
    for address in order:
        started = time.perf_counter()
        clients[address].post("/on-file/", data)
        times[address].append(time.perf_counter() - started)
    wins = statistics.fmean((a > b) + (a == b) / 2 for a in times[OTHER] for b in times[UNKNOWN])
    assert 0.4 <= wins <= 0.6, wins
