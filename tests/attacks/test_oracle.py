"""Nobody learns from an answer whether an address is known: not by status, headers, size, words, or time."""

import re
import statistics
import time
from random import Random

import pytest
from django.test import Client

from requests_app.models import IdentityCheck
from tests.people import ana_files, published_policy
from tests.web.test_person_road import answers, file_as

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "known@example.org", "other@example.org"  # of the same length
VARYING = (
    (rb'name="csrfmiddlewaretoken" value="\w+"', b"TOKEN"),
    (rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"ID"),
    (rb"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", b"CHECK"),
    (rb"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", b"CASE"),
    (rb"T\d\d:\d\d:\d\d[^\"<]*|\d\d:\d\d", b"TIME"),
)


@pytest.fixture(autouse=True)
def _known():
    published_policy()
    ana_files("access", email=KNOWN)


def said(answer) -> tuple:
    """Everything that a visitor can compare, without ids and tokens."""
    body = answer.content.replace(KNOWN.encode(), b"ADDRESS").replace(UNKNOWN.encode(), b"ADDRESS")
    for pattern, word in VARYING:
        body = re.sub(pattern, word, body)
    headers = {name: value for name, value in answer.items() if name not in {"Set-Cookie", "Expires", "Last-Modified"}}
    return answer.status_code, headers, sorted(answer.cookies), body


def sides(visit) -> None:
    seen = [visit(KNOWN), visit(UNKNOWN)]
    known, unknown = ([one] if isinstance(one, tuple) else one for one in seen)
    for one, other in zip(known, unknown, strict=True):
        assert one[3].decode().splitlines() == other[3].decode().splitlines()
        assert one[:3] == other[:3]


class TestFiling:
    def test_the_check_page_and_the_sending_answer_alike(self):
        sides(lambda address: said(Client().post("/", answers(email=address))))
        sides(lambda address: said(file_as(Client(), email=address)))

    @pytest.mark.parametrize("path", ["/resend/", "/address/"])
    def test_and_so_does_the_page_that_follows(self, path):
        def visit(address):
            client = Client()
            file_as(client, email=address)
            seen = [said(client.get("/status/"))]
            seen.append(said(client.post(path, {"email": address}, follow=True)))
            return seen

        for _ in range(6):
            Client().post("/find/", {"email": KNOWN})
        sides(visit)


class TestFinding:
    def test_asking_and_typing_answer_alike(self):
        def visit(address):
            client = Client()
            seen = [said(client.post("/find/", {"email": address}, follow=True))]
            return [*seen, said(client.post("/find/code/", {"code": "000000"}))]

        sides(visit)

    def test_the_limit_shows_nowhere(self):
        def visit(address):
            client = Client()
            return [said(client.post("/find/", {"email": address})) for _ in range(7)]

        sides(visit)
        assert IdentityCheck.objects.filter(purpose="find").count() <= 5


@pytest.mark.long
@pytest.mark.parametrize("road", ["find", "code", "file"])
def test_time_tells_nothing(road):
    """The area under the curve of the best classifier by time alone: one half is pure guessing."""
    rounds = 150

    def once(address: str) -> float:
        client = Client()
        if road == "code":
            client.post("/find/", {"email": address})
        form = answers(email=address) | {"action": "send"}
        path, data = {"find": ("/find/", {"email": address}), "code": ("/find/code/", {"code": "000000"})}.get(
            road, ("/", form)
        )
        started = time.perf_counter()
        client.post(path, data)
        return time.perf_counter() - started

    once(KNOWN), once(UNKNOWN)
    times: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    order = [KNOWN, UNKNOWN] * rounds
    Random(7).shuffle(order)
    for number, address in enumerate(order):
        known_now = address if road != "file" or address == KNOWN else f"{number:05d}@example.org"
        times[address].append(once(known_now))
    wins = statistics.fmean((a > b) + (a == b) / 2 for a in times[KNOWN] for b in times[UNKNOWN])
    assert 0.4 <= wins <= 0.6, wins
