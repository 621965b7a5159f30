"""Records as lines of JSON: what the quick encoder refuses or writes otherwise comes out as before."""

import json
from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.connectors.records import PIECE, decode, encode, in_lines

Pair = namedtuple("Pair", "a b")
NUMBERS = st.integers() | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("value", "written"), [
    (2**64, "18446744073709551616"),
    (-(2**63) - 1, "-9223372036854775809"),
    (2**63, "9223372036854775808"),
    (float("nan"), '"NaN"'),
    ([1, {"a": float("-inf")}], '[1,{"a":"-Infinity"}]'),
    ({"a": None, "b": (float("inf"), 2**70)}, '{"a":null,"b":["Infinity",1180591620717411303424]}'),
    (None, "null"),
    ("null", '"null"'),
    (0.1, "0.1"),
    (Decimal("1.10"), '"1.10"'),
    (date(2024, 2, 29), '"2024-02-29"'),
    (datetime(2024, 2, 29, 10, 0, 0, 500000, tzinfo=UTC), '"2024-02-29T10:00:00.500000+00:00"'),
    (datetime(2024, 2, 29, 10), '"2024-02-29T10:00:00"'),  # noqa: DTZ001
    (time(7, 30), '"07:30:00"'),
    (timedelta(days=1), '"1 day, 0:00:00"'),
    (UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
    (b"\x00\xff", '"AP8="'),
    (memoryview(b"ab"), '"YWI="'),
    ({"b", "a"}, '["a","b"]'),
    ({7: "a", None: "b", True: "c"}, '{"7":"a","null":"b","true":"c"}'),
    ((1, "a"), '[1,"a"]'),
    (Pair(1, 2), "[1,2]"),
    (OrderedDict(a=1), '{"a":1}'),
    (MappingProxyType({"a": 1}), '{"a":1}'),
    ("Grüße \u2028 \x07 \"a\\b\"", '"Grüße \u2028 \\u0007 \\"a\\\\b\\""'),
    ("half \ud83d", '"half \\ud83d"'),
    (object, str(object).join('""')),
])  # fmt: skip
def test_a_value_comes_out_as_it_is_said(value: Any, written: str) -> None:
    assert encode({"it": value}) == f'{{"it":{written}}}\n'.encode()


def test_half_a_pair_beside_a_whole_text_is_an_escape_that_every_program_reads() -> None:
    line = encode({"a": "Grüße", "b": "\udc80"})
    assert json.loads(line) == {"a": "Grüße", "b": "\udc80"}


def test_what_is_nested_deeper_than_the_quick_encoder_goes_comes_out_too() -> None:
    deep: Any = "here"
    for _ in range(300):
        deep = [deep]
    assert json.loads(encode({"it": deep})) == {"it": deep}


def test_a_key_that_is_nothing_to_json_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(TypeError):
        encode({(1, 2): "a"})  # type: ignore[dict-item]


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4))
def test_whatever_is_written_is_one_line_that_reads_as_it_was(values: dict[str, Any]) -> None:
    line = encode(values)
    assert line.count(b"\n") == 1
    told = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert told == _said(values)


def _said(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, dict):
        return {key: _said(inner) for key, inner in value.items()}
    return [_said(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", [
    "18446744073709551616", "-9223372036854775809", "[123456789012345678901]", "NaN", '"\\ud800"', "1E400",
    '{"a":1,"a":2}', "1.10", "[-0.0, 1e-400]", ' {"a" :\n 1}',
])  # fmt: skip
def test_what_is_read_is_what_python_reads(text: str) -> None:
    assert repr(decode(text)) == repr(decode(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", '{"a":1}x', "'a'"])
def test_what_is_no_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_many_records_come_as_pieces_of_whole_lines() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for number in range(3000):
            yield {"id": number, "text": "x" * 100}

    pieces = list(in_lines("orders", rows()))
    assert sum(piece.records for piece in pieces) == 3000
    assert [piece.records for piece in pieces] == [piece.data.count(b"\n") for piece in pieces]
    assert all(piece.data.endswith(b"\n") and len(piece.data) < PIECE + 200 for piece in pieces)
    assert [json.loads(line)["id"] for piece in pieces for line in piece.data.splitlines()] == list(range(3000))
    assert list(in_lines("orders", [])) == []
