"""What COPY sends in its binary format becomes whole lines, however the first and the last message are cut."""

import pytest

from requests_app.connectors import PermanentFailure
from requests_app.connectors.sql import copying
from requests_app.connectors.sql.copying import END, HEAD, Pipe

MARK = HEAD + bytes(8)


def row(text: bytes) -> bytes:
    return b"\x00\x01" + len(text).to_bytes(4, "big") + text


def taken(*messages: bytes) -> list[tuple[bytes, int]]:
    pipe = Pipe()
    assert [pipe.write(message) for message in messages] == [len(message) for message in messages]
    pipe.end(None)
    return list(pipe.pieces())


@pytest.mark.parametrize("messages", [
    (MARK + row(b'{"a":1}'), row(b'{"a":2}'), END),
    (MARK, row(b'{"a":1}'), row(b'{"a":2}'), END),
    (MARK + row(b'{"a":1}'), row(b'{"a":2}')),
])  # fmt: skip
def test_each_row_is_a_line(messages: tuple[bytes, ...]) -> None:
    assert taken(*messages) == [(b'{"a":1}\n{"a":2}\n', 2)]


def test_without_rows_there_are_no_lines() -> None:
    assert taken(MARK + END) == taken(MARK, END) == []


def test_a_row_with_what_the_format_itself_uses_stays_whole() -> None:
    text = '{"a":"PGCOPY ÿÿ \\\\n"}'.encode()
    assert taken(MARK + row(text), row(text), END) == [(text + b"\n" + text + b"\n", 2)]


def test_pieces_are_passed_on_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PIECE", 40)
    pieces = taken(MARK, *(row(b'{"a":"twenty"}') for _ in range(5)), END)
    assert [rows for _, rows in pieces] == [2, 2, 1]
    assert b"".join(piece for piece, _ in pieces) == b'{"a":"twenty"}\n' * 5


@pytest.mark.parametrize("message", [b'{"a":1}', row(b"{}")[1:], b"\x00\x02" + bytes(8), b"\xff\xff\x00"])
def test_what_is_no_row_is_not_taken_for_one(message: bytes) -> None:
    pipe = Pipe()
    pipe.write(MARK + row(b"{}"))
    pipe.write(message)
    pipe.end(None)
    assert list(pipe.pieces()) == []
    with pytest.raises(PermanentFailure, match="one row after the other"):
        raise pipe.error or AssertionError
