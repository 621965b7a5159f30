"""One installation of real processes, looked at from outside."""

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2

from tests import migrated, services
from tests.smtp import Relay

ROOT = Path(__file__).parents[2]

STAFF = """
from django.contrib.auth.models import Group, User
from django.utils import timezone
from requests_app.operations import policies
people = {}
for name, role in (("ada", "approver"), ("petra", "privacy officer")):
    people[name] = User.objects.create_user(name, f"{name}@controller.example", is_staff=True)
    people[name].groups.add(Group.objects.get_or_create(name=role)[0])
text = open("policies/digital-assets.toml").read()
policies.load(text, prepared_by=people["petra"], approved_by=people["ada"], at=timezone.now())
"""

FILING = """
import uuid
from datetime import timedelta
from django.utils import timezone
from requests_app.operations import intake
from requests_app.operations.actors import Actor
at = timezone.now() - timedelta(days={ago})
for address in {addresses!r}:
    filing = intake.Filing(
        form_key=uuid.uuid4(), rights=("access",), name="Ana", email=address, details="", language="en"
    )
    intake.receive(filing, channel="web", actor=Actor.person(), at=at)
"""


class Installation:
    """Databases, mail and broker are given; workers and beats are started by each test and ended by `stop`."""

    def __init__(self, postgres_url: str, broker_url: str, mail: Relay, folder: Path, name: str = "faults") -> None:
        self.postgres_url, self.mail, self.folder = postgres_url, mail, folder
        name += os.environ.get("PYTEST_XDIST_WORKER", "")  # two of them may run at once
        self.databases = (f"{name}_default", f"{name}_keys")
        self.children: list[subprocess.Popen[bytes]] = []
        self.begun: dict[int, tuple[tuple[str, ...], dict[str, str]]] = {}  # by pid, to start the same again
        self.url = ""
        self.env = services.process_environment(
            DATABASE_URL=services.with_database(postgres_url, self.databases[0]),
            KEYS_DATABASE_URL=services.with_database(postgres_url, self.databases[1]),
            CELERY_BROKER_URL=broker_url,
            EMAIL_URL=f"smtp://127.0.0.1:{mail.port}",
            VAR_DIR=str(folder),
            FILES_DIR=str(folder / "files"),
            PLAIN_STATIC="1",
        )

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def set_up(self) -> None:
        with self._server() as cursor:
            copied = [
                migrated.copy(cursor, alias, name) for alias, name in zip(migrated.ALIASES, self.databases, strict=True)
            ]
        if not all(copied):
            migrated.migrate(self.env)
        self.manage("shell", "-c", STAFF)

    def copy_of(self, other: "Installation") -> None:
        """Begin with what that one was set up with, so that nothing an earlier fault left behind is met again."""
        with self._server() as cursor:
            for name, like in zip(self.databases, other.databases, strict=True):
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE {like}")

    def tear_down(self) -> None:
        with self._server() as cursor:
            for name in self.databases:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def filed(self) -> int:
        """How many submissions came."""
        return int(self.rows("SELECT count(*) FROM requests_app_submission")[0][0])

    @contextlib.contextmanager
    def _server(self) -> Iterator[Any]:
        with contextlib.closing(psycopg2.connect(self.postgres_url)) as server:
            server.autocommit = True
            yield server.cursor()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the tables say, without any code of the portal."""
        with contextlib.closing(psycopg2.connect(self.env["DATABASE_URL"])) as database, database.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def start(self, *command: str, **changes: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "said.log").open("ab") as said:  # read it when a figure does not hold
            child = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**self.env, **changes},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.children.append(child)
        self.begun[child.pid] = (command, changes)
        return child

    def revive(self) -> int:
        """What a supervisor does: start again whatever ended by itself; returns how many."""
        ended = [child for child in self.children if child.poll() is not None]
        for child in ended:
            self.children.remove(child)
            command, changes = self.begun[child.pid]
            self.start(*command, **changes)
        return len(ended)

    def tick(self, *, beats: int) -> None:
        """So many beats send all their ticks at the same time."""
        command = [sys.executable, "-c", "from portal.celery import tick_once; tick_once()"]
        ticking = [subprocess.Popen(command, cwd=ROOT, env=self.env) for _ in range(beats)]
        assert [one.wait() for one in ticking] == [0] * beats

    def start_worker(
        self, name: str = "all", *, queues: str = "clock,notices,work,packages", app: str = "portal", **changes: str
    ) -> "subprocess.Popen[bytes]":
        """As the operators are told, but one process for the three queues unless fewer are named."""
        alone = ("--without-gossip", "--without-mingle")
        only = ("-n", f"{name}@here", "-Q", queues, "-c", "1")
        return self.start("celery", "-A", app, "worker", *only, *alone, **changes)

    def start_beat(self, name: str = "one", **changes: str) -> "subprocess.Popen[bytes]":
        schedule = ("--schedule", str(self.folder / f"beat-{name}"), "--pidfile", "")
        return self.start("celery", "-A", "portal", "beat", *schedule, **changes)

    def start_web(self, module: str = "portal.wsgi") -> "subprocess.Popen[bytes]":
        """Two processes that answer to `url`."""
        port = services.free_port()
        self.url = self.env["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        web = self.start("gunicorn", module, "--bind", f"127.0.0.1:{port}", "--workers", "2")
        services.wait_for_port(port, web, name="postgresql", seconds=60)
        return web

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
        until_all = time.monotonic() + 8
        for child in self.children:
            try:
                child.wait(timeout=max(0.1, until_all - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children.clear()

    def file(self, *addresses: str, ago: int = 0) -> None:
        """People file; when this returns, they have been told that it arrived."""
        self.manage("shell", "-c", FILING.format(addresses=addresses, ago=ago))

    def mails_to(self, address: str) -> Counter[str]:
        """Message-IDs of what arrived, each with how often."""
        pairs = zip(self.mail.mails, self.mail.recipients, strict=True)
        return Counter(message["Message-ID"] for message, to in pairs if address in to)

    def owed(self) -> int:
        """How many notices have not gone out."""
        return self.rows("SELECT count(*) FROM requests_app_notice WHERE next_try_at IS NOT NULL")[0][0]


def until(look: Callable[[], object], *, seconds: float) -> float:
    """The seconds it took; a failure after so many."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if look():
            return time.monotonic() - began
        time.sleep(0.2)
    raise AssertionError(f"nothing came within {seconds:.0f} s")
