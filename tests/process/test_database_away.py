"""The database stops and comes back while gunicorn runs; a broker there never was."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import psycopg2
import pytest

from tests import services
from tests.conftest import leave_out
from tests.process.test_real_road import STAFF, Portal

pytestmark = pytest.mark.process
COUNT = """
from requests_app.models import Submission, SubmissionKey, DataSubjectRequest
print(Submission.objects.count(), DataSubjectRequest.objects.count(), SubmissionKey.objects.count())
"""


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, reply, code, message, headers, target):
        return None


class Ana:
    """A browser without script: cookies, a form, and what came back."""

    def __init__(self, url: str) -> None:
        self.url = url
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
        hidden = [(name, re.search(rf'name="{name}" value="([^"]+)"', page)[1]) for name in HIDDEN]
        typed = [("rights", "access"), ("name", "Ana Prova"), ("email", "ana@example.org"), ("language", "en")]
        return [*hidden, *typed, ("action", "send")]


HIDDEN = ("csrfmiddlewaretoken", "form_key")


@pytest.fixture
def server():
    try:
        with services.own_postgresql() as running:
            yield running
    except services.Missing as missing:
        leave_out(missing)


@pytest.fixture
def portal(server, tmp_path):
    urls = {}
    for alias in ("DATABASE_URL", "KEYS_DATABASE_URL"):
        name = alias.lower()
        connection = psycopg2.connect(server.get_uri())
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        urls[alias] = services.with_database(server.get_uri(), name)
    port = services.free_port()
    env = services.process_environment(
        **urls,
        CELERY_BROKER_URL=f"redis://127.0.0.1:{services.free_port()}/0",  # nobody listens there
        EMAIL_URL=f"smtp://127.0.0.1:{services.free_port()}",
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        VAR_DIR=str(tmp_path),
        FILES_DIR=str(tmp_path / "files"),
        PLAIN_STATIC="1",
    )
    running = Portal(env, f"http://127.0.0.1:{port}")
    running.manage("migrate", "-v0")
    running.manage("migrate", "--database", "keys", "-v0")
    running.manage("shell", "-v0", "-c", STAFF)
    running.start("web", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2")
    services.wait_for_port(port, running.children["web"], name="postgresql", seconds=30)
    yield running
    running.stop()


def test_a_filing_while_the_database_is_stopped_leaves_nothing_and_works_again_afterwards(portal, server):
    ana = Ana(portal.url)
    assert ana.asks("/", ana.fills_in())[0] == 302  # filed, although there is no broker
    assert portal.manage("shell", "-v0", "-c", COUNT).split() == ["1", "1", "1"]

    form = ana.fills_in()
    server.stop()
    status, page = ana.asks("/", form)
    assert (status, "was not taken, not even in part" in page) == (503, True)
    assert [ana.asks(path)[0] for path in ("/", "/status/", "/livez", "/healthz")] == [503] * 4

    server.start()
    assert portal.manage("shell", "-v0", "-c", COUNT).split() == ["1", "1", "1"]
    assert ana.asks("/", form)[0] == 302  # the same form, sent again as the page said
    assert portal.manage("shell", "-v0", "-c", COUNT).split() == ["2", "2", "2"]
    assert ana.asks("/status/")[0] == 200
    portal.manage("verify_evidence")
