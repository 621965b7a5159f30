"""The source that stands in its options."""

from datetime import date
from typing import Any

import pytest

from requests_app.connectors import DataSource, Query, Record
from requests_app.connectors.contract import SINCE, DataSourceContract
from requests_app.connectors.in_memory import InMemory

TABLES = {"orders": {"columns": {"number": "number", "what": "text"}, "category": "orders", "basis": "contract"}}
PEOPLE: list[dict[str, Any]] = [
    {
        "reference": "C-1001",
        "emails": ["ana@example.org"],
        "since": SINCE.date(),
        "records": {"orders": [{"number": 1, "what": "A lamp"}, {"number": 2, "what": "A shade"}]},
    },
    {
        "emails": ["otto@example.net"],
        "identifiers": ["C-2002"],
        "changed_recently": True,
        "records": {"orders": [{"number": 3, "what": "A rope"}]},
    },
]


class TestInMemory(DataSourceContract):
    @pytest.fixture
    def source(self) -> DataSource:
        return InMemory(people=PEOPLE, tables=TABLES)

    def test_it_says_what_was_changed_recently(self, source: DataSource) -> None:
        (otto,) = source.find(Query(email="otto@example.net"))
        assert [c.changed_recently for c in otto.contacts] == [True]

    def test_it_hands_out_the_records_of_this_person_only(self, source: DataSource) -> None:
        (ana,) = source.find(Query(email="ana@example.org"))
        orders = list(source.extract([ana.reference], request_id="1"))
        assert orders == [Record("orders", values) for values in PEOPLE[0]["records"]["orders"]]
        assert list(source.extract(["nobody"], request_id="1")) == []


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"records": {"visits": []}}, "visits: that table is not described"),
        ({"email": "ana@example.org"}, "person 1: email is not one of"),
        ({"emails": "ana@example.org"}, "has to be a list"),
        ({"emails": [" "]}, "has to be a list of addresses"),
    ],
)
def test_a_mistake_names_the_person_by_number(person: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        InMemory(people=[person])


def test_a_day_without_an_hour_is_its_beginning() -> None:
    (match,) = InMemory(people=[{"emails": ["a@b.example"], "since": date(2024, 2, 12)}]).find(Query("a@b.example"))
    assert match.contacts[0].since == SINCE
