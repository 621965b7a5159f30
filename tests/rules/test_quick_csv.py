"""The short way from JSON to CSV gives what the long one does, or gives way to it."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.rules.quick_csv import QuickCsv
from requests_app.rules.spreadsheet import cell

NAMES = ["id", "text", "more"]
QUICK = QuickCsv(NAMES, numbers=[True, False, False], nested=[False, True, False])
TEXTS = st.text(alphabet=st.sampled_from('ab;|"\\\t\n=+-@＝ éЖ中\u3000{}[]:,\u200b1'), max_size=8)
PLAIN = (TEXTS, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
NESTED = (st.lists(TEXTS, max_size=2), st.dictionaries(st.sampled_from([*NAMES, "x"]), TEXTS, max_size=2))
VALUES = st.one_of(*PLAIN, *NESTED)


def line_of(values: dict) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def test_a_plain_line_takes_the_short_way():
    assert QUICK.lines(line_of({"id": 7, "text": "Dear Ana", "more": None})) == b'7,"Dear Ana",\r\n'


def test_what_is_nested_in_a_plain_line_is_read_alone():
    assert QUICK.lines(line_of({"id": 7, "text": ["a"], "more": ""})) == b'7,"[""a""]",""\r\n'


def test_what_is_nested_stands_as_it_is_written():
    assert QUICK.lines(b'{"id":7,"text":{"a": 1E5},"more":""}\n') == b'7,"{""a"": 1E5}",""\r\n'


def test_a_name_that_could_end_an_object_leaves_what_is_nested_to_the_long_way():
    """Else the key `},` and what follows it would look like the end of the object and the next column."""
    line = line_of({"text": {"},": 1, ":2": 3}, ":1,": 4})
    for name in (":1,", ",a", "}", "]", " a"):
        assert QuickCsv(["text", name], numbers=[False] * 2, nested=[True, False]).lines(line) is None
        plain = QuickCsv(["text", name], numbers=[False] * 2, nested=[False] * 2)
        assert plain.lines(line_of({"text": "a", name: "b"})) == b'"a","b"\r\n'


@pytest.mark.parametrize("blank", ["\t", "\r"])
def test_a_blank_that_others_take_for_a_separator_takes_the_long_way_wherever_it_stands(blank):
    assert QUICK.lines(b'{"id":7,"text":[%s-1],"more":""}\n' % blank.encode()) is None
    assert QUICK.lines(b'{"id":7,"text":"a%s=1","more":""}\n' % blank.encode()) is None


def test_many_lines_go_at_once_unless_one_of_them_is_not_plain():
    plain, other = (line_of({"id": 7, "text": text, "more": ""}) for text in ("a; b", "=1"))
    assert QUICK.lines(plain * 3) == b'7,"a; b",""\r\n' * 3
    assert QUICK.lines(plain + other + plain) is None


def test_a_table_of_one_column():
    assert QuickCsv(["id"], numbers=[False], nested=[False]).lines(b'{"id":"a"}\n{"id":null}\n') == b'"a"\r\n\r\n'


@pytest.mark.parametrize("values", [
    {"id": 7, "text": "=1+1", "more": ""},
    {"id": 7, "text": "＝1", "more": ""},
    {"id": 7, "text": "\u3000=1", "more": ""},
    {"id": 7, "text": " =1", "more": ""},
    {"id": 7, "text": "a;=1", "more": ""},
    {"id": 7, "text": 'say "yes"', "more": ""},
    {"id": 7, "text": "a\nb", "more": ""},
    {"id": "7", "text": "a", "more": ""},
    {"id": 7, "text": ["a;=1"], "more": ""},
    {"id": 7, "text": {"a": {"b": 1}}, "more": ""},
    {"id": 7, "text": {"a": "}"}, "more": ""},
    {"text": "a", "id": 7, "more": ""},
    {"id": 7, "more": "a", "text": ""},
    {"id": 7, "text": "a"},
    {"id": 7, "text": "a", "more": "", "other": "b"},
    {},
])  # fmt: skip
def test_what_is_not_plain_takes_the_long_one(values):
    assert QUICK.lines(line_of(values)) is None


def test_a_name_that_stands_twice_in_a_line_takes_the_long_one():
    assert QUICK.lines(b'{"id":7,"text":"a","text":"b","more":""}\n') is None


@given(st.fixed_dictionaries({"id": VALUES, "text": VALUES, "more": VALUES}))
def test_where_it_answers_it_answers_the_same(values):
    quick = QUICK.lines(line_of(values))
    if quick is not None:
        slow = ",".join(cell(values[name], number=name == "id") for name in NAMES)
        read = [next(csv.reader(io.StringIO(text))) for text in (quick.decode(), slow)]
        assert read[0] == read[1]
