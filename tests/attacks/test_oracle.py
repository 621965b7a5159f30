"""Nobody learns from an answer whether an address is known: not by status, headers, size, words, or time."""

import re
import time
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from random import Random

import pytest
from django.test import Client
from django.utils import timezone

from requests_app.models import IdentityCheck
from requests_app.operations import identity
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


def advantage(some: list[float], others: list[float]) -> float:
    """How far a classifier by time alone gets: one half is guessing (the rank statistic of Mann and Whitney)."""
    ranked = sorted([(value, 0) for value in some] + [(value, 1) for value in others])
    total = place = 0.0
    for _value, tied in groupby(ranked, key=itemgetter(0)):
        sides_ = [side for _, side in tied]
        total += sides_.count(0) * (place + (len(sides_) + 1) / 2)
        place += len(sides_)
    return (total - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))


def test_the_measure_tells_slower_from_faster_and_equal_from_both():
    assert advantage([3.0, 4.0], [1.0, 2.0]) == 1
    assert advantage([1.0, 2.0], [3.0, 4.0]) == 0
    assert advantage([1.0, 2.0, 2.0], [2.0, 1.0, 2.0]) == 0.5


ROUNDS = {"file": 2000, "find": 600, "code": 600}  # the last two take a third of a second each


@pytest.mark.long
@pytest.mark.parametrize("road", ROUNDS)
def test_time_tells_nothing(road):
    """The best classifier by time alone, known addresses against unknown ones; bytes are compared as well."""
    rounds = ROUNDS[road]
    asked = [f"known{number:05d}@example.org" for number in range(rounds)]
    for address in asked:
        ana_files("access", email=address, at=timezone.now() - timedelta(days=2))
    asked += [f"other{number:05d}@example.org" for number in range(rounds)]
    Random(7).shuffle(asked)
    answered = set()

    def once(address: str) -> float:
        client = Client()
        if road == "code":
            client.post("/find/", {"email": address})
        form = answers(email=address) | {"action": "send"}
        path, data = {"find": ("/find/", {"email": address}), "code": ("/find/code/", {"code": "000000"})}.get(
            road, ("/", form)
        )
        started = time.perf_counter()
        answer = client.post(path, data)
        took = time.perf_counter() - started
        status, headers, cookies, body = said(answer)
        body = body.replace(address.encode(), b"ADDRESS")
        answered.add((status, tuple(sorted(headers.items())), tuple(cookies), body))
        return took

    once("first@example.org"), once("then@example.org")
    times: dict[str, list[float]] = {"known": [], "other": []}
    for address in asked:
        times[address[:5]].append(once(address))
    assert len(answered) == 1
    found = advantage(times["known"], times["other"])
    print(f"{road}: {rounds} + {rounds}, classifier by time {found:.3f}")
    assert 0.45 <= found <= 0.55


@pytest.mark.long
def test_a_secret_that_begins_right_takes_no_longer_to_refuse():
    """A hundred thousand secrets of one link: right but for their last digit, and wrong from the first of the MAC."""
    right = identity.link_secret(IdentityCheck.objects.first())
    almost = right[:-1] + ("0" if right[-1] != "0" else "1")
    wrong = right[:32] + "".join("0" if digit != "0" else "1" for digit in right[32:])
    times: dict[str, list[float]] = {almost: [], wrong: []}
    order = [almost, wrong] * 50_000
    Random(19).shuffle(order)
    for secret in order:
        started = time.perf_counter_ns()
        refused = identity.check_for_secret(secret)
        times[secret].append(time.perf_counter_ns() - started)
        assert refused is None
    found = advantage(times[almost], times[wrong])
    print(f"100000 secrets, classifier by time {found:.4f}")
    assert 0.49 <= found <= 0.51  # four standard deviations of mere chance
