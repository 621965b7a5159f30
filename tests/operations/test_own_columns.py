"""What a map says is the person's own contact is not marked as somebody else's, wherever it stands in that source."""

from typing import Any

import pytest

from requests_app.connectors import Column, Record, Table
from requests_app.operations import others, step_records
from tests.operations.test_review import Shop, _world, ana_is_read  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.both]
HERS, MOBILE = "ana@second.example", "+39 333 1234567"
SOLD = (
    Record("orders", {"number": 1, "note": f"Ring her first: {MOBILE}, or write to {HERS.upper()}."}),
    Record("orders", {"number": 2, "note": "Left with a neighbour, +39 02 5550 7788."}),
)


def customer(**values: Any) -> Record:
    return Record("customer", {"email": "ana@example.org", **values})


@pytest.fixture
def own(monkeypatch):
    """The map of the shop says of these columns that what stands there is the person's own."""

    def describe(*columns: str) -> None:
        customers = Table("customer", tuple(Column(name, own=True) for name in columns))
        monkeypatch.setattr(Shop, "describe", lambda self: (customers, Table("orders", (Column("note"),))))

    return describe


def found_by_order() -> dict[int, list[str]]:
    """What is marked of each order, as the pages say it."""
    step = ana_is_read()
    read = [step_records.record_at(step, mark.position) for mark in step.marks.exclude(position=None)]
    known = others.own_of(step)
    return {(one.values or {}).get("number", 0): [f.passage for f in others.found_in(one, known)] for one in read}


def test_without_the_word_of_the_map_every_number_is_looked_at():
    Shop.holds = (customer(phone=MOBILE, second=HERS), *SOLD)
    assert found_by_order() == {0: [MOBILE, HERS], 1: [HERS.upper(), MOBILE], 2: ["+39 02 5550 7788"]}


def test_what_stands_in_such_a_column_is_hers_also_in_a_note(own):
    own("phone", "second")
    Shop.holds = (customer(phone=MOBILE, second=HERS), *SOLD)
    assert found_by_order() == {2: ["+39 02 5550 7788"]}


def test_a_number_written_as_one_is_hers_too(own):
    own("phone")
    Shop.holds = (customer(phone=393331234567), Record("orders", {"number": 1, "note": f"Ring {MOBILE}."}))
    assert found_by_order() == {}


@pytest.mark.parametrize("beside", ["her husband: {}", "{} or otto@example.net", "otto@example.net, {}"])
def test_words_beside_a_number_make_nobody_hers(own, beside):
    own("phone")
    Shop.holds = (customer(phone=beside.format(MOBILE)), *SOLD[1:])
    assert MOBILE in found_by_order()[0]


def test_what_the_map_said_when_it_was_read_holds(own):
    own("phone")
    Shop.holds = (customer(phone=MOBILE), *SOLD[:1])
    step = ana_is_read()
    own()
    assert "393331234567" in others.own_of(step).numbers


def test_of_very_many_only_the_first_count(own):
    own("phone")
    many = [customer(phone=f"+39 333 {n:07}") for n in range(step_records.MOST_OWN)]
    Shop.holds = (*many, customer(phone=MOBILE), *SOLD[:1])
    assert found_by_order()[1] == [HERS.upper(), MOBILE]
