"""A long download from a real server: it breaks off and goes on, and a slow line does not kill it."""

import contextlib
import hashlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import migrated_files, services

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
SIZE = 30 * 1024 * 1024
PIECE = 64 * 1024
TIMEOUT = 3  # seconds after which gunicorn kills a worker that it does not hear of

# Ana's case with a package, and a session in which she has typed her code.
MADE = """
import json, os
from importlib import import_module
from datetime import timedelta
from django.conf import settings
from django.utils import timezone
from requests_app.models import DisclosurePackage
from tests import packages
from tests.people import ana_files, confirms, published_policy
at = timezone.now()
published_policy()
submission = ana_files("access", at=at)
confirms(submission, at=at)
dsr = submission.requests.select_related("submission", "policy").get()
submission.refresh_from_db()
row = packages.made(dsr, os.urandom({size}), at=at)
packages.released(dsr, at=at)
session = import_module(settings.SESSION_ENGINE).SessionStore()
session.update({{"submission": str(submission.pk), "proved": [submission.email_digest], "proved_at": at.isoformat(),
    "fresh_until": (at + timedelta(minutes=15)).isoformat()}})
session.create()
print(json.dumps({{"path": f"/download/{{row.pk}}/", "sha256": row.sha256, "session": session.session_key,
    "cookie": settings.SESSION_COOKIE_NAME}}))
"""
AFTER = """
import json
from requests_app.models import DisclosurePackage, EvidenceEvent
bodies = [json.loads(event.body) for event in EvidenceEvent.objects.filter(kind="downloaded").order_by("seq")]
print(json.dumps({"downloads": DisclosurePackage.objects.get().downloads, "from": [b.get("from", 0) for b in bodies]}))
"""


class Portal:
    """Web processes over SQLite, and Ana's browser by hand."""

    def __init__(self, folder: Path) -> None:
        self.port = services.free_port()
        self.connections: list[http.client.HTTPConnection] = []
        self.env = services.process_environment(
            VAR_DIR=str(folder),
            FILES_DIR=str(folder / "files"),
            PUBLIC_URL=f"http://127.0.0.1:{self.port}",
            TMPDIR=str(folder),
            **migrated_files.copy(folder),
        )
        self.made = json.loads(self._manage("shell", "-v0", "-c", MADE.format(size=SIZE)).splitlines()[-1])

    def _manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def serving(self, *options: str) -> Iterator[None]:
        bind = ("--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--timeout", str(TIMEOUT), "--no-control-socket")
        command = [sys.executable, "-m", "gunicorn", "portal.wsgi", *bind, *options]
        web = subprocess.Popen(command, cwd=ROOT, env=self.env, stderr=subprocess.DEVNULL)
        try:
            services.wait_for_port(self.port, web, name="gunicorn", seconds=60)
            yield
        finally:
            for connection in self.connections:
                connection.close()
            self.connections.clear()
            web.terminate()
            web.wait(timeout=30)

    def ask(self, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = {"Cookie": f"{self.made['cookie']}={self.made['session']}"}
        self.connections.append(connection)
        connection.request(method, self.made["path"], headers=cookie | headers)
        return connection.getresponse()

    def on_record(self) -> dict[str, Any]:
        return json.loads(self._manage("shell", "-v0", "-c", AFTER).splitlines()[-1])


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    return Portal(tmp_path_factory.mktemp("download"))


def test_it_breaks_off_and_goes_on_where_it_stopped_while_others_are_served(portal: Portal) -> None:
    with portal.serving("--threads", "8"):
        head = portal.ask("HEAD")
        assert (head.status, head.headers["Content-Length"]) == (200, str(SIZE))
        first = portal.ask()
        begun = first.read(7 * 1024 * 1024 + 5)
        assert portal.ask("HEAD").status == 200  # while it runs
        first.close()
        tag, place = first.headers["ETag"], len(begun)
        rest = portal.ask(Range=f"bytes={place}-", **{"If-Range": tag})
        assert (rest.status, rest.headers["Content-Range"]) == (206, f"bytes {place}-{SIZE - 1}/{SIZE}")
        assert hashlib.sha256(begun + rest.read()).hexdigest() == portal.made["sha256"]
        assert tag == f'"{portal.made["sha256"]}"'
    assert portal.on_record() == {"downloads": 1, "from": [0, place]}


def test_a_slow_line_outlives_the_patience_of_the_server(portal: Portal) -> None:
    with portal.serving("--threads", "8"):
        answer, digest = portal.ask(), hashlib.sha256()
        began = time.monotonic()
        while piece := answer.read(PIECE):
            digest.update(piece)
            if time.monotonic() - began < 3 * TIMEOUT:
                time.sleep(0.2)
        assert time.monotonic() - began > 3 * TIMEOUT
        assert digest.hexdigest() == portal.made["sha256"]
