"""The page of a department's task: by its link alone, only that task, and nothing of what is sent is unpacked."""

import io
import resource
import stat
import time
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from requests_app import clock
from requests_app.models import (
    DataSubjectRequest,
    EvidenceEvent,
    FulfilmentStep,
    Notice,
    SourceTask,
    StepFile,
    TaskLink,
)
from requests_app.operations import answering, delivery, source_tasks, streams, sweeps
from requests_app.operations.task_standing import LIFE
from requests_app.web import task as page_module
from tests.attacks.test_leftovers import files_below, sessions, stored
from tests.people import ana_files, confirms, published_policy, staff
from tests.scanner import EICAR, Scanner
from tests.web.access_world import footprint

pytestmark = pytest.mark.django_db
PEOPLE = "requests_app.connectors.people.DepartmentPeople"
MARKUP = "<script>alert(1)</script><b>bold</b>"
RTL = "invoice\u202egpj.exe"


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    published_policy()
    settings.FILES_DIR = str(tmp_path / "files")
    options = {"name": "Customer <b>service</b>", "to": ["carla@shop.example", "dora@shop.example"]}
    settings.DATA_SOURCES = {"service": {"BACKEND": PEOPLE, "OPTIONS": options}}


@pytest.fixture
def secret():
    """Of Carla's link; Ana has asked for her data."""
    at = clock.now()
    confirms(ana_files("access", name=f"Ana {MARKUP}", details="My secret story.", at=at), at=at)
    sweeps.run_steps(at)
    sweeps.read_sources(at)
    return source_tasks.link_secret(link())


def link(address="carla@shop.example"):
    return next(one for one in source_tasks.with_task() if one.address == address)


def came_by(secret, **client):
    browser = Client(**client)
    assert browser.get(f"/t/{secret}/")["Location"] == "/task/"
    return browser


@pytest.fixture
def carla(secret):
    """Her browser, in which the task is open."""
    browser = came_by(secret)
    assert browser.post("/task/", {"action": "open"}).status_code == 302
    return browser


def text(answer):
    return answer.content.decode()


def sends(browser, *files, statement="", **more):
    form = {"action": "answer", "statement": statement, "files": list(files), **more}
    return browser.post("/task/", form)


def named(content, name="calls.txt"):
    return SimpleUploadedFile(name, content)


def step():
    return FulfilmentStep.objects.get()


class TestTheLink:
    def test_opened_a_hundred_times_it_changes_nothing_and_still_works(self, secret):
        before = footprint(), list(SourceTask.objects.values()), list(TaskLink.objects.values())
        scanner = Client(headers={"user-agent": "mail-scanner/1.0"})
        for _ in range(50):
            assert scanner.get(f"/t/{secret}/", follow=True).status_code == 200
            assert scanner.head(f"/t/{secret}/", follow=True).status_code == 200
        assert (footprint(), list(SourceTask.objects.values()), list(TaskLink.objects.values())) == before
        assert sends(opened(came_by(secret)), statement="Two calls.").status_code == 302

    def test_names_nobody_until_a_button_is_pressed(self, secret):
        browser = came_by(secret)
        page = browser.get("/task/")
        assert "Ana" not in text(page)
        assert "ana@" not in text(page)
        assert "Open the task" in text(page)
        browser.post("/task/", {"action": "open"})
        assert "ana@example.org" in text(browser.get("/task/"))
        assert TaskLink.objects.exclude(opened_at=None).get() == link()

    def test_its_secret_is_left_at_once_and_stands_in_no_page_and_no_session(self, secret):
        browser = Client()
        answer = browser.get(f"/t/{secret}/")
        assert (answer["Location"], answer["Referrer-Policy"], answer.content) == ("/task/", "no-referrer", b"")
        assert "no-store" in answer["Cache-Control"]
        assert "no-store" in browser.get("/task/")["Cache-Control"]
        assert secret not in text(browser.get("/task/"))
        assert secret[32:].encode() not in sessions()

    def test_asked_for_by_head_it_leaves_no_session(self, secret):
        scanner = Client()
        scanner.head(f"/t/{secret}/")
        assert not scanner.cookies
        assert scanner.get("/task/").status_code == 410

    def test_mutated_and_guessed_ones_are_the_same_404(self, secret):
        other = source_tasks.link_secret(link("dora@shop.example"))
        pages = {
            Client().get(f"/t/{wrong}/").status_code
            for wrong in (secret[:-1] + "g", secret[:32] + other[32:], secret[:32], "0" * 64)
        }
        assert pages == {404}

    def test_of_a_code_opens_no_task_and_of_a_task_no_request(self, secret):
        assert Client().get(f"/l/{secret}/").status_code == 404

    def test_after_half_a_day_it_has_to_be_opened_again(self, carla, monkeypatch):
        later = clock.now() + page_module.KEPT
        monkeypatch.setattr(page_module, "now", lambda: later)
        page = carla.get("/task/")
        assert page.status_code == 410
        assert "Please open the link again" in text(page)
        assert sends(carla, statement="Late.").status_code == 410

    @pytest.mark.parametrize("why", ["cancelled", "answered by another", "reviewed", "expired", "sent anew"])
    def test_of_what_is_over_it_says_so_with_410(self, secret, carla, why):
        if why == "cancelled":
            DataSubjectRequest.objects.update(state="cancelled")
        elif why == "answered by another":
            answering.answer(link("dora@shop.example"), statement="One call.", uploads=(), at=clock.now())
        elif why == "reviewed":
            sends(carla, statement="One call.")
            FulfilmentStep.objects.update(reviewed_by=staff("petra"), reviewed_at=clock.now())
        elif why == "expired":
            SourceTask.objects.update(due_at=clock.now() - LIFE)
        else:
            SourceTask.objects.update(issue=2)
        before = step().sha256, SourceTask.objects.values().get()
        pages = [came_by(secret).get("/task/"), carla.get("/task/"), sends(carla, named(b"x"), statement="Otherwise.")]
        for page in pages:
            assert page.status_code == 410
            assert "Ana" not in text(page)
        assert (step().sha256, SourceTask.objects.values().get()) == before
        assert not StepFile.objects.exists()

    def test_of_what_is_over_no_file_is_taken_in_not_even_to_be_thrown_away(self, carla, monkeypatch):
        written = []
        monkeypatch.setattr(streams.Writer, "write", lambda self, data: written.append(len(data)))
        DataSubjectRequest.objects.update(state="cancelled")
        assert sends(carla, named(b"x" * 100_000)).status_code == 410
        assert written == []

    def test_without_the_csrf_token_nothing_is_taken_and_nothing_stays(self, secret, settings):
        browser = came_by(secret, enforce_csrf_checks=True)
        browser.get("/task/")  # from now on it has the cookie, so that the form is read for its token
        assert browser.post("/task/", {"action": "open"}).status_code == 403
        assert sends(browser, named(b"calls" * 999)).status_code == 403
        assert not files_below(settings.FILES_DIR)


def opened(browser):
    browser.post("/task/", {"action": "open"})
    return browser


class TestThePage:
    def test_shows_whom_it_is_about_until_when_and_not_what_she_wrote(self, carla):
        page = text(carla.get("/task/"))
        assert "Ana &lt;script&gt;" in page
        assert "ana@example.org" in page
        assert "secret story" not in page
        assert "Look for everything that your department holds" in page
        assert "Customer &lt;b&gt;service&lt;/b&gt;" in page
        assert "<script" not in page
        assert 'type="file" name="files"' in page
        assert "multiple" in page

    def test_is_italian_for_who_reads_italian(self, carla):
        carla.cookies["django_language"] = "it"
        assert "Cercate tutto ciò" in text(carla.get("/task/"))

    def test_an_answer_is_shown_back_and_can_be_corrected(self, carla):
        assert sends(carla, named(b"Call of 3 May."), statement=f"Two calls. {MARKUP}").status_code == 302
        page = text(carla.get("/task/"))
        assert "We have your answer." in page
        assert "Two calls. &lt;script&gt;" in page
        assert "calls.txt" in page
        assert "<script" not in page
        first = StepFile.objects.get()
        sends(carla, named(b"Mail.", "mail.txt"), statement="Three calls.", keep=[first.pk.hex])
        assert {row.name for row in StepFile.objects.all()} == {"calls.txt", "mail.txt"}
        sends(carla, statement="Three calls.", keep=[StepFile.objects.exclude(pk=first.pk).get().pk.hex, "0" * 32])
        assert [row.name for row in StepFile.objects.all()] == ["mail.txt"]
        assert EvidenceEvent.objects.filter(kind="task_answered").count() == 3

    def test_nothing_needs_a_tick(self, carla):
        page = carla.post("/task/", {"action": "nothing"})
        assert page.status_code == 422
        assert "Tick that you have looked." in text(page)
        assert step().status == "pending"
        assert carla.post("/task/", {"action": "nothing", "confirm": "on"}).status_code == 302
        assert step().status == "nothing"
        assert "You said that you hold nothing" in text(carla.get("/task/"))

    @pytest.mark.parametrize("files", [[], [("empty.txt", b"")]])
    def test_an_empty_answer_is_a_mistake(self, carla, files):
        page = sends(carla, *(named(content, name) for name, content in files))
        assert page.status_code == 422
        assert step().status == "pending"

    def test_what_was_typed_stays_after_a_mistake_and_no_file_does(self, carla, settings):
        page = sends(carla, named(b"calls"), named(b"", "empty.txt"), statement="Two calls.")
        assert page.status_code == 422
        assert "one of them is empty" in text(page)
        assert "Two calls." in text(page)
        assert not files_below(settings.FILES_DIR)

    def test_it_is_given_to_a_colleague_of_the_same_house_only(self, carla):
        page = carla.post("/task/", {"action": "pass_on", "email": "otto@example.net"})
        assert page.status_code == 422
        assert "only to an address of your own organisation" in text(page)
        page = carla.post("/task/", {"action": "pass_on", "email": "emil@shop.example"})
        assert page.status_code == 302
        assert "They get a link of their own." in text(carla.get("/task/"))
        assert Notice.objects.filter(kind="task_given").count() == 3
        assert "Ana" in text(opened(came_by(source_tasks.link_secret(link("emil@shop.example")))).get("/task/"))

    @pytest.mark.parametrize("posted", [{}, {"action": "approve"}, {"action": ""}, {"statement": "x"}])
    def test_a_button_that_is_none_does_nothing(self, carla, posted):
        before = footprint()
        assert carla.post("/task/", posted).status_code == 200
        assert footprint() == before

    def test_an_answer_without_having_opened_the_task_is_taken_by_no_scanner(self, secret):
        scanner = came_by(secret)
        for action in ("answer", "nothing", "pass_on"):
            scanner.post("/task/", {"action": action})
        assert step().status == "pending"


class TestFiles:
    def test_they_are_sealed_as_they_come_and_lie_nowhere_in_the_clear(self, carla, settings, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        content = b"canary-7f3a " * 1_000_000  # 12 MB: Django alone would spool it to a temporary file
        sends(carla, named(content, "canary-name.txt"))
        lying = files_below(tmp_path)
        assert lying
        assert not [path for path, found in lying.items() if b"canary-7f3a" in found or "canary" in path]
        row = StepFile.objects.get()
        assert set(row.pk.hex) <= set("0123456789abcdef")
        with streams.Reader(row.step.dsr.submission_id, row.pk) as reader:
            assert b"".join(streams.pieces(reader)) == content

    def test_what_was_typed_or_sent_is_in_no_table_no_session_no_mail_and_no_file(self, carla, tmp_path):
        canary = "canary-7f3a"
        sends(carla, named(canary.encode(), f"{canary}.txt"), statement=canary)
        carla.post("/task/", {"action": "answer", "statement": canary + "x" * 20_001})
        answers = [carla.get("/task/"), carla.post("/task/", {"action": "pass_on", "email": f"{canary}@shop.example"})]
        assert canary in text(answers[0])
        delivery.deliver_due(clock.now())
        assert not [table for table, found in stored().items() if canary.encode() in found]
        assert not [path for path, found in files_below(tmp_path).items() if canary.encode() in found or canary in path]
        assert canary.encode() not in sessions()
        assert not [one for one in mail.outbox if canary in one.subject + one.body]

    def test_one_that_is_too_large_leaves_nothing(self, carla, settings, monkeypatch):
        monkeypatch.setattr("requests_app.web.uploads.LARGEST", 100_000)
        page = sends(carla, named(b"a" * 100_000, "fits.txt"), named(b"b" * 100_001, "large.txt"))
        assert page.status_code == 422
        assert "larger than 25 MB" in text(page)
        assert not files_below(settings.FILES_DIR)
        assert sends(carla, named(b"a" * 100_000, "fits.txt")).status_code == 302

    def test_twenty_one_are_too_many(self, carla, settings):
        assert sends(carla, *(named(b"a", f"{n}.txt") for n in range(21))).status_code == 422
        assert not files_below(settings.FILES_DIR)

    def test_an_infected_one_is_refused_with_all_that_came_with_it(self, carla, settings):
        petra = staff("petra", "privacy officer")
        with Scanner() as scanner:
            settings.CLAMD_URL = scanner.url
            page = sends(carla, named(b"clean"), named(EICAR, "calls.docm"), statement="See there.")
        assert page.status_code == 422
        assert "virus scanner found something" in text(page)
        assert "See there." in text(page)
        assert step().status == "pending"
        assert not files_below(settings.FILES_DIR)
        assert Notice.objects.filter(kind="staff_alarm", staff=petra).count() == 1

    def test_while_the_scanner_is_away_nothing_is_taken(self, carla, settings):
        settings.CLAMD_URL = "tcp://127.0.0.1:9"
        page = sends(carla, named(b"calls"), statement="See there.")
        assert page.status_code == 503
        assert page["Retry-After"]
        assert not files_below(settings.FILES_DIR)

    @pytest.mark.parametrize("name", [
        "../../../etc/passwd", "..\\..\\boot.ini", RTL, "a\r\nX-Evil: 1.txt", "n" * 900 + ".pdf", "<img src=x>.html",
        "\u202e", "n" * 4096 + ".pdf",
    ])  # fmt: skip
    def test_a_name_is_harmless_wherever_it_stands(self, carla, settings, name):
        sends(carla, named(b"calls", "placeholder"), statement="See there.")
        raw = body(name.encode("utf-8"), b"calls")
        answer = carla.post("/task/", raw, content_type="multipart/form-data; boundary=edge")
        assert answer.status_code == (400 if len(name) > 1000 else 302)
        for row in StepFile.objects.all():
            assert len(row.name) <= answering.LONGEST_NAME
            assert row.name.isprintable()
            assert not set(row.name) & set("/\\\u202e\r\n")
        for path in files_below(settings.FILES_DIR):
            assert set(path.rsplit("/", 1)[-1]) <= set("0123456789abcdef")
        assert "<img" not in text(carla.get("/task/"))


def body(name, content):
    """A form as no browser would send it."""
    part = b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    name = name.replace(b"\r\n", b"%0D%0A").replace(b'"', b"%22")
    file = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n' % (name, content)
    return part % (b"action", b"answer") + part % (b"statement", b"x") + file + b"--edge--\r\n"


def packed(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def nested(depth=6):
    content = b"\0" * 5_000_000
    for _ in range(depth):
        content = packed(**{f"{n}.zip": content for n in range(8)})
    return content


def slip():
    return packed(**{"../../../../tmp/slipped-7f3a.txt": b"out"})


def symlink():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("passwd")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


def pixels():
    """A PNG that says it is 65535 x 65535."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0" + b"\0" * 2000


def entities():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><w:document>&l11;</w:document>'
    return packed(**{"[Content_Types].xml": "<Types/>", "word/document.xml": xml})


@pytest.mark.parametrize("bomb", [nested, slip, symlink, pixels, entities], ids=lambda made: made.__name__)
def test_a_bomb_is_stored_untouched_at_once_and_the_worker_lives_on(carla, bomb, settings, tmp_path):
    content = bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    began = time.process_time()
    answer = sends(carla, named(content, f"{bomb.__name__}.docx"))
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 302
    assert spent < 2
    assert peak < 256 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024  # kilobytes
    row = StepFile.objects.get()
    with streams.Reader(row.step.dsr.submission_id, row.pk) as reader:
        assert b"".join(streams.pieces(reader)) == content
    assert len(files_below(settings.FILES_DIR)) == 2  # the stream of the step, and this one
    assert not [path for path in files_below(tmp_path) if "slipped" in path]
    assert carla.get("/task/").status_code == 200


def test_a_late_task_says_so(secret):
    SourceTask.objects.update(due_at=clock.now() - timedelta(days=3))
    assert "Its last day is over." in text(came_by(secret).get("/task/"))
