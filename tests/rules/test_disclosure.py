"""What an answer has to say of what is held, and which sentence tells staff that it does not."""

import pytest

from requests_app.rules.disclosure import FACTS, Fact, missing
from requests_app.rules.policy import Answer, Recipient, Text

WORDS = Text("x", "x")
ANSWER = Answer((Recipient("all", WORDS, WORDS, "law"),), WORDS, WORDS, WORDS)


def fact(column: str = "email", *, without: str = "", provided: bool = False) -> Fact:
    return Fact("shop", "people", column, frozenset(FACTS) - {without}, provided)


def test_nothing_is_missing_where_all_is_told():
    assert missing([fact()], ANSWER) == []


@pytest.mark.parametrize("name", ["category", "purpose", "basis", "origin"])
def test_each_fact_that_is_not_told_is_named_with_its_columns(name):
    (sentence,) = missing([fact(without=name), fact("phone", without=name)], ANSWER)
    assert "of people" in sentence
    assert "email, phone" in sentence
    assert FACTS[name] in sentence


def test_what_the_person_provided_came_from_them():
    assert missing([fact(without="origin", provided=True)], ANSWER) == []


def test_a_period_is_told_in_general_where_the_source_names_none():
    assert missing([fact(without="retention")], ANSWER) == []
    assert len(missing([fact(without="retention")], None)) == 2


def test_many_columns_are_counted():
    (sentence,) = missing([fact(f"c{n}", without="purpose") for n in range(9)], ANSWER)
    assert "c0, c1, c2 and 6 more" in sentence
