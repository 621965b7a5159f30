"""Attacks on real processes: gunicorn, worker, beat, PostgreSQL, a Redis-protocol broker, SMTP."""

import base64
import contextlib
import http.client
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from urllib.parse import urlencode

import psycopg2
import pytest
import redis
from django.contrib.sessions.backends.db import SessionStore

from tests import services
from tests.faults.installation import Installation, until
from tests.process.failing import KINDS, PLACES
from tests.process.sibling import DOMAIN, PORTAL, certificate, tossing
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
        installation.start_beat()
        yield installation
    finally:
        installation.stop()
        installation.tear_down()


@pytest.fixture(scope="module")
def worker(portal: Installation) -> "subprocess.Popen[bytes]":
    return portal.start_worker()


@pytest.fixture(autouse=True)
def _at_work(worker: "subprocess.Popen[bytes]") -> None:
    """Mail goes out while the tests run; the last one ends it."""


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


@pytest.mark.browser
def test_a_sibling_host_cannot_give_ana_another_session(portal, browser, tmp_path):
    files, port = certificate(tmp_path), services.free_port()
    url = f"https://{PORTAL}:{port}"
    served = ("gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1")
    web = portal.start(*served, "--certfile", str(files[0]), "--keyfile", str(files[1]), PUBLIC_URL=url)
    services.wait_for_port(port, web, name="postgresql", seconds=60)
    ours = ("__Host-session", "__Host-csrf", "__Host-language")
    tossed = [f"{name}=ottos; Domain={DOMAIN}; Path=/{path}; Secure" for name in ours for path in ("", "status/")]
    tossed += [f"plain=ottos; Domain={DOMAIN}; Path=/; Secure"]
    only_here = [f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1", "--no-sandbox"]
    chromium = browser.browser_type.launch(executable_path=services.chromium(), args=only_here)
    try:
        context = chromium.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(url)
        page.check("input[value=access]")
        page.fill("input[name=name]", "Ana Example")
        page.fill("input[name=email]", "ana.at.home@example.org")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/status/")
        before = {cookie["name"]: cookie for cookie in context.cookies(url)}
        with tossing(tossed, files) as sibling:
            page.goto(sibling)
            assert page.title() == "tossed"
        held = context.cookies(url)
        assert {cookie["name"] for cookie in held} == {*before, "plain"}  # what has no such name does get through
        assert {c["name"]: c["value"] for c in held if c["name"] != "plain"} == {
            n: c["value"] for n, c in before.items()
        }
        assert {"__Host-session", "__Host-csrf"} <= set(before)
        assert {(c["domain"], c["path"], c["secure"], c["sameSite"]) for c in before.values()} == {
            (PORTAL, "/", True, "Lax")
        }
        page.goto(f"{url}/status/")
        assert page.url == f"{url}/status/"
        assert "Case" in page.inner_text("main")
    finally:
        chromium.close()


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


def unpacked(portal: Installation) -> dict[str, bytes]:
    """Every row of every table as text, with bytes in hexadecimal digits and sessions read."""
    held: dict[str, bytes] = {}
    for name in portal.databases:
        with contextlib.closing(psycopg2.connect(services.with_database(portal.postgres_url, name))) as database:
            cursor = database.cursor()
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            for (table,) in cursor.fetchall():
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                held[f"{name}.{table}"] = "\n".join(row for (row,) in cursor.fetchall()).encode()
    packed = portal.rows("SELECT session_data FROM django_session")
    held["sessions"] = str([SessionStore().decode(data) for (data,) in packed]).encode()
    return held


def queued(url: str) -> bytes:
    """Every key of the broker with what it holds; the bodies of messages unpacked."""
    broker, held = redis.Redis.from_url(url), b""
    read = {b"list": lambda k: broker.lrange(k, 0, -1), b"set": broker.smembers, b"hash": broker.hgetall}
    read |= {b"zset": lambda k: broker.zrange(k, 0, -1), b"string": lambda k: [broker.get(k)]}
    for key in broker.scan_iter():
        content = read[broker.type(key)](key)
        values = [*content.values()] if isinstance(content, dict) else [*content]
        held += key + b"".join(values)
        for body in re.findall(rb'"body": ?"([\w+/=]+)"', b"".join(values)):
            held += base64.b64decode(body)
    return held


def test_what_was_typed_lies_in_no_table_no_queue_no_log_and_no_temporary_file(portal, worker, mail, valkey_url):
    canary, address = "canary-5c02", "canary-5c02-address@example.org"
    ana = Visitor(portal.url)
    ana.files(name=f"{canary} name", details=f"{canary} details", email=address)
    until(lambda: mailed(mail, address, r"/l/"), seconds=40)
    ana.post("/confirm/", {"code": mailed(mail, address, r"\b\d{6}\b")[0]})
    (pk,) = portal.rows("SELECT id FROM requests_app_datasubjectrequest ORDER BY opened_at DESC LIMIT 1")[0]
    large = f"{canary} file".encode() * 300_000  # beyond what is held in memory
    assert ana.uploads(f"/reply/{pk}/", large, name=f"{canary}.txt", text=f"{canary} reply")[0] == 200
    ana.post("/find/", {"email": address})
    ana.post("/staff/sign-in/", {"login": f"{canary} login", "password": f"{canary} password"})
    ana.get(f"/{canary}/?q={canary}", **{"User-Agent": canary, "Referer": f"https://example.org/{canary}"})
    worker.terminate()
    until(lambda: redis.Redis.from_url(valkey_url).llen("notices"), seconds=40)
    places = unpacked(portal) | {"broker": queued(valkey_url)}
    places |= {str(path): path.read_bytes() for path in portal.folder.rglob("*") if path.is_file()}
    places["mail"] = b"".join(
        message.get_body((kind,)).get_content().encode() for message in mail.mails for kind in ("plain", "html")
    )
    assert b"deliver_notices" in places["broker"]
    assert len(places["sessions"]) > 100
    forms = {canary.encode(), canary.encode().hex().encode(), base64.b64encode(canary.encode())[:12]}
    assert [place for place, held in places.items() for form in forms if form in held] == []
    # A pool of processes may hold an empty folder while it lives.
    assert not [path for path in (portal.folder / "tmp").rglob("*") if path.is_file()]
