"""The whole road with real processes: gunicorn, worker, beat, PostgreSQL, a Redis-protocol broker, SMTP, Chromium."""

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests import migrated, services
from tests.sign_in import PASSWORD, SECRET, code
from tests.smtp import Relay, relay

pytestmark = pytest.mark.process
ROOT = Path(__file__).parent.parent.parent
STAFF = f"""
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, User
from django.utils import timezone
from requests_app.operations import policies
people = {{}}
for name, role in (("bruno", "handler"), ("ada", "approver"), ("petra", "privacy officer")):
    user = User.objects.create_user(name, f"{{name}}@controller.example", {PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    TOTP.activate(user, {SECRET!r})
    people[name] = user
text = open("policies/digital-assets.toml").read()
policies.load(text, prepared_by=people["petra"], approved_by=people["ada"], at=timezone.now())
"""

COUNT_MISSES = """
from requests_app.models import EvidenceEvent, Notice
print(EvidenceEvent.objects.filter(kind="deadline_missed").count(), Notice.objects.filter(kind="missed").count())
"""


class Portal:
    """The running processes, started and ended by pid."""

    def __init__(self, env: dict[str, str], url: str) -> None:
        self.env, self.url = env, url
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def manage(self, *arguments: str, **changes: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.env, **changes},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, *command: str) -> None:
        self.children[name] = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start_worker(self) -> None:
        queues = "clock,notices,work,packages"
        self.start("worker", "celery", "-A", "portal", "worker", "-Q", queues, "--pool", "solo", "--concurrency", "1")

    def kill(self, name: str) -> None:
        child = self.children.pop(name)
        child.kill()
        child.wait()

    def stop(self) -> None:
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def until(look: Callable[[], object], seconds: float = 40) -> object:
    """What `look` returns as soon as it is something; a failure after the seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError(f"nothing came within {seconds:.0f} s")


# One installation for all roads: each has an address of its own, and the one that moves the clock comes first.
@pytest.fixture(scope="module")
def mail() -> Iterator[Relay]:
    with relay() as running:
        yield running


@pytest.fixture(scope="module")
def portal(
    postgres_url: str, valkey_url: str, mail: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    import psycopg2

    tmp_path = tmp_path_factory.mktemp("road")
    names = ("road_default", "road_keys")
    with contextlib.closing(psycopg2.connect(postgres_url)) as server:
        server.autocommit = True
        copied = [
            migrated.copy(server.cursor(), alias, name) for alias, name in zip(migrated.ALIASES, names, strict=True)
        ]
    port = services.free_port()
    url = f"http://127.0.0.1:{port}"
    env = services.process_environment(
        DATABASE_URL=services.with_database(postgres_url, names[0]),
        KEYS_DATABASE_URL=services.with_database(postgres_url, names[1]),
        CELERY_BROKER_URL=valkey_url,
        EMAIL_URL=f"smtp://127.0.0.1:{mail.port}",
        PUBLIC_URL=url,
        VAR_DIR=str(tmp_path),
        FILES_DIR=str(tmp_path / "files"),
        STATIC_ROOT=str(tmp_path / "static"),
        PLAIN_STATIC="1",
    )
    running = Portal(env, url)
    if not all(copied):
        migrated.migrate(env)
    running.manage("collectstatic", "--noinput", "-v0")
    running.manage("shell", "-c", STAFF)
    running.start("web", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2")
    running.start_worker()
    running.start("beat", "celery", "-A", "portal", "beat", "--schedule", str(tmp_path / "beat"))
    services.wait_for_port(port, running.children["web"], name="valkey", seconds=20)
    try:
        yield running
    finally:
        running.stop()
        with contextlib.closing(psycopg2.connect(postgres_url)) as server:
            server.autocommit = True
            for name in names:
                server.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def code_mails(mail: Relay, address: str) -> list[str]:
    found = []
    for message, to in zip(mail.mails, mail.recipients, strict=True):
        if address in to and (code := re.search(r"\b(\d{6})\b", message.get_body(("plain",)).get_content())):
            found.append(code.group(1))
    return found


def file_access(page, portal: Portal, address: str = "ana@example.org") -> None:
    page.goto(portal.url + "/")
    page.check("input[value=access]")
    page.fill("input[name=name]", "Ana Prova")
    page.fill("input[name=email]", address)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/status/")


@pytest.mark.browser
def test_ana_files_in_a_browser_and_the_code_from_her_mail_moves_the_request_on(page, portal, mail):
    file_access(page, portal)
    assert re.search(r"Answer by \w+ \d+ \w+ \d{4}", page.inner_text("main"))
    code = until(lambda: code_mails(mail, "ana@example.org"))[-1]
    page.fill("input[name=code]", code)
    page.press("input[name=code]", "Enter")
    page.wait_for_selector("text=We are working on it")
    # With a moved clock the date passes: recorded once, told to the person and to the privacy officer.
    for _ in range(2):
        portal.manage("sweep", "enforce_deadlines", CLOCK_OFFSET_SECONDS=str(17 * 86400), DEMO="1")
    page.reload()
    assert "1 1" in portal.manage("shell", "-c", COUNT_MISSES)
    assert page.content().count("We missed the date.") == 1
    portal.manage("verify_evidence")


@pytest.mark.browser
def test_every_notice_is_there_once_although_the_worker_was_killed_and_the_broker_flushed(
    page, portal, mail, valkey_url
):
    portal.kill("worker")
    redis.Redis.from_url(valkey_url).flushall()
    file_access(page, portal, "bianca@example.org")  # filing needs neither worker nor broker
    portal.start_worker()
    until(lambda: code_mails(mail, "bianca@example.org"))
    time.sleep(4)  # two more ticks, which must add nothing
    ids = [m["Message-ID"] for m, to in zip(mail.mails, mail.recipients, strict=True) if "bianca@example.org" in to]
    assert len(ids) == len(set(ids)) == 2  # acknowledgement and code


def staff_page(page, portal: Portal, name: str, case: str):
    """A browser of its own for a member of staff, on the request of the case."""
    desk = page.context.browser.new_context().new_page()
    desk.goto(portal.url + "/admin/")
    desk.fill("[name=login]", name)
    desk.fill("[name=password]", PASSWORD)
    desk.keyboard.press("Enter")
    desk.fill("[name=code]", code(seconds_left=8))
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/admin/**")
    desk.goto(f"{portal.url}/admin/requests_app/datasubjectrequest/?q={case}")
    desk.click("#result_list tbody tr a >> nth=0")
    return desk


@pytest.mark.browser
def test_the_team_answers_in_the_admin_and_ana_downloads_what_two_people_released(page, portal, mail):
    file_access(page, portal, "carla@example.org")
    page.fill("input[name=code]", until(lambda: code_mails(mail, "carla@example.org"))[-1])
    page.press("input[name=code]", "Enter")
    page.wait_for_selector("text=We are working on it")
    case = re.search(r"Case (\S+),", page.inner_text("main")).group(1)

    bruno = staff_page(page, portal, "bruno", case)
    request_page = bruno.url
    bruno.get_by_role("link", name="Attach a file").click()
    answer = {"name": "data.json", "mimeType": "application/json", "buffer": b'{"orders": 2}'}
    bruno.set_input_files("input[type=file]", files=[answer])
    bruno.get_by_role("button", name="Attach").click()
    bruno.goto(request_page)
    bruno.get_by_role("link", name="Decide").first.click()
    bruno.check("[name=outcome][value=done]")
    bruno.fill("[name=letter]", "Dear Ana, here are your data.")
    bruno.fill("[name=identity_match]", "Code, and the address in the customer file.")
    bruno.get_by_role("button", name="Decide").click()
    bruno.goto(request_page)
    assert bruno.get_by_role("link", name="Approve").count() == 0  # not one's own decision

    ada = staff_page(page, portal, "ada", case)
    ada.get_by_role("link", name="Approve").first.click()
    ada.check("#content input[type=checkbox]")
    ada.get_by_role("button", name="Approve").click()
    ada.wait_for_selector("text=Approved. The answer is on its way.")

    page.goto(portal.url + "/status/")
    page.get_by_role("link", name="Read our letter").click()
    assert "Dear Ana, here are your data." in page.inner_text("main")
    page.get_by_role("link", name="Back to my requests").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download data.json").click()
    assert Path(download.value.path()).read_bytes() == b'{"orders": 2}'
    portal.manage("verify_evidence")
