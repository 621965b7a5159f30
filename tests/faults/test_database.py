"""F06, F08, F10: filing through gunicorn while the broker never was, the database dies, or has no connection left."""

import contextlib
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar

import psycopg2
import pytest

from tests import services
from tests.conftest import leave_out
from tests.faults import figures
from tests.faults.installation import Installation, until
from tests.smtp import Relay

pytestmark = pytest.mark.process
COUNT = """
from requests_app.models import Submission, SubmissionKey, DataSubjectRequest
print(Submission.objects.count(), DataSubjectRequest.objects.count(), SubmissionKey.objects.count())
"""
HIDDEN = ("csrfmiddlewaretoken", "form_key")


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, reply, code, message, headers, target):
        return None


class Ana:
    """A browser without script: cookies, a form, and what came back."""

    def __init__(self, url: str, name: str = "ana") -> None:
        self.url, self.name = url, name
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), Stay)

    def asks(self, path: str, fields: list[tuple[str, str]] | None = None) -> tuple[int, str]:
        data = urllib.parse.urlencode(fields).encode() if fields else None
        try:
            with self.opener.open(self.url + path, data, timeout=30) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def fills_in(self) -> list[tuple[str, str]]:
        status, page = self.asks("/")
        assert status == 200
        return self.filled(page)

    def filled(self, page: str) -> list[tuple[str, str]]:
        hidden = [(name, re.search(rf'name="{name}" value="([^"]+)"', page)[1]) for name in HIDDEN]
        address = f"{self.name}@example.org"
        typed = [("rights", "access"), ("name", "Ana Prova"), ("email", address), ("language", "en")]
        return [*hidden, *typed, ("action", "send")]


@pytest.fixture(scope="module")
def server():
    try:
        with services.own_postgresql() as running:
            yield running
    except services.Missing as missing:
        leave_out(missing)


@pytest.fixture(scope="module")
def portal(server, tmp_path_factory):
    nobody = f"redis://127.0.0.1:{services.free_port()}/0"
    folder = tmp_path_factory.mktemp("database")
    running = Installation(server.get_uri(), nobody, Relay(port=services.free_port()), folder)
    running.set_up()
    running.start_web()
    yield running
    running.stop()


def stored(portal: Installation) -> tuple[int, ...]:
    """Submissions, requests and data keys."""
    return tuple(int(number) for number in portal.manage("shell", "-v0", "-c", COUNT).split())


def test_a_filing_while_the_database_is_stopped_leaves_nothing_and_works_again_afterwards(portal, server):
    ana = Ana(portal.url)
    assert ana.asks("/", ana.fills_in())[0] == 302  # filed, although there is no broker
    before = stored(portal)
    assert len(set(before)) == 1

    form = ana.fills_in()
    server.stop()
    status, page = ana.asks("/", form)
    assert (status, "was not taken, not even in part" in page) == (503, True)
    assert [ana.asks(path)[0] for path in ("/", "/status/", "/livez", "/healthz")] == [503] * 4

    server.start()
    assert stored(portal) == before
    assert ana.asks("/", form)[0] == 302  # the same form, sent again as the page said
    assert stored(portal) == tuple(number + 1 for number in before)
    assert ana.asks("/status/")[0] == 200
    portal.manage("verify_evidence")


def files_many(url: str, name: str, stop: threading.Event, taken: list[str], answers: Counter[int]) -> None:
    """File again and again, each time a form of its own, until told to stop."""
    number = 0
    while not stop.is_set():
        number += 1
        ana = Ana(url, f"{name}{number}")
        status, page = ana.asks("/")
        if status == 200:
            form = ana.filled(page)
            status, _ = ana.asks("/", form)
            if status == 302:
                taken.append(dict(form)["form_key"])
        answers[status] += 1


def accepts(server) -> bool:
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(server.get_uri()).close()
        return True
    return False


@pytest.mark.long
def test_f08_the_database_dies_again_and_again_and_no_acknowledged_filing_is_lost(portal, server):
    taken: list[str] = []
    answers: Counter[int] = Counter()
    stop = threading.Event()
    people = [
        threading.Thread(target=files_many, args=(portal.url, name, stop, taken, answers)) for name in ("ana", "bruno")
    ]
    for one in people:
        one.start()
    for _ in range(figures.scaled(2, 20)):
        time.sleep(2)
        os.kill(server.get_pid(), signal.SIGQUIT)  # immediate: nothing is written, the log is replayed at the start
        until(lambda: not accepts(server), seconds=20)
        time.sleep(1)
        server.start()
    time.sleep(2)
    stop.set()
    for one in people:
        one.join()
    rows = {str(key) for (key,) in portal.rows("SELECT form_key FROM requests_app_submission")}
    figures.at_least("F08", "filings acknowledged meanwhile", len(taken), 1)
    figures.exactly("F08", "acknowledged filings lost", len(set(taken) - rows), 0)
    others = {status: number for status, number in answers.items() if status not in {302, 503}}
    figures.exactly("F08", f"answers but 302 and a clean 503 {others or ''}".strip(), sum(others.values()), 0)
    figures.at_least("F08", "clean 503 while it was away", answers[503], 1)
    portal.manage("verify_evidence")


def all_connections(server, stack: contextlib.ExitStack) -> int:
    number = 0
    with contextlib.suppress(psycopg2.OperationalError):
        while True:
            stack.enter_context(contextlib.closing(psycopg2.connect(server.get_uri())))
            number += 1
    return number


def test_f10_no_connection_is_left_at_the_server(portal, server):
    ana = Ana(portal.url)
    form = ana.fills_in()
    with contextlib.ExitStack() as stack:
        control = stack.enter_context(contextlib.closing(psycopg2.connect(server.get_uri())))
        control.autocommit = True
        held = all_connections(server, stack)
        # Those of the portal too: it must ask for new ones, and there are none.
        control.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'faults%'")
        time.sleep(0.5)
        held += all_connections(server, stack)
        began = time.monotonic()
        status, page = ana.asks("/", form)
        took = time.monotonic() - began
    figures.exactly("F10", f"answer with all {held} connections taken", status, 503)
    figures.at_most("F10", "seconds until that answer", took, 10)
    assert "was not taken, not even in part" in page
    time.sleep(0.5)
    figures.exactly("F10", "answer to the same form when they are free again", ana.asks("/", form)[0], 302)


def test_f10_many_file_at_once_and_none_waits_long(portal):
    """Four for each worker, again and again; and all the while there is no broker (F06)."""
    times: list[float] = []
    statuses: Counter[int] = Counter()

    def files_some(name: str) -> None:
        for number in range(figures.scaled(4, 60)):
            ana = Ana(portal.url, f"{name}{number}")
            form = ana.fills_in()
            began = time.monotonic()
            statuses[ana.asks("/", form)[0]] += 1
            times.append(time.monotonic() - began)

    people = [threading.Thread(target=files_some, args=(f"person{n}of",)) for n in range(8)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    times.sort()
    figures.exactly("F10", "filings not taken, eight at once", sum(statuses.values()) - statuses[302], 0)
    figures.at_most("F10", "p99 of filing, eight at once (s)", times[int(len(times) * 0.99)], figures.scaled(15, 3))


def test_f06_filing_needs_no_broker(portal):
    times: list[float] = []
    for number in range(figures.scaled(10, 200)):
        ana = Ana(portal.url, f"alone{number}")
        form = ana.fills_in()
        began = time.monotonic()
        assert ana.asks("/", form)[0] == 302
        times.append(time.monotonic() - began)
    times.sort()
    figures.at_most("F06", "p95 of filing without a broker (s)", times[int(len(times) * 0.95)], figures.scaled(5, 1))
