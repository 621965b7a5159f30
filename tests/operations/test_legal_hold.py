"""A legal hold stops what it names and nothing else; lifted, what waited goes on; nothing held is ever erased."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from requests_app.connectors import RetryLater
from requests_app.models import (
    ErasureCertificate,
    ErasureItem,
    EvidenceEvent,
    LegalHold,
    Notice,
    SourceAct,
    SuppressionEntry,
)
from requests_app.operations import evidence, kept, legal_hold, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.operations.test_source_acts import (
    DAY,
    MINUTE,
    THEN,
    Shop,
    _world,  # noqa: F401 (a fixture of every test here)
    approved,
    carried_out,
    choose,
    to_be_deleted,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]
REVIEW = date(2027, 3, 1)
LONG_AGO = {"ordered": "Regional court, 3 O 17/26", "why": "A dispute about the orders.", "review_on": REVIEW}


@pytest.fixture
def dsr(bruno: Actor, ada: Actor) -> Any:
    """Ana's deletion, approved: everything goes, and nothing has yet."""
    asked = to_be_deleted()
    choose(asked, bruno)
    return approved(asked, bruno, ada)


def hold(dsr: Any, table: str, actor: Actor, *, at: Any = THEN + 2 * MINUTE, **changes: Any) -> LegalHold:
    item = ErasureItem.objects.get(dsr=dsr, table=table)
    return legal_hold.set_hold(dsr, items=[item.pk], **{**LONG_AGO, "told": True, **changes}, actor=actor, at=at)


def test_it_stops_what_it_names_and_nothing_else(dsr: Any, petra: Actor) -> None:
    hold(dsr, "orders", petra)
    carried_out(THEN + DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("executing", {"customers": 0, "orders": 3})
    assert not ErasureCertificate.objects.exists()
    assert SourceAct.objects.get(act="verify", occasion="now").status == "done"


def test_lifted_what_waited_goes_at_once(dsr: Any, petra: Actor) -> None:
    held = hold(dsr, "orders", petra)
    carried_out(THEN + DAY)
    legal_hold.lift_hold(held, why="Settled out of court.", actor=petra, at=THEN + 2 * DAY)
    carried_out(THEN + 2 * DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("fulfilled", {"customers": 0, "orders": 0})
    kinds = set(EvidenceEvent.objects.filter(dsr_id=dsr.pk).values_list("kind", flat=True))
    assert {"hold_set", "hold_lifted"} <= kinds
    assert list(evidence.verify()) == []


def test_what_two_holds_name_waits_for_both(dsr: Any, petra: Actor) -> None:
    first, second = hold(dsr, "orders", petra), hold(dsr, "orders", petra)
    legal_hold.lift_hold(first, why="Settled.", actor=petra, at=THEN + DAY)
    carried_out(THEN + DAY)
    assert Shop.held["orders"] == 3
    legal_hold.lift_hold(second, why="Settled, too.", actor=petra, at=THEN + 2 * DAY)
    carried_out(THEN + 2 * DAY)
    assert Shop.held["orders"] == 0


def test_the_person_is_told_unless_that_is_barred(dsr: Any, petra: Actor) -> None:
    held = hold(dsr, "orders", petra, told=False)
    legal_hold.lift_hold(held, why="Settled.", actor=petra, at=THEN + DAY)
    assert not Notice.objects.filter(kind__in=("hold_set", "hold_lifted")).exists()
    hold(dsr, "customers", petra)
    assert "- customers" in Notice.objects.get(kind="hold_set").text


def test_what_is_erased_cannot_be_held(dsr: Any, petra: Actor) -> None:
    Shop.error = RetryLater()
    carried_out(THEN + DAY)
    hold(dsr, "orders", petra, at=THEN + 2 * DAY)  # written down, and the source was away: it is still there
    Shop.error = None
    carried_out(THEN + 3 * DAY)
    with pytest.raises(Refused, match="customers is erased already"):
        hold(dsr, "customers", petra, at=THEN + 4 * DAY)


def test_what_is_being_erased_in_this_moment_cannot_be_held(dsr: Any, petra: Actor) -> None:
    later = THEN + DAY
    ErasureItem.objects.filter(dsr=dsr).update(written_at=later)
    SourceAct.objects.filter(act="erase").update(told_at=later, next_try_at=later + 5 * MINUTE)
    with pytest.raises(Refused, match="in this moment"):
        hold(dsr, "orders", petra, at=later + MINUTE)
    assert not LegalHold.objects.exists()


@pytest.mark.parametrize("review_on", [date(2026, 12, 2), date(2026, 11, 1), date(2027, 12, 1)])
def test_it_is_reviewed_within_180_days(dsr: Any, petra: Actor, review_on: date) -> None:
    with pytest.raises(Refused, match="within 180 days"):
        hold(dsr, "orders", petra, review_on=review_on)


def test_who_ordered_it_and_why_is_said(dsr: Any, petra: Actor) -> None:
    with pytest.raises(Refused, match="who ordered it"):
        hold(dsr, "orders", petra, why=" ")


def test_a_handler_sets_none(dsr: Any, bruno: Actor) -> None:
    with pytest.raises(Refused):
        hold(dsr, "orders", bruno)


def test_the_officers_are_told_once_when_it_is_to_be_reviewed(dsr: Any, petra: Actor) -> None:
    held = hold(dsr, "orders", petra)
    soon = THEN + timedelta(days=100)
    for _ in range(2):
        sweeps.remind_departments(soon)
    alarms = Notice.objects.filter(kind="staff_alarm", occurrence__startswith="hold:")
    assert alarms.count() == 1
    legal_hold.review_hold(held, review_on=date(2027, 6, 1), actor=petra, at=soon)
    sweeps.remind_departments(soon + DAY)
    assert alarms.count() == 1
    sweeps.remind_departments(soon + 92 * DAY)
    assert alarms.count() == 2


def test_nothing_of_a_held_case_falls_to_retention(dsr: Any, petra: Actor) -> None:
    held = hold(dsr, "orders", petra)
    SourceAct.objects.all().update(status="done", next_try_at=None)
    Notice.objects.all().update(next_try_at=None)
    assert kept.kept_for(dsr.submission, at=THEN + 900 * DAY) == "a legal hold stands"
    legal_hold.lift_hold(held, why="Settled.", actor=petra, at=THEN + 3 * DAY)
    Notice.objects.all().update(next_try_at=None)
    SourceAct.objects.all().update(status="done", next_try_at=None)
    assert kept.kept_for(dsr.submission, at=THEN + 900 * DAY) == ""


@pytest.mark.parametrize("seed", range(5))
def test_in_any_order_nothing_is_erased_under_a_hold_and_nothing_is_forgotten(
    dsr: Any, petra: Actor, seed: int
) -> None:
    # E5 of the erasure tests: holds set and lifted in a race with the erasure.
    rng, at, standing = random.Random(seed), THEN + DAY, []  # noqa: S311
    for _ in range(12):
        at += MINUTE * rng.randint(1, 90)
        match rng.choice(("set", "lift", "away", "back", "carry")):
            case "set":
                try:
                    table = rng.choice(("customers", "orders"))
                    standing.append((hold(dsr, table, petra, at=at, told=False), table, Shop.held[table]))
                except Refused:
                    pass
            case "lift" if standing:
                legal_hold.lift_hold(standing.pop(rng.randrange(len(standing)))[0], why="Over.", actor=petra, at=at)
            case "away":
                Shop.error = RetryLater()
            case "back":
                Shop.error = None
            case _:
                carried_out(at)
        assert all(Shop.held[table] == records for _, table, records in standing)
    Shop.error = None
    for held, _, _ in standing:
        legal_hold.lift_hold(held, why="Over.", actor=petra, at=at)
    carried_out(at + DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("fulfilled", {"customers": 0, "orders": 0})


def test_what_is_held_is_kept_by_a_replay_until_the_hold_is_lifted(dsr: Any, petra: Actor) -> None:
    held = hold(dsr, "orders", petra)
    carried_out(THEN + DAY)
    assert SuppressionEntry.objects.get().kept == ["shop.orders"]
    legal_hold.lift_hold(held, why="Settled out of court.", actor=petra, at=THEN + 2 * DAY)
    carried_out(THEN + 2 * DAY)
    assert SuppressionEntry.objects.get().kept == []
