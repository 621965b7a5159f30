"""An erasure over five sources, killed at every point and gone on with (E6, F25): each target is erased, what is
destroyed is written down once, and nothing is certified that is not proved."""

import contextlib
import json
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.db import connection, transaction

from requests_app.connectors import (
    Carried,
    DataSource,
    Instruction,
    Match,
    OnFile,
    Pending,
    Planned,
    Query,
    Remaining,
    RetryLater,
)
from requests_app.models import ErasureCertificate, ErasureItem, EvidenceEvent, SourceAct
from requests_app.operations import erasure_plan, evidence, restore_guard, source_acts, sweeps
from requests_app.operations.actors import Actor
from tests.faults.crash_points import Died
from tests.operations.test_source_acts import DAY, MINUTE, SOON, THEN, approved, choose, to_be_deleted
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
HOUR = timedelta(hours=1)
BEGUN = THEN + DAY
BACK = BEGUN + 24 * HOUR  # the one that is down
SENT_BACK = BACK - 4 * HOUR  # the one that lied, to its work
TABLES = ("customers", "orders")
NAMES = ("archive", "down", "good", "liar", "slow")
WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass
class World:
    """What the five sources hold, the hour it is, and whether the process dies at a point that is passed."""

    dies: Callable[["World", str], bool] = lambda world, point: False
    held: dict[str, dict[str, int]] = field(default_factory=lambda: {n: dict.fromkeys(TABLES, 2) for n in NAMES})
    now: datetime = BEGUN
    doing: str = ""
    dead: bool = False
    passed: list[str] = field(default_factory=list)
    passed_before: int = 0
    ordered: dict[str, datetime] = field(default_factory=dict)

    def begins(self, doing: str) -> None:
        self.doing, self.passed_before = f"{doing}, {'first' if self.now < BACK else 'second'} day", len(self.passed)

    def point(self, name: str) -> None:
        if self.dead:  # what follows is the rollback
            return
        place = f"{self.doing}, {_place()}: {name}"
        self.passed.append(f"{place} ({sum(one.startswith(place) for one in self.passed[self.passed_before :])})")
        if self.dies(self, self.passed[-1]):
            self.dead = True
            raise Died(self.passed[-1])


def _place() -> str:
    """The functions of the application that run, the innermost last."""
    frames = traceback.extract_stack()
    return " ".join(frame.name for frame in frames if "requests_app" in frame.filename)


class Good(DataSource):
    """Erases table after table, each for good at once, as a source without transactions does."""

    name = "good"
    world: ClassVar[World]

    @property
    def mine(self) -> dict[str, int]:
        return Good.world.held[self.name]

    def find(self, query: Query) -> list[Match]:
        known = any(self.mine.values()) and "ana@example.org" in query.addresses
        return [Match("C-1", (OnFile("ana@example.org", since=NOON - 900 * DAY),))] if known else []

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> list[Planned]:
        return [Planned(table, records) for table, records in self.mine.items() if records]

    def erase(
        self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str
    ) -> list[Carried] | Pending:
        done = []
        for one in items:
            Good.world.point(f"{self.name} is about to erase {one.table}")
            done.append(Carried(one.table, one.way, self.mine[one.table]))
            self.gone(one.table)
        Good.world.point(f"{self.name} has erased")
        return done

    def gone(self, table: str) -> None:
        self.mine[table] = 0

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> list[Remaining]:
        Good.world.point(f"{self.name} is asked what is left")
        return [Remaining(table, records) for table, records in self.mine.items()]


class Down(Good):
    """Does not answer for 24 hours."""

    name = "down"

    def erase(self, *args: Any, **told: Any) -> list[Carried] | Pending:
        if Good.world.now < BACK:
            raise RetryLater
        return super().erase(*args, **told)


class Slow(Good):
    """Takes the order, and carries it out when it is asked three hours later."""

    name = "slow"

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Any:
        now = Good.world.now
        if now < Good.world.ordered.setdefault(request_id, now) + 3 * HOUR:
            return Pending(ask_again_at=now + HOUR / 2)
        return super().erase(references, items=items, request_id=request_id)


class Liar(Good):
    """Says at first that it erased, and keeps one table."""

    name = "liar"

    def gone(self, table: str) -> None:
        if table == "customers" or Good.world.now >= SENT_BACK:
            super().gone(table)


class Archive(DataSource):
    """People erase there."""

    def find(self, query: Query) -> list[Match]:
        known = any(Good.world.held["archive"].values()) and "ana@example.org" in query.addresses
        return [Match("9", (OnFile("ana@example.org", since=NOON - 900 * DAY),))] if known else []


@pytest.fixture(autouse=True)
def _world(settings: Any) -> Any:
    published_policy()
    sources = {"archive": Archive, "down": Down, "good": Good, "liar": Liar, "slow": Slow}
    settings.DATA_SOURCES = {name: {"BACKEND": f"{__name__}.{kind.__name__}"} for name, kind in sources.items()}
    settings.BACKUP_DAYS = 30
    Good.world = World()
    yield
    restore_guard.forget()


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside has not happened afterwards."""
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # like the test's own
    with around:
        yield
        transaction.set_rollback(True)


@contextlib.contextmanager
def dying(dies: Callable[[World, str], bool]) -> Iterator[World]:
    """A fresh world whose process dies at such points: before a write, after a commit, or inside a source.

    What is written inside a transaction is gone with it; so after such a write there is nothing that is not as before.
    """
    world = Good.world = World(dies)
    outside, run = len(connection.savepoint_ids), source_acts._run

    def statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        alone = len(connection.savepoint_ids) == outside
        if sql.startswith(WRITES):
            world.point(f"before {sql[:40]}")
        result = execute(sql, params, many, context)
        if alone and sql.startswith((*WRITES, "RELEASE SAVEPOINT")):
            world.point(f"after {sql[:17]}")
        return result

    def named(row: SourceAct, at: datetime) -> bool:
        world.begins(f"{row.alias} {row.act} {row.occasion}")
        return run(row, at)

    with (
        TemporaryDirectory() as register,
        pytest.MonkeyPatch.context() as patch,
        connection.execute_wrapper(statement),
    ):
        patch.setattr(settings, "REGISTER_DIR", register)  # what was undone must not stand in the journal
        restore_guard.forget()
        patch.setattr(source_acts, "_run", named)
        yield world


def hours(world: World) -> Iterator[None]:
    """Six weeks: after a death the next sweep comes in six minutes, else in some hours."""
    world.now = BEGUN
    while world.now < BACK + 33 * DAY:
        passed = len(world.passed)
        yield
        busy = len(world.passed) > passed
        world.now += 6 * MINUTE if busy else 40 * MINUTE if world.now < BACK + DAY else 12 * HOUR


def lives_through(world: World, bruno: Actor) -> int:
    """Sweep and staff go on, whoever died is begun anew, and no certificate says what is not so. Returns the deaths."""
    died = 0
    for _ in hours(world):
        try:
            sweeps.carry_out_acts(world.now)
            people_do_their_share(world, bruno)
        except Died:
            died += 1
            world.dead = False
        no_certificate_without_proof(world)
    return died


def people_do_their_share(world: World, bruno: Actor) -> None:
    """Bruno empties the archive and says so; and at length he sends the liar back to work."""
    for act in SourceAct.objects.filter(act="erase", status="by_hand"):
        world.held["archive"] = dict.fromkeys(TABLES, 0)
        world.begins("attesting")
        erasure_plan.attest(act, note="Otto emptied the archive today.", actor=bruno, at=world.now)
    for act in SourceAct.objects.filter(act="verify", status="contradicted"):
        if world.now >= SENT_BACK:
            world.begins("asking again")
            erasure_plan.ask_again(act, actor=bruno, at=world.now)


def no_certificate_without_proof(world: World) -> None:
    if ErasureCertificate.objects.filter(revoked_at=None).exists():
        assert not any(any(tables.values()) for tables in world.held.values())
        assert not SourceAct.objects.filter(act="verify", occasion="now").exclude(status="done").exists()


def all_of_it_is_over(dsr: Any, world: World) -> None:
    dsr.refresh_from_db()
    assert dsr.state == "fulfilled"
    assert world.held == {name: dict.fromkeys(TABLES, 0) for name in NAMES}
    begun = EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="erasure_begun")
    assert sorted(json.loads(event.body)["source"] for event in begun) == list(NAMES)
    assert not ErasureItem.objects.filter(done_at=None).exists()
    last = ErasureCertificate.objects.filter(dsr=dsr).latest("number")
    assert '"asked_again":["now","day","backups"]' in last.body
    assert list(evidence.verify()) == []


@pytest.fixture
def dsr(bruno: Actor) -> Any:
    """Ana's deletion, approved: everything in the five sources goes."""
    staff("petra", "privacy officer")
    asked = to_be_deleted()
    choose(asked, bruno)
    return approved(asked, bruno, Actor.staff(staff("ada", "approver")))


def points_of(dsr: Any, bruno: Actor) -> list[str]:
    with undone(), dying(lambda world, point: False) as world:
        assert not lives_through(world, bruno)
        all_of_it_is_over(dsr, world)
    return world.passed


def test_killed_once_at_every_point_it_goes_on_each_time_and_certifies_what_is_proved(dsr: Any, bruno: Actor) -> None:
    points = points_of(dsr, bruno)
    inside = [f"{name} is about to erase orders" for name in NAMES[1:]]
    assert all(any(name in point for point in points) for name in inside)
    killed: set[str] = set()

    def anew(world: World, point: str) -> bool:
        new = point not in killed
        killed.add(point)
        return new

    with dying(anew) as world:
        assert lives_through(world, bruno) == len(killed)
        all_of_it_is_over(dsr, world)
    assert sorted({nameless(point) for point in points} - {nameless(point) for point in killed}) == []


def nameless(point: str) -> str:
    """Which of the sources is the last, so that the erasure ends with it, is left to chance."""
    return point.partition(" ")[2]


@pytest.mark.long
def test_killed_at_any_one_point_it_ends_as_if_nothing_had_happened(dsr: Any, bruno: Actor) -> None:
    for fatal in range(len(points_of(dsr, bruno))):
        with undone(), dying(lambda world, point, fatal=fatal: len(world.passed) == fatal + 1) as world:  # type: ignore[misc]
            assert lives_through(world, bruno) == 1
            all_of_it_is_over(dsr, world)


def test_killed_while_it_asks_what_an_erasure_would_reach_it_asks_once_more() -> None:
    submission = ana_files("deletion")
    confirms(submission)
    sweeps.run_steps(SOON)
    killed: set[str] = set()

    def anew(world: World, point: str) -> bool:
        new = point not in killed
        killed.add(point)
        return new

    with dying(anew) as world:
        while SourceAct.objects.exclude(status="done").exists():
            world.now += 6 * MINUTE
            world.dead = False
            with contextlib.suppress(Died):
                sweeps.carry_out_acts(world.now)
    assert len(killed) > 5 * len(NAMES)
    confirms_erasure(submission.requests.get(), at=world.now)
    items = ErasureItem.objects.values_list("alias", "table", "records", "shown_way").order_by("alias", "table")
    tables = [(name, table, 2, "erase") for name in NAMES[1:] for table in TABLES]
    assert list(items) == [("archive", "", 0, "erase"), *tables]
    assert EvidenceEvent.objects.filter(kind="source_planned").count() == len(NAMES)
    assert list(evidence.verify()) == []
