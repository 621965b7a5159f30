"""What is withheld of a record is nowhere in what is left of it."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.rules.redaction import MARK, Hidden, apply, occurs

OTTO = "otto@example.org"
RECORD = {"id": 7, "text": f"Ask {OTTO}, or call.", "by": "Ana"}


def test_what_nobody_hid_is_left_as_it_was():
    assert apply(RECORD, []) == RECORD


def test_a_hidden_record_is_no_record():
    assert apply(RECORD, [Hidden("by"), Hidden()]) is None


def test_a_hidden_field_is_a_mark():
    assert apply(RECORD, [Hidden("text")]) == {"id": 7, "text": MARK, "by": "Ana"}


def test_a_hidden_passage_is_a_mark_wherever_it_stands_in_its_field():
    left = apply({"text": f"{OTTO} wrote to {OTTO}.", "by": OTTO}, [Hidden("text", OTTO)])
    assert left == {"text": f"{MARK} wrote to {MARK}.", "by": OTTO}


def test_hiding_changes_nothing_of_what_it_was_given():
    inner = {"from": [OTTO]}
    assert apply({"mail": inner}, [Hidden("mail", OTTO)]) == {"mail": {"from": [MARK]}}
    assert inner == {"from": [OTTO]}


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (["Ana", OTTO], ["Ana", MARK]),
        ({"to": {"address": f"<{OTTO}>"}}, {"to": {"address": f"<{MARK}>"}}),
        ({OTTO: True, "n": None}, {MARK: True, "n": None}),
        ({OTTO: 1, f"{OTTO} ": 2, MARK: 3}, {MARK: 1, f"{MARK} ": 2, f"{MARK} 2": 3}),
        (json.dumps({"from": [OTTO]}), json.dumps({"from": [MARK]})),
        ('{"from":"otto\\u0040example.org"}', json.dumps({"from": MARK})),
        (json.dumps(json.dumps({"from": OTTO})), json.dumps(json.dumps({"from": MARK}))),
        ("{not JSON: otto@example.org", f"{{not JSON: {MARK}"),
    ],
)
def test_a_passage_is_found_in_what_is_nested(value: Any, left: Any):
    assert apply({"data": value}, [Hidden("data", OTTO)]) == {"data": left}


def test_a_number_that_has_the_passage_is_hidden_as_a_whole():
    assert apply({"call": {"to": 3331234567, "s": 12}}, [Hidden("call", "333123")]) == {"call": {"to": MARK, "s": 12}}


def test_spellings_that_unicode_takes_for_one_are_one():
    composed, apart = "Zoë Müller", unicodedata.normalize("NFD", "Zoë Müller")
    assert apply({"text": f"With {apart}."}, [Hidden("text", composed)]) == {"text": f"With {MARK}."}
    assert apply({"text": f"With {composed}."}, [Hidden("text", apart)]) == {"text": f"With {MARK}."}


def test_passages_that_overlap_are_one_gap():
    hidden = [Hidden("text", "Otto Rossi"), Hidden("text", "Rossi of Rome"), Hidden("text", "tt")]
    assert apply({"text": "With Otto Rossi of Rome."}, hidden) == {"text": f"With {MARK}."}


@pytest.mark.parametrize("value", ["Nothing here.", True, None, 12, {"a": []}])
def test_in_doubt_the_whole_field_is_hidden(value: Any):
    """A passage that stands nowhere was meant for something that we do not understand."""
    assert apply({"data": value, "by": "Ana"}, [Hidden("data", OTTO)]) == {"data": MARK, "by": "Ana"}


def test_in_doubt_the_whole_record_is_hidden():
    assert apply({"by": "Ana"}, [Hidden("text", OTTO)]) is None
    assert apply({"": "Ana"}, [Hidden("", OTTO)]) is None


def test_what_is_nested_too_deep_to_be_read_is_hidden():
    deep: Any = OTTO
    for _ in range(100_000):
        deep = [deep]
    assert apply({"data": deep}, [Hidden("data", OTTO)]) == {"data": MARK}
    assert not occurs(deep, OTTO)


def test_a_passage_occurs_where_it_would_be_hidden():
    assert occurs({"to": [f"<{OTTO}>"]}, OTTO)
    assert not occurs({"to": ["<ana@example.org>"]}, OTTO)
    assert not occurs("anything", "")


texts = st.text('abÀ\u0300"\\{}[]:,', max_size=12)
values = st.recursive(texts | st.integers(), lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3))


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(s for inner in value.values() for s in _strings(inner))]
    return [s for inner in value for s in _strings(inner)] if isinstance(value, list) else [str(value)]


@given(values, st.lists(st.text("abÀ1", min_size=1, max_size=3), min_size=1, max_size=3))
def test_nothing_hidden_is_left(value: Any, passages: list[str]):
    left = apply({"data": value}, [Hidden("data", passage) for passage in passages])
    assert left is not None
    assert not any(passage in text for passage in passages for text in _strings(left["data"]))
