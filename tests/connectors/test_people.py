"""A department as a data source: whom it asks, for what, and what is wrong with its options."""

from datetime import UTC, datetime
from typing import Any

import pytest

from requests_app.connectors import Change, ConsentAct, DataSource, NotOffered, Pending
from requests_app.connectors.contract import AnswersLaterContract
from requests_app.connectors.people import CONSENT, ERASE, LIFT, QUESTION, RECTIFY, RESTRICT, DepartmentPeople

TABLES = {
    "statement": {
        "label": "Calls",
        "category": {"en": "Notes of calls", "it": "Note di chiamate"},
        "basis": "contract",
    },
    "letters": {"label": "Letters", "retention": "Ten years"},
}


def department(**options: Any) -> DepartmentPeople:
    return DepartmentPeople(**{"name": "Customer service", "to": ["carla@shop.example"], **options})


class TestDepartmentPeople(AnswersLaterContract):
    @pytest.fixture
    def source(self) -> DataSource:
        return department()

    def test_without_more_it_holds_statements_and_asks_for_everything(self) -> None:
        (table,) = department().describe()
        assert (table.name, table.label.en, [column.name for column in table.columns]) == (
            "statement", "Customer service", ["statement"],
        )  # fmt: skip
        asked = department().extract((), request_id="1")
        assert (asked.question, asked.days, asked.details) == (QUESTION, 5, False)

    def test_what_it_holds_is_told_to_it_and_to_the_person(self) -> None:
        made = department(tables=TABLES)
        assert [one.en for one in made.extract((), request_id="1").holds] == ["Calls", "Letters"]
        calls, letters = made.describe()
        assert (calls.columns[0].about.category.it, calls.columns[0].about.basis) == ("Note di chiamate", "contract")
        assert letters.columns[0].about.retention.en == "Ten years"

    def test_its_name_is_said_in_its_language(self) -> None:
        name = {"en": "Customer service", "it": "Servizio clienti"}
        asked: Pending = department(name=name, language="it").extract((), request_id="1")
        assert (asked.name, asked.language) == ("Servizio clienti", "it")

    def test_each_task_says_what_is_to_be_done_and_what_to_write(self) -> None:
        made, told = department(show_details=True), {"request_id": "1"}
        assert made.erase((), items=(), **told).question == ERASE
        assert made.restrict((), restricted=True, **told).question == RESTRICT
        assert made.restrict((), restricted=False, **told).question == LIFT
        for answer in (made.erase((), items=(), **told), made.restrict((), restricted=True, **told)):
            assert (answer.to, answer.details) == (("carla@shop.example",), False)

    def test_of_values_and_purposes_the_question_says_nothing(self) -> None:
        """They stand in the task, sealed."""
        acts = [ConsentAct("news", False, datetime(2026, 2, 1, tzinfo=UTC))]
        assert department().withdraw_consent((), acts=acts, request_id="1").question == CONSENT
        answer = department().rectify((), changes=[Change("phone", "0123 456", "0199 999")], request_id="1")
        assert (answer.question, answer.details) == (RECTIFY, False)

    def test_what_it_would_reach_and_what_is_left_it_cannot_say(self) -> None:
        for asked in (department().plan_erasure, department().verify_gone):
            with pytest.raises(NotOffered):
                asked((), request_id="1")


@pytest.mark.parametrize(("options", "words"), [
    ({"name": " "}, "name has to be one line"),
    ({"name": "x" * 81}, "name has to be one line"),
    ({"to": []}, "at least one address"),
    ({"to": "carla@shop.example"}, "to has to be a list"),
    ({"to": ["carla"]}, "to: 'carla' is no address"),
    ({"to": ["a@b.example\nBcc: c@d.example"]}, "is no address"),
    ({"to": ["a@b.example,c@d.example"]}, "is no address"),
    ({"escalate_to": ["edda"]}, "escalate_to: 'edda' is no address"),
    ({"days": 0}, "days has to be"),
    ({"days": True}, "days has to be"),
    ({"language": "de"}, "language has to be"),
    ({"tables": {"letters": {}}}, "one of them has to be called statement"),
    ({"tables": {"statement": {"basis": "because"}}}, "statement.statement.basis is not one of"),
])  # fmt: skip
def test_a_mistake_in_the_options_is_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        department(**options)
