"""Attacks on real processes: gunicorn, worker, beat, PostgreSQL, a Redis-protocol broker, SMTP."""

import http.client
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from urllib.parse import urlencode

import pytest

from tests.faults.installation import Installation, until
from tests.process.failing import KINDS, PLACES
from tests.process.visits import Visitor
from tests.smtp import Relay, relay

pytestmark = pytest.mark.process
ADDRESS = "ana@example.org"


@pytest.fixture(scope="module")
def mail() -> Iterator[Relay]:
    with relay() as running:
        yield running


@pytest.fixture(scope="module")
def portal(
    postgres_url: str, valkey_url: str, mail: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Told to log as much as it can; temporary files go where the tests look."""
    folder = tmp_path_factory.mktemp("attacks")
    installation = Installation(postgres_url, valkey_url, mail, folder, name="attacks")
    (folder / "tmp").mkdir()
    (folder / "static").mkdir()
    installation.env |= {"LOG_LEVEL": "DEBUG", "TMPDIR": str(folder / "tmp"), "STATIC_ROOT": str(folder / "static")}
    installation.set_up()
    try:
        installation.start_web("tests.process.failing")
        installation.start_worker()
        installation.start_beat()
        yield installation
    finally:
        installation.stop()
        installation.tear_down()


def mailed(mail: Relay, address: str, pattern: str) -> list[str]:
    texts = [
        message.get_body(("plain",)).get_content()
        for message, to in zip(mail.mails, mail.recipients, strict=True)
        if address in to
    ]
    return [found for text in texts for found in re.findall(pattern, text)]


def said(portal: Installation) -> str:
    return (portal.folder / "said.log").read_text()


@pytest.mark.parametrize("guesses", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_of_all_guesses_over_fifty_connections_five_are_evaluated(portal, mail, guesses):
    address = f"guessed{guesses}@example.org"
    otto = Visitor(portal.url)
    assert otto.files(email=address)[0] == 200
    until(lambda: mailed(mail, address, r"/l/"), seconds=40)
    right = mailed(mail, address, r"\b\d{6}\b")[0]
    token = otto.token_of("/status/")
    headers = {"Cookie": otto.cookie, "Content-Type": "application/x-www-form-urlencoded"}

    def guess(numbers: range) -> list[int]:
        statuses = []
        connection = http.client.HTTPConnection(otto.host, timeout=120)
        for number in numbers:
            code = f"{(int(right) + 1 + number) % 10**6:06d}"
            body = urlencode({"csrfmiddlewaretoken": token, "code": code})
            connection.request("POST", "/confirm/", body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        return statuses

    with ThreadPoolExecutor(50) as pool:
        answered = [status for part in pool.map(guess, [range(n, guesses, 50) for n in range(50)]) for status in part]
    assert answered == [200] * guesses
    checks = "SELECT c.tries FROM requests_app_identitycheck c JOIN requests_app_submission s ON s.id = c.submission_id"
    newest = f"{checks} ORDER BY s.received_at DESC LIMIT 1"
    assert portal.rows(newest) == [(5,)]
    refused = "SELECT count(*) FROM requests_app_evidenceevent WHERE kind = 'code_refused' GROUP BY submission_id"
    assert max(portal.rows(refused)) == (5,)
    status, page = otto.post("/confirm/", {"code": right})
    assert status == 200
    assert "no longer valid" in page
    assert portal.rows("SELECT count(*) FROM requests_app_submission WHERE assurance > 0") == [(0,)]


def test_the_secret_of_a_link_and_its_code_are_in_no_log(portal, mail):
    address = "bianca@example.org"
    Visitor(portal.url).files(email=address)
    until(lambda: mailed(mail, address, r"/l/"), seconds=40)
    (secret,), (code,) = mailed(mail, address, r"/l/(\w+)/"), mailed(mail, address, r"\b\d{6}\b")
    bianca = Visitor(portal.url)
    assert bianca.get(f"/l/{secret}/")[0] == 200
    assert bianca.get(f"/l/{secret[:-1]}/")[0] == 404
    assert bianca.get(f"/l/{secret}/", **{"X-Fail": "template RuntimeError"})[0] == 500
    bianca.token = bianca.token_of("/l/")
    status, page = bianca.post("/l/", {"code": code})
    assert status == 200
    assert "We are working on it" in page
    log = said(portal)
    assert "RuntimeError" in log  # it is the log of these processes
    for hidden in (secret, secret[32:], secret[:32], address, "bianca"):
        assert hidden not in log
    assert not re.search(rf"\b{code}\b", log)


CANARY = "canary-9d41"


def test_of_two_hundred_errors_none_shows_or_logs_what_caused_it(portal):
    form = {"name": f"{CANARY} name", "details": f"{CANARY} details", "email": f"{CANARY}@example.org"}
    failures = list(product(PLACES, KINDS))
    assert len(failures) >= 200
    filer = Visitor(portal.url)
    filer.files(**form)
    loud = []
    for place, kind in failures:
        fail = {"X-Fail": f"{place} {kind}"}
        if place == "code":
            status, page = filer.post("/confirm/", {"code": "471100", "note": CANARY}, **fail)
        else:
            status, page = filer.files(fail, **form)
        if status not in {400, 403, 404, 500, 503} or CANARY in page or "Traceback" in page or "471100" in page:
            loud.append((place, kind, status))
    assert loud == []
    log = said(portal)
    assert CANARY not in log
    assert "471100" not in log
    assert all(kind in log for kind in ("KeyError", "Unprintable", "ExceptionGroup"))
