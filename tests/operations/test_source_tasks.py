"""A department gets a task by mail, is reminded, and answers; others are told when it is late. Nobody twice."""

import hashlib
import io
import json
import uuid
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from requests_app.models import (
    DataSubjectRequest,
    EvidenceEvent,
    FulfilmentStep,
    Mark,
    Notice,
    PackageBuild,
    Redaction,
    SourceTask,
    StepFile,
    TaskLink,
)
from requests_app.operations import answering, delivery, files, fulfilment, person, source_tasks, streams, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.answering import Upload
from requests_app.operations.refused import Refused
from requests_app.operations.scanning import Infected, ScannerIsAway
from requests_app.operations.task_standing import LIFE, Standing, standing
from tests.people import NOON, ana_files, confirms, published_policy, staff
from tests.scanner import EICAR, Scanner

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PEOPLE = "requests_app.connectors.people.DepartmentPeople"
SOON, THEN, LATER = (NOON + timedelta(minutes=minutes) for minutes in (1, 2, 3))
HALF_AT, LAST_AT = (datetime(2026, 11, day, 8, 0, tzinfo=UTC) for day in (25, 26))
OVER_AT = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
Status = FulfilmentStep.Status


def service(**changes: Any) -> dict[str, Any]:
    options = {"name": "Customer service", "to": ["carla@shop.example", "dora@shop.example"], **changes}
    return {"service": {"BACKEND": PEOPLE, "OPTIONS": options}}


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    published_policy()
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = service()


def given(**filed: Any) -> SourceTask:
    """Ana asks for her data, and the sweeps have given the department its task."""
    confirms(ana_files("access", **filed))
    sweeps.run_steps(SOON)
    sweeps.read_sources(SOON)
    return SourceTask.objects.select_related("step__dsr").get()


def links() -> list[TaskLink]:
    return list(source_tasks.with_task().order_by("added_at", "email_digest"))


def link(address: str = "carla@shop.example") -> TaskLink:
    return next(one for one in links() if one.address == address)


def upload(content: bytes = b"Call of 3 May.", name: str = "calls.txt") -> Upload:
    """A file as it lies there once it has arrived."""
    pk = uuid.uuid4()
    with streams.Writer(DataSubjectRequest.objects.get().submission_id, pk) as out:
        out.write(content)
    return Upload(pk, name, out.size, out.sha256)


def answers(statement: str = "", *uploads: Upload, at: datetime = THEN, **more: Any) -> None:
    answering.answer(more.pop("by", None) or link(), statement=statement, uploads=uploads, at=at, **more)


def told(kind: str) -> list[Notice]:
    return list(Notice.objects.filter(kind=kind).order_by("created_at"))


class TestTheTask:
    def test_it_is_given_once_with_its_evidence_and_a_mail_to_each(self):
        task = given()
        sweeps.read_sources(THEN)
        assert SourceTask.objects.count() == 1
        assert task.step.status == Status.PENDING
        assert task.step.next_try_at is None
        assert sorted(one.recipient for one in told("task_given")) == sorted(
            f"task:{one.pk.hex}" for one in task.links.all()
        )
        (event,) = EvidenceEvent.objects.filter(kind="task_given")
        assert json.loads(event.body)["until"] == "2026-11-27"
        assert task.due_at == OVER_AT

    def test_it_knows_who_it_is_about_and_not_what_she_wrote(self):
        about = given(details="My number is C-1001.").about
        assert (about.name, about.addresses, about.details) == ("Ana Example", ("ana@example.org",), "")

    def test_what_she_wrote_is_shown_where_the_source_says_so(self, settings):
        settings.DATA_SOURCES = service(show_details=True)
        assert given(details="My number is C-1001.").about.details == "My number is C-1001."

    def test_its_last_day_is_never_later_than_two_days_before_the_request_is_due(self, settings):
        settings.DATA_SOURCES = service(days=60)
        task = given()
        assert source_tasks.last_on(task) == task.step.dsr.due_on - timedelta(days=2)

    def test_of_portability_nobody_is_asked(self):
        confirms(ana_files("portability"))
        sweeps.run_steps(SOON)
        sweeps.read_sources(SOON)
        assert not FulfilmentStep.objects.exists()

    def test_nothing_is_given_before_it_is_shown_who_asks(self):
        ana_files("access")
        sweeps.read_sources(SOON)
        assert not SourceTask.objects.exists()

    def test_asked_again_it_is_the_same_task_and_the_old_links_are_dead(self):
        task, old = given(), link()
        secret = source_tasks.link_secret(old)
        answers("Two calls.", upload())
        officer = Actor.staff(staff("petra", "privacy officer"))
        fulfilment.retry(task.step, actor=officer, at=THEN)
        assert standing(source_tasks.link_for_secret(secret), at=THEN) == Standing.DROPPED
        sweeps.read_sources(THEN)
        again = SourceTask.objects.get()
        assert (again.pk, again.issue, again.answered_at) == (task.pk, 2, None)
        assert standing(source_tasks.link_for_secret(secret), at=THEN) == Standing.DROPPED
        fresh = source_tasks.links_of(again).first()
        assert source_tasks.link_secret(fresh) != secret
        assert standing(source_tasks.with_task().get(pk=fresh.pk), at=THEN) == Standing.OPEN


class TestTheMail:
    def test_it_names_organisation_day_and_link_and_neither_person_nor_case(self):
        task = given()
        delivery.deliver_due(THEN)
        sent = [one for one in mail.outbox if one.to[0].endswith("@shop.example")]
        assert {one.to[0] for one in sent} == {"carla@shop.example", "dora@shop.example"}
        for one in sent:
            (mine,) = [lk for lk in links() if lk.address == one.to[0]]
            assert f"http://testserver/t/{source_tasks.link_secret(mine)}/" in one.body
            assert "by Friday 27 November 2026" in one.body
            html = one.alternatives[0].content
            assert f'href="http://testserver/t/{source_tasks.link_secret(mine)}/"' in html
            for text in (one.subject + one.body, html):
                for told_nobody in ("Ana", "ana@", "ccess", task.step.dsr.submission.case_label):
                    assert told_nobody not in text
            assert "Example Organisation" in one.subject

    def test_the_secret_is_stored_nowhere(self):
        given()
        secret = source_tasks.link_secret(link())
        for notice in told("task_given"):
            assert secret[32:] not in notice.text + notice.opened("html")
            assert "/t/…/" in notice.text

    def test_in_italian_where_the_department_reads_italian(self, settings):
        settings.DATA_SOURCES = service(language="it")
        given()
        assert "entro venerdì 27 novembre 2026" in told("task_given")[0].text

    def test_one_that_finally_fails_alarms_the_officers_once(self, settings):
        given()
        petra = staff("petra", "privacy officer")
        settings.EMAIL_BACKEND = "tests.operations.test_source_tasks.Refusing"
        delivery.deliver_due(THEN)
        delivery.deliver_due(THEN + timedelta(hours=2))
        alarms = Notice.objects.filter(kind="staff_alarm", staff=petra)
        assert alarms.count() == 2  # one for each of the two addresses
        assert "could not be delivered" in alarms[0].text
        assert "shop.example" not in alarms[0].text

    def test_one_that_would_come_after_the_answer_is_not_sent_and_alarms_nobody(self):
        given()
        staff("petra", "privacy officer")
        answers("Two calls.")
        delivery.deliver_due(THEN)
        assert not [one for one in mail.outbox if one.to[0].endswith("@shop.example")]
        assert {one.failure_code for one in told("task_given")} == {"expired"}
        assert not told("staff_alarm")


class TestReminders:
    def test_each_comes_once_to_each_address_and_then_the_officers_are_told(self):
        given()
        petra = staff("petra", "privacy officer")
        for at, reminders, alarms in (
            (HALF_AT - timedelta(seconds=1), 0, 0), (HALF_AT, 2, 0), (LAST_AT, 4, 0), (OVER_AT, 6, 1),
            (OVER_AT + timedelta(days=8), 6, 1),
        ):  # fmt: skip
            for _ in range(2):
                sweeps.remind_departments(at)
            found = Notice.objects.filter(kind="staff_alarm", staff=petra)
            assert (len(told("task_reminder")), found.count()) == (reminders, alarms), at
        assert "Its last day was 27 November 2026" in found[0].text
        assert SourceTask.objects.get().next_at is None

    def test_after_an_outage_one_mail_says_truthfully_that_it_is_late(self):
        given()
        sweeps.remind_departments(OVER_AT + timedelta(days=2))
        assert [one.occurrence for one in told("task_reminder")] == ["over", "over"]
        assert told("task_reminder")[0].subject.startswith("Late: a task")
        assert "Its last day was Friday 27 November 2026." in told("task_reminder")[0].text
        task = SourceTask.objects.get()
        assert task.half_at == task.last_at == task.over_at == OVER_AT + timedelta(days=2)

    def test_whoever_is_named_for_it_is_told_instead_of_the_officers_and_can_answer(self, settings):
        settings.DATA_SOURCES = service(escalate_to=["edda@shop.example"])
        given()
        staff("petra", "privacy officer")
        delivery.deliver_due(THEN)
        assert not [one for one in mail.outbox if one.to == ["edda@shop.example"]]
        sweeps.remind_departments(OVER_AT)
        (late,) = told("task_late")
        assert "has not answered it" in late.text
        assert not Notice.objects.filter(kind="staff_alarm")
        answers("Two calls.", by=link("edda@shop.example"), at=OVER_AT)
        assert FulfilmentStep.objects.get().status == Status.FOUND

    def test_where_the_request_has_become_due_earlier_its_day_comes_nearer(self):
        task = given()
        staff("petra", "privacy officer")
        DataSubjectRequest.objects.update(due_on=date(2026, 11, 26))
        now = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
        sweeps.remind_departments(now - timedelta(seconds=1))
        assert not told("staff_alarm")
        sweeps.remind_departments(now)
        assert "Its last day was 24 November 2026" in told("staff_alarm")[0].text
        task.refresh_from_db()
        assert task.due_at == now

    def test_given_when_the_request_is_nearly_due_it_says_so_and_others_are_told_at_once(self):
        confirms(ana_files("access"))
        DataSubjectRequest.objects.update(due_on=date(2026, 11, 23))
        staff("petra", "privacy officer")
        sweeps.run_steps(SOON)
        sweeps.read_sources(SOON)
        assert "It should have been answered by Saturday 21 November 2026" in told("task_given")[0].text
        sweeps.remind_departments(SOON)
        assert len(told("staff_alarm")) == 1
        assert standing(link(), at=SOON) == Standing.OPEN

    def test_while_it_is_asked_who_she_is_nobody_is_reminded_and_afterwards_they_are(self):
        given()
        DataSubjectRequest.objects.update(state="awaiting_verification")
        assert standing(link(), at=HALF_AT) == Standing.DROPPED
        assert sweeps.remind_departments(HALF_AT) == 0
        DataSubjectRequest.objects.update(state="in_progress")
        assert sweeps.remind_departments(LAST_AT) == 1
        assert len(told("task_reminder")) == 2
        assert standing(link(), at=LAST_AT) == Standing.OPEN

    @pytest.mark.parametrize("over", ["answered", "cancelled", "withheld"])
    def test_nobody_is_reminded_of_what_is_over(self, over):
        task = given()
        staff("petra", "privacy officer")
        if over == "answered":
            answers("Two calls.")
        elif over == "cancelled":
            person.cancel(task.step.dsr, actor=Actor.person(), at=THEN)
        else:
            officer = Actor.staff(staff("petra", "privacy officer"))
            fulfilment.withhold(task.step, ground="risk_to_others", why="Theirs.", actor=officer, at=THEN)
        sweeps.remind_departments(OVER_AT)
        assert not told("task_reminder")
        assert not told("staff_alarm")
        assert SourceTask.objects.get().next_at is None

    def test_one_that_cannot_be_told_of_does_not_silence_the_others(self, monkeypatch):
        given()
        real = answering.lock
        monkeypatch.setattr("requests_app.operations.task_reminders.lock", lambda dsr: 1 / 0)
        assert sweeps.remind_departments(HALF_AT) == 0
        assert SourceTask.objects.get().next_at == HALF_AT + timedelta(hours=1)
        monkeypatch.setattr("requests_app.operations.task_reminders.lock", real)
        assert sweeps.remind_departments(HALF_AT + timedelta(hours=1)) == 1


class TestTheAnswer:
    def test_a_statement_and_files_finish_the_step(self):
        task = given()
        sent = upload()
        answers("Two calls, in May.", sent)
        step = FulfilmentStep.objects.get()
        assert (step.status, step.records, step.finished_at) == (Status.FOUND, 1, THEN)
        assert [(part["table"], part["records"]) for part in step.parts] == [("statement", 1)]
        with streams.Reader(step.dsr.submission_id, step.pk) as reader:
            line = reader.read()
            assert json.loads(line) == {"statement": "Two calls, in May."}
        assert step.sha256 == hashlib.sha256(line).hexdigest()
        row = StepFile.objects.get()
        assert (row.name, row.sha256, row.media_type) == ("calls.txt", sent.sha256, "application/octet-stream")
        assert PackageBuild.objects.get().next_try_at == THEN
        task.refresh_from_db()
        assert task.answered_by == link().email_digest
        events = EvidenceEvent.objects.filter(kind__in=("task_answered", "source_read")).order_by("seq")
        assert [(one.kind, one.actor_role) for one in events] == [
            ("task_answered", "department"), ("source_read", "department"),
        ]  # fmt: skip
        assert json.loads(events[0].body)["files"] == sent.sha256
        assert "calls" not in events[0].body

    def test_nothing_is_an_answer_too(self):
        given()
        answers("")
        step = FulfilmentStep.objects.get()
        assert (step.status, step.parts, step.records) == (Status.NOTHING, [], 0)
        assert not files.path_of(step.pk).exists()
        assert PackageBuild.objects.exists()

    def test_it_can_be_corrected_by_its_link_and_what_was_replaced_is_destroyed(self):
        given()
        first, second = upload(), upload(b"Mail of 4 May.", "mails.txt")
        answers("One call.", first, second)
        answers("Two calls.", upload(b"New.", "new.txt"), keep=[second.pk])
        assert answering.sent(link()).statement == "Two calls."
        assert {row.name for row in StepFile.objects.all()} == {"mails.txt", "new.txt"}
        assert not files.path_of(first.pk).exists()
        assert EvidenceEvent.objects.filter(kind="task_answered").count() == 2

    def test_corrected_to_nothing_leaves_no_file(self):
        given()
        sent = upload()
        answers("One call.", sent)
        answers("")
        assert FulfilmentStep.objects.get().status == Status.NOTHING
        assert answering.sent(link()).nothing
        assert not files.path_of(sent.pk).exists()

    def test_a_colleague_who_comes_later_changes_nothing(self):
        given()
        answers("One call.")
        dora = link("dora@shop.example")
        assert standing(dora, at=THEN) == Standing.TAKEN
        with pytest.raises(Refused):
            answers("Otherwise.", by=dora)
        assert answering.sent(link()).statement == "One call."

    def test_two_who_had_it_open_do_not_overwrite_each_other(self):
        given()
        carla, dora = link(), link("dora@shop.example")
        answers("One call.", by=carla)
        with pytest.raises(Refused):
            answers("Otherwise.", by=dora)  # as it stood before
        with streams.Reader(carla.task.step.dsr.submission_id, carla.task.step_id) as reader:
            assert b"One call." in reader.read()

    @pytest.mark.parametrize("why", ["reviewed", "decided", "cancelled", "withheld", "long ago"])
    def test_what_is_over_takes_no_answer(self, why):
        task, at, expected = given(), THEN, Standing.DROPPED
        petra = staff("petra", "privacy officer")
        if why == "reviewed":
            answers("One call.")
            FulfilmentStep.objects.update(reviewed_by=petra, reviewed_at=THEN)
            expected = Standing.OVER
        elif why == "decided":
            DataSubjectRequest.objects.update(state="awaiting_approval")
        elif why == "cancelled":
            person.cancel(task.step.dsr, actor=Actor.person(), at=THEN)
        elif why == "withheld":
            FulfilmentStep.objects.update(status="withheld", withheld_ground="x")
        else:
            at, expected = task.due_at + LIFE, Standing.EXPIRED
        assert standing(link(), at=at) == expected
        before = FulfilmentStep.objects.values().get()
        with pytest.raises(Refused):
            answers("Otherwise.", at=at)
        assert FulfilmentStep.objects.values().get() == before

    def test_corrected_it_is_checked_for_other_people_anew(self):
        given()
        answers("Write to otto@example.net.", upload())
        assert FulfilmentStep.objects.get().check_at == THEN
        sweeps.check_others(THEN)
        assert Mark.objects.filter(position=0).exists()
        answers("Two calls.", keep=StepFile.objects.values_list("pk", flat=True), at=LATER)
        assert not Mark.objects.exists()
        assert FulfilmentStep.objects.get().check_at == LATER

    def test_once_something_of_it_is_hidden_it_is_not_corrected_but_asked_for_anew(self):
        task = given()
        petra = staff("petra", "privacy officer")
        answers("Otto complained, too.")
        step = FulfilmentStep.objects.get()
        ground = {"ground": "rights_of_others", "hidden_by": petra, "hidden_at": THEN}
        Redaction.objects.create(step=step, table="statement", position=0, **ground)
        assert standing(link(), at=THEN) == Standing.OVER
        fulfilment.retry(task.step, actor=Actor.staff(petra), at=THEN)
        sweeps.read_sources(LATER)
        (carla,) = [one for one in links() if one.issue == 2 and one.address == "carla@shop.example"]
        answers("Two calls.", by=carla, at=LATER)
        assert not Redaction.objects.filter(undone_at=None).exists()
        assert standing(source_tasks.with_task().get(pk=carla.pk), at=LATER) == Standing.MINE

    def test_it_stands_in_the_package_as_text_and_its_files_under_harmless_names(self):
        task = given()
        markup = "<script>alert(1)</script>"
        answers(f"Two calls. {markup}", upload(b"Call.", f"../{markup}\u202e.html"))
        assert sweeps.build_packages(LATER) == 1
        content = streams.Reader(task.step.dsr.submission_id, PackageBuild.objects.get().file_id).read()
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
            page = package.read(next(name for name in names if name.endswith("index.html"))).decode()
            (lines,) = [package.read(name) for name in names if name.endswith(".jsonl")]
            assert json.loads(lines)["statement"] == f"Two calls. {markup}"
            assert b"Call." in [package.read(name) for name in names]
        assert "<script" not in page
        assert not [name for name in names if set(name) & set("<>\\\u202e") or ".." in name]

    def test_late_it_is_taken_all_the_same(self):
        given()
        answers("One call.", at=OVER_AT + timedelta(days=3))
        assert FulfilmentStep.objects.get().status == Status.FOUND


class TestTheScanner:
    def test_an_infected_file_is_not_taken_and_officers_are_told(self, settings):
        given()
        petra = staff("petra", "privacy officer")
        with Scanner() as scanner:
            settings.CLAMD_URL = scanner.url
            with pytest.raises(Infected):
                answers("See the file.", upload(b"x" * 300_000 + EICAR))
        assert FulfilmentStep.objects.get().status == Status.PENDING
        assert not StepFile.objects.exists()
        assert EvidenceEvent.objects.filter(kind="file_refused", actor_role="department").count() == 1
        assert Notice.objects.filter(kind="staff_alarm", staff=petra).count() == 1

    def test_while_it_is_away_nothing_is_taken(self, settings):
        given()
        settings.CLAMD_URL = "tcp://127.0.0.1:9"
        with pytest.raises(ScannerIsAway):
            answers("See the file.", upload())
        assert FulfilmentStep.objects.get().status == Status.PENDING

    def test_it_sees_the_file_as_it_came(self, settings):
        given()
        content = bytes(range(256)) * 2000
        with Scanner() as scanner:
            settings.CLAMD_URL = scanner.url
            answers("", upload(content))
        assert scanner.seen == [content]


class TestPassingOn:
    def test_a_colleague_of_the_same_house_gets_a_link_of_their_own(self):
        given()
        answering.pass_on(link(), "Emil@SHOP.example", at=THEN)
        emil = link("Emil@SHOP.example")
        assert standing(emil, at=THEN) == standing(link(), at=THEN) == Standing.OPEN
        assert len(told("task_given")) == 3
        event = EvidenceEvent.objects.filter(kind="task_given").last()
        assert (event.actor_role, event.actor_ref) == ("department", str(link().pk))
        answers("One call.", by=emil)
        assert SourceTask.objects.get().answered_by == emil.email_digest

    @pytest.mark.parametrize("address", [
        "otto@example.net", "otto@shop.example.net", "otto@evil-shop.example", "shop.example", "dora@shop.example",
    ])  # fmt: skip
    def test_nobody_else_does(self, address):
        given()
        with pytest.raises(Refused):
            answering.pass_on(link(), address, at=THEN)
        assert TaskLink.objects.count() == 2

    def test_five_are_enough(self):
        given()
        for number in range(5):
            answering.pass_on(link(), f"c{number}@shop.example", at=THEN)
        with pytest.raises(Refused):
            answering.pass_on(link(), "c9@shop.example", at=THEN)


class TestSecrets:
    def test_a_mutated_one_opens_nothing(self):
        given()
        secret = source_tasks.link_secret(link())
        assert source_tasks.link_for_secret(secret) == link()
        other = source_tasks.link_secret(link("dora@shop.example"))
        wrong = [secret[:-1] + ("0" if secret[-1] != "0" else "1"), secret[:32] + other[32:], secret.upper() + "A"]
        wrong += [secret[:32], secret + "0", "", "é" * 64, uuid.uuid4().hex * 2, secret[:32] + "0" * 32]
        assert [source_tasks.link_for_secret(one) for one in wrong] == [None] * len(wrong)


@pytest.mark.parametrize(("name", "plain"), [
    ("../../etc/passwd", "passwd"), ("C:\\Users\\carla\\calls.txt", "calls.txt"), ("..", "file"), ("", "file"),
    ("a\u202egpj.exe", "agpj.exe"), ("a\r\nSet-Cookie: x=y.txt", "aSet-Cookie: x=y.txt"), ("\0.txt", "txt"),
    ("n" * 4096 + ".pdf", "n" * 116 + ".pdf"), ("n" * 4096, "n" * 120), ("x." + "y" * 4096, "x." + "y" * 118),
])  # fmt: skip
def test_a_file_name_is_plain(name, plain):
    assert answering.plain_name(name) == plain


class Refusing:
    """A mail server that refuses every mail for good."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.connection = None

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def send_messages(self, mails: Any) -> int:
        import smtplib

        raise smtplib.SMTPRecipientsRefused({"a": (550, b"no")})
