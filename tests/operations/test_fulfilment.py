"""The data sources are asked what they hold: each for itself, by lease, outside transactions, for the right person."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from requests_app.connectors import (
    Column,
    DataSource,
    File,
    Lines,
    Match,
    OnFile,
    Pending,
    PermanentFailure,
    Query,
    Record,
    RetryLater,
    Table,
)
from requests_app.models import EvidenceEvent, FulfilmentStep, Notice, PackageBuild
from requests_app.operations import fulfilment, leases, person, step_answers, streams, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.owed_steps import steps_of
from requests_app.operations.refused import Refused, RoleMissing
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MEMORY = "requests_app.connectors.in_memory.InMemory"
SOON, THEN = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
Status = FulfilmentStep.Status


class Shop(DataSource):
    """Knows Ana and Otto, and does what `does` says."""

    does: Any = None
    asked: list[tuple[tuple[str, ...], str]] = []
    in_transaction = False

    def find(self, query: Query) -> list[Match]:
        people = (("C-1001", "ana@example.org"), ("C-2002", "otto@example.net"))
        return [Match(number, (OnFile(email, since=NOON - timedelta(days=900)),)) for number, email in people
                if email in query.addresses or number.lower() in map(str.lower, query.identifiers)]  # fmt: skip

    def describe(self) -> tuple[Table, ...]:
        return (Table("orders", (Column("number", "number"), Column("note"))), Table("visits", (Column("at"),)))

    def extract(self, references: Sequence[str], *, request_id: str) -> Any:
        Shop.asked.append((tuple(references), request_id))
        Shop.in_transaction = Shop.in_transaction or len(connection.savepoint_ids) > 0
        return Shop.does() if callable(Shop.does) else Shop.does


def two_tables() -> Iterator[Any]:
    yield Record("orders", {"number": 1, "note": "Grüße"})
    yield Lines("orders", b'{"number":2,"note":"b"}\n{"number":3,"note":"c"}\n', 2)
    yield Record("visits", {"at": NOON})
    yield File("../scan.pdf", "application/pdf", [b"%PDF", b"-1.7"])


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    published_policy()
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    Shop.does, Shop.asked, Shop.in_transaction = two_tables, [], False


def ana_asks(right: str = "access", **changes: Any) -> Any:
    """Ana files, types the code, and the sources said who is on file."""
    submission = ana_files(right, **changes)
    confirms(submission)
    sweeps.run_steps(SOON)
    return submission.requests.get()


def step_of(dsr: Any, alias: str = "shop") -> FulfilmentStep:
    return steps_of(dsr).get(alias=alias)


class TestOwed:
    def test_a_step_is_owed_when_the_request_begins_and_not_before(self):
        submission = ana_files("access")
        assert not FulfilmentStep.objects.exists()
        confirms(submission)
        step = FulfilmentStep.objects.get()
        assert (step.alias, step.status, step.opened_at) == ("shop", "waiting", submission.requests.get().opened_at)

    @pytest.mark.parametrize(("right", "steps"), [("portability", 1), ("objection", 0), ("marketing_optout", 0)])
    def test_only_what_hands_out_data_asks_for_them(self, right, steps):
        submission = ana_files(right)
        if right != "marketing_optout":
            confirms(submission)
        assert FulfilmentStep.objects.count() == steps

    def test_a_source_that_describes_nothing_owes_nothing(self, settings):
        settings.DATA_SOURCES = {"customers": {"BACKEND": MEMORY, "OPTIONS": {"people": []}}}
        ana_asks()
        assert not FulfilmentStep.objects.exists()

    def test_nothing_is_asked_while_it_is_not_shown_who_asks(self):
        submission = ana_files("access")
        confirms(submission)
        assert sweeps.read_sources(SOON) == 0  # who is on file has not been answered
        assert Shop.asked == []
        sweeps.run_steps(SOON)
        assert sweeps.read_sources(THEN) == 1

    def test_a_reopened_request_asks_anew_and_keeps_what_was_found_before(self):
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        person.cancel(dsr, actor=Actor.person(), at=THEN)
        dsr.refresh_from_db()
        person.reopen(dsr, proved=True, actor=Actor.person(), at=THEN + timedelta(hours=1))
        assert list(FulfilmentStep.objects.order_by("owed_at").values_list("status", flat=True)) == ["found", "waiting"]

    def test_a_request_that_ended_asks_nobody(self):
        dsr = ana_asks()
        person.cancel(dsr, actor=Actor.person(), at=SOON)
        assert sweeps.read_sources(THEN) == 0
        assert (Shop.asked, step_of(dsr).failure_code) == ([], "Ended")


class TestReading:
    def test_what_is_found_lies_sealed_with_its_parts_and_digest(self):
        dsr = ana_asks()
        assert sweeps.read_sources(THEN) == 1
        step = step_of(dsr)
        assert (step.status, step.records, step.next_try_at) == ("found", 4, None)
        assert [(p["table"], p["records"]) for p in step.parts] == [("orders", 3), ("visits", 1)]
        reader = streams.Reader(dsr.submission_id, step.pk)
        orders = [line for _, line in streams.lines(reader, start=0, end=step.parts[0]["end"])]
        assert orders[0].decode() == '{"number":1,"note":"Grüße"}\n'
        assert len(orders) == 3
        event = EvidenceEvent.objects.get(kind="source_read")
        assert step.sha256 in event.body
        assert "ana" not in event.body.lower().replace("manage", "")

    def test_a_file_is_kept_under_our_own_name(self):
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        (file,) = step_of(dsr).files.all()
        assert (file.name, file.size, file.media_type) == ("../scan.pdf", 8, "application/pdf")
        assert streams.Reader(dsr.submission_id, file.pk).read() == b"%PDF-1.7"

    def test_two_files_of_one_name_are_two(self):
        Shop.does = lambda: iter([File("scan.pdf", "application/pdf", [b"first"]), File("scan.pdf", "", [b"second"])])
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        held = {streams.Reader(dsr.submission_id, file.pk).read() for file in step_of(dsr).files.all()}
        assert held == {b"first", b"second"}

    def test_read_anew_the_files_are_those_that_are_there_now(self, tmp_path):
        dsr = ana_asks()
        Shop.does = lambda: iter([File("a.pdf", "", [b"one"]), File("b.pdf", "", [b"two"])])
        sweeps.read_sources(THEN)
        Shop.does = lambda: iter([File("a.pdf", "", [b"changed"])])
        fulfilment.retry(step_of(dsr), actor=bruno(), at=THEN)
        sweeps.read_sources(THEN + timedelta(minutes=1))
        (file,) = step_of(dsr).files.all()
        assert (file.name, file.sha256) == ("a.pdf", hashlib.sha256(b"changed").hexdigest())
        assert streams.Reader(dsr.submission_id, file.pk).read() == b"changed"
        assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {step_of(dsr).pk.hex, file.pk.hex}

    def test_the_source_is_asked_outside_any_transaction_with_the_same_id_each_time(self, transactional_db):
        Shop.does = RetryLater
        dsr = ana_asks()

        def away() -> Any:
            raise RetryLater

        Shop.does = away
        sweeps.read_sources(THEN)
        sweeps.read_sources(THEN + timedelta(hours=1))
        assert [request_id for _, request_id in Shop.asked] == [step_of(dsr).pk.hex] * 2
        assert not Shop.in_transaction

    def test_only_whoever_is_shown_is_asked_for(self):
        dsr = ana_asks(details="My number is C-2002.")  # Otto's: his contact on file is asked, and says nothing
        sweeps.read_sources(THEN)
        assert Shop.asked == []
        assert step_of(dsr).status == Status.WAITING

    @pytest.mark.parametrize("since", [{"since": NOON + timedelta(hours=1)}, {"changed_recently": True}])
    def test_an_address_that_was_put_on_file_after_the_look_up_shows_nobody(self, monkeypatch, since):
        """Otto asks for himself, nobody is found; then he puts his address into Ana's account."""
        dsr = ana_asks(email="otto@example.com")
        taken = Match("C-1001", (OnFile("otto@example.com", **since), OnFile("ana@example.org")))
        monkeypatch.setattr(Shop, "find", lambda self, query: [taken])
        sweeps.read_sources(THEN)
        assert Shop.asked == []
        assert (step_of(dsr).status, step_of(dsr).failure_code) == (Status.FAILED, "NobodyShown")

    def test_nobody_on_file_is_nothing_found(self):
        dsr = ana_asks(email="nobody@example.org")
        sweeps.read_sources(THEN)
        assert (step_of(dsr).status, Shop.asked) == (Status.NOTHING, [])

    def test_a_person_without_records_is_nothing_found_and_leaves_no_file(self, tmp_path):
        Shop.does = lambda: iter(())
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        assert step_of(dsr).status == Status.NOTHING
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_once_all_have_answered_the_package_is_owed(self, settings):
        away = {"BACKEND": f"{__name__}.Away"}
        settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}, "away": away}
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        assert (step_of(dsr).status, PackageBuild.objects.count()) == (Status.FOUND, 0)
        fulfilment.withhold(step_of(dsr, "away"), ground="risk_to_others", why="It is away.", actor=bruno(), at=THEN)
        assert PackageBuild.objects.get().next_try_at == THEN

    def test_a_source_that_does_not_know_people_is_asked_for_the_confirmed_addresses(self, settings):
        settings.DATA_SOURCES = {"people": {"BACKEND": f"{__name__}.Department"}}
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        assert Shop.asked[0][0] == ("ana@example.org",)
        assert (step_of(dsr, "people").status, step_of(dsr, "people").next_try_at) == (Status.PENDING, None)


class Away(Shop):
    def extract(self, references: Sequence[str], *, request_id: str) -> Any:
        raise RetryLater


class Department(Shop):
    knows_people = False

    def find(self, query: Query) -> list[Match]:
        return []

    def extract(self, references: Sequence[str], *, request_id: str) -> Any:
        Shop.asked.append((tuple(references), request_id))
        return Pending()


def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


class TestFailing:
    def test_a_source_that_is_away_delays_its_own_step_only(self, settings):
        settings.DATA_SOURCES = {"a": {"BACKEND": f"{__name__}.Away"}, "shop": {"BACKEND": f"{__name__}.Shop"}}
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        assert step_of(dsr).status == Status.FOUND
        away = step_of(dsr, "a")
        assert (away.status, away.attempts, away.failure_code) == (Status.WAITING, 1, "RetryLater")
        assert THEN < away.next_try_at <= THEN + timedelta(minutes=2)

    def test_after_some_hours_the_officers_are_told_once(self, settings):
        settings.DATA_SOURCES = {"away": {"BACKEND": f"{__name__}.Away"}}
        ana_asks()
        for hours in range(1, 12):
            sweeps.read_sources(NOON + timedelta(hours=hours))
        assert Notice.objects.filter(kind="staff_alarm").count() == 1

    def test_they_are_told_also_where_the_process_died_at_the_attempt_at_which_it_was_due(self, settings):
        settings.DATA_SOURCES = {"away": {"BACKEND": f"{__name__}.Away"}}
        step = step_of(ana_asks(), "away")
        FulfilmentStep.objects.filter(pk=step.pk).update(attempts=leases.ALARM_AFTER)  # counted before it was made
        sweeps.read_sources(NOON + timedelta(hours=5))
        assert Notice.objects.filter(kind="staff_alarm").count() == 1

    def test_asked_again_by_hand_and_away_again_they_are_told_again(self, settings):
        settings.DATA_SOURCES = {"away": {"BACKEND": f"{__name__}.Away"}}
        step = step_of(ana_asks(), "away")
        for hours in range(1, 24):
            sweeps.read_sources(NOON + timedelta(hours=hours))
            if hours == 12:
                fulfilment.retry(step, actor=bruno(), at=NOON + timedelta(hours=hours))
        assert Notice.objects.filter(kind="staff_alarm").count() == 2

    def test_half_an_answer_is_none(self, tmp_path):
        def breaks() -> Iterator[Any]:
            yield Record("orders", {"number": 1})
            raise RetryLater

        Shop.does = breaks
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        assert (step_of(dsr).status, step_of(dsr).records) == (Status.WAITING, 0)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        Shop.does = two_tables
        sweeps.read_sources(THEN + timedelta(minutes=5))
        assert (step_of(dsr).status, step_of(dsr).records) == (Status.FOUND, 4)

    def test_a_permanent_failure_is_told_and_can_be_retried(self):
        def refused() -> Any:
            raise PermanentFailure("no such table")

        Shop.does = refused
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        step = step_of(dsr)
        assert (step.status, step.failure_code, step.next_try_at) == (Status.FAILED, "PermanentFailure", None)
        assert Notice.objects.filter(kind="staff_alarm").exists()
        Shop.does = two_tables
        fulfilment.retry(step, actor=bruno(), at=THEN)
        sweeps.read_sources(THEN)
        assert step_of(dsr).status == Status.FOUND

    def test_what_cannot_be_stored_delays_its_own_step_and_somebody_is_told(self, monkeypatch):
        def unstorable(*args: Any, **values: Any) -> None:
            raise ValueError("a name with a NUL")

        monkeypatch.setattr(step_answers, "owe_package", unstorable)
        dsr = ana_asks()
        for hours in range(leases.MOST_ATTEMPTS):
            assert sweeps.read_sources(THEN + timedelta(hours=2 * hours)) in {0, 1}
        assert (step_of(dsr).status, step_of(dsr).failure_code) == (Status.FAILED, "ValueError")
        assert Notice.objects.filter(kind="staff_alarm").exists()

    def test_a_table_that_comes_back_is_a_failure_and_not_a_wrong_package(self):
        Shop.does = lambda: iter([Record("orders", {}), Record("visits", {}), Record("orders", {})])
        dsr = ana_asks()
        sweeps.read_sources(THEN)
        assert step_of(dsr).status == Status.FAILED

    def test_what_another_worker_has_is_left_to_it(self):
        dsr = ana_asks()
        FulfilmentStep.objects.update(next_try_at=THEN + timedelta(minutes=5), attempts=1)
        assert sweeps.read_sources(THEN) == 0
        assert step_of(dsr).status == Status.WAITING

    def test_whoever_lost_the_lease_records_nothing(self):
        def slow() -> Iterator[Any]:
            FulfilmentStep.objects.update(next_try_at=THEN + timedelta(hours=1))  # taken over meanwhile
            yield Record("orders", {"number": 1})

        Shop.does = slow
        dsr = ana_asks()
        assert sweeps.read_sources(THEN) == 0
        assert (step_of(dsr).status, EvidenceEvent.objects.filter(kind="source_read").count()) == (Status.WAITING, 0)


class TestStaff:
    def test_withholding_takes_a_ground_and_words_and_a_role(self):
        dsr = ana_asks()
        with pytest.raises(Refused):
            fulfilment.withhold(step_of(dsr), ground="trade_secrets", why="Because.", actor=bruno(), at=THEN)  # H13
        with pytest.raises(Refused):
            fulfilment.withhold(step_of(dsr), ground="risk_to_others", why=" ", actor=bruno(), at=THEN)
        who = Actor.staff(staff("ivo", "identity reviewer"))
        with pytest.raises(RoleMissing):
            fulfilment.withhold(step_of(dsr), ground="risk_to_others", why="Because.", actor=who, at=THEN)
        fulfilment.withhold(step_of(dsr), ground="risk_to_others", why="Because.", actor=bruno(), at=THEN)
        assert (step_of(dsr).status, step_of(dsr).withheld_why) == (Status.WITHHELD, "Because.")

    def test_a_request_that_ended_is_not_asked_again(self):
        dsr = ana_asks()
        step = step_of(dsr)
        person.cancel(dsr, actor=Actor.person(), at=THEN)
        with pytest.raises(Refused):
            fulfilment.retry(step, actor=bruno(), at=timezone.now())
