"""The source that stands in its options."""

from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from requests_app.connectors import Change, ConsentAct, DataSource, Instruction, Query, Record, Remaining, Way
from requests_app.connectors.contract import REQUEST, SINCE, DataSourceContract
from requests_app.connectors.erasure_contract import ErasureContract, references
from requests_app.connectors.in_memory import InMemory
from tests.untrue_sources import HalfDone, Lying

TABLES: dict[str, dict[str, Any]] = {
    "orders": {"columns": {"number": "number", "what": "text"}, "category": "orders", "basis": "contract"},
    "visits": {"columns": {"page": "text", "seconds": "number"}, "at_erasure": "mask", "keep_columns": ["seconds"]},
    "bills": {
        "columns": {"on": "date", "street": "text"},
        "keep": {"reason": {"en": "Tax law", "it": "Legge fiscale"}, "years": 10, "from": "on"},
        "rectify": ["street"],
    },
}
PEOPLE: list[dict[str, Any]] = [
    {
        "reference": "C-1001",
        "emails": ["ana@example.org"],
        "since": SINCE.date(),
        "records": {
            "orders": [{"number": 1, "what": "A lamp"}, {"number": 2, "what": "A shade"}],
            "visits": [{"page": "/lamps", "seconds": 30}],
            "bills": [{"on": date(2024, 2, 29), "street": "Via Roma 1"}, {"on": date(2023, 1, 1), "street": "Via Po"}],
        },
    },
    {
        "emails": ["otto@example.net"],
        "identifiers": ["C-2002"],
        "changed_recently": True,
        "records": {
            "orders": [{"number": 3, "what": "A rope"}],
            "bills": [{"on": date(2025, 1, 1), "street": "Ufer 2"}],
        },
    },
]


class TestInMemory(DataSourceContract, ErasureContract):
    @pytest.fixture
    def source(self) -> DataSource:
        return InMemory(people=deepcopy(PEOPLE), tables=TABLES)

    def test_it_says_what_was_changed_recently(self, source: DataSource) -> None:
        (otto,) = source.find(Query(email="otto@example.net"))
        assert [c.changed_recently for c in otto.contacts] == [True]

    def test_it_hands_out_the_records_of_this_person_only(self, source: DataSource) -> None:
        (ana,) = source.find(Query(email="ana@example.org"))
        found = list(source.extract([ana.reference], request_id="1"))
        assert found == [Record(table, row) for table, rows in PEOPLE[0]["records"].items() for row in rows]
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


def test_it_says_what_is_kept_until_when_and_how_the_rest_becomes_nobodys() -> None:
    plan = shop().plan_erasure(["C-1001"], request_id=REQUEST)
    assert [(item.table, item.records, item.way, item.until) for item in plan] == [
        ("orders", 2, Way.ERASE, None), ("visits", 1, Way.ANONYMISE, None), ("bills", 2, Way.KEEP, date(2034, 2, 28)),
    ]  # fmt: skip
    assert (plan[1].why.en, plan[2].why.it) == ("All values are emptied, except seconds.", "Legge fiscale")


def test_what_is_erased_stays_erased_for_whoever_makes_the_source_anew() -> None:
    people = deepcopy(PEOPLE)
    items = [Instruction(table, Way.ERASE) for table in TABLES]
    shop(people).erase(["C-1001"], items=items, request_id=REQUEST)
    assert shop(people).find(Query("ana@example.org")) == []
    assert references(shop(people), "otto@example.net") == ["2"]  # named by his place, which did not move
    assert [match.contacts[0].address for match in shop(people).everybody()] == ["otto@example.net"]


def test_while_something_is_kept_she_is_found_by_it() -> None:
    source = shop()
    source.erase(["C-1001"], items=[Instruction("orders", Way.ERASE)], request_id=REQUEST)
    assert references(source) == ["C-1001"]
    assert source.verify_gone(["C-1001"], request_id=REQUEST) == [Remaining("visits", 1), Remaining("bills", 2)]


def test_what_became_nobodys_has_lost_its_values_but_those_named() -> None:
    people = deepcopy(PEOPLE)
    shop(people).erase(["C-1001"], items=[Instruction("visits", Way.ANONYMISE)], request_id=REQUEST)
    assert people[-1] == {"records": {"visits": [{"page": None, "seconds": 30}]}}


def test_of_two_acts_on_one_purpose_the_later_counts_in_whatever_order_they_come() -> None:
    people = deepcopy(PEOPLE)
    stopped = ConsentAct("news", False, datetime(2026, 11, 22, 12, tzinfo=UTC))
    allowed = ConsentAct("news", True, datetime(2026, 11, 22, 11, tzinfo=UTC))
    shop(people).withdraw_consent(["C-1001"], acts=[stopped], request_id=REQUEST)
    shop(people).withdraw_consent(["C-1001"], acts=[allowed], request_id=REQUEST)
    assert people[0]["consents"] == {"news": {"allowed": False, "at": stopped.at}}
    assert "consents" not in people[1]


@pytest.mark.parametrize(("change", "outcome"), [
    (Change("street", "Via Po 2", "via po"), "changed"),
    (Change("bills.street", "Via Po", "Via Po"), "already"),
    (Change("street", "Via Po"), "refused"),  # two streets stand there, and none is named
    (Change("street", "Via Po 2", "Kerkstraat"), "not_found"),
    (Change("what", "A lamp, brass", "A lamp"), "refused"),
    (Change("phone", "1"), "not_found"),
])  # fmt: skip
def test_only_what_may_be_put_right_is(change: Change, outcome: str) -> None:
    people = deepcopy(PEOPLE)
    assert [one.outcome for one in shop(people).rectify(["C-1001"], changes=[change], request_id=REQUEST)] == [outcome]
    assert (people != PEOPLE) == (outcome == "changed")
    assert people[1] == PEOPLE[1]


def test_restricted_is_who_is_marked() -> None:
    people = deepcopy(PEOPLE)
    counted = shop(people).restrict(["C-1001"], restricted=True, request_id=REQUEST)
    assert sum(one.records for one in counted) == 5
    assert [person.get("restricted") for person in people] == [True, None]
    shop(people).restrict(["C-1001"], restricted=False, request_id=REQUEST)
    assert people[0]["restricted"] is False


@pytest.mark.parametrize(("table", "words"), [
    ({"at_erasure": "burn"}, "at_erasure is not one of"),
    ({"keep": {"years": 10}}, "has to be { reason"),
    ({"keep": {"reason": "Law", "years": 10}}, "counted from a column"),
    ({"keep": {"reason": "Law", "years": 10, "from": "nothing"}}, "counted from a column"),
    ({"keep": {"reason": "Law", "years": True, "from": "on"}}, "whole numbers"),
    ({"keep": {"reason": "Law"}, "at_erasure": "delete"}, "at_erasure says delete"),
    ({"rectify": ["nothing"]}, "there is no column nothing"),
])  # fmt: skip
def test_a_mistake_about_erasing_is_told(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        InMemory(tables={"bills": {"columns": {"on": "date"}, **table}})


def shop(people: list[dict[str, Any]] | None = None) -> InMemory:
    return InMemory(people=deepcopy(PEOPLE) if people is None else people, tables=TABLES)


def test_a_source_that_lies_is_contradicted_by_its_own_count() -> None:
    people = deepcopy(PEOPLE)
    items = [Instruction(table, Way.ERASE) for table in TABLES]
    for untrue, left in ((Lying, 5), (HalfDone, 3)):
        source = untrue(people=people, tables=TABLES)
        assert not any(one.left for one in source.erase(["C-1001"], items=items, request_id=REQUEST))
        assert sum(one.records for one in source.verify_gone(["C-1001"], request_id=REQUEST)) == left


def test_what_was_done_is_kept_for_other_processes_and_the_next_start(tmp_path: Path) -> None:
    def anew(people: list[dict[str, Any]]) -> InMemory:
        return InMemory(people=people, tables=TABLES, kept_in=str(tmp_path / "people.json"))

    before = list(anew(PEOPLE).extract(["C-1001"], request_id=REQUEST))
    stopped = ConsentAct("news", False, datetime(2026, 11, 22, 12, tzinfo=UTC))
    anew(PEOPLE).withdraw_consent(["C-1001"], acts=[stopped], request_id=REQUEST)
    assert anew(PEOPLE).people[0]["consents"] == {"news": {"allowed": False, "at": stopped.at}}
    assert list(anew(PEOPLE).extract(["C-1001"], request_id=REQUEST)) == before  # dates are dates again
    items = [Instruction(table, Way.ERASE) for table in TABLES]
    anew(PEOPLE).erase(["C-1001"], items=items, request_id=REQUEST)
    assert anew(PEOPLE).find(Query("ana@example.org")) == []
    assert "ana@example.org" not in (tmp_path / "people.json").read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["people.json"]
    more = [*PEOPLE, {"emails": ["new@example.org"]}]
    assert len(anew(more).find(Query("ana@example.org"))) == 1  # of other options the file says nothing


def test_a_file_of_somebody_else_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text("[]")
    with pytest.raises(ValueError, match="kept_in names a file that cannot be read"):
        InMemory(people=[], kept_in=str(tmp_path / "people.json"))
