"""PostgreSQL writes the lines itself: COPY of rows as JSON, several times as fast as through values of Python. Its
binary format, so that neither side looks for signs to mask: each row is one message, two bytes that say "one column",
four of its length, and the text.

COPY runs in a thread of its own and waits when what it wrote was not taken, so that memory is bounded.
"""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, literal_column, select

from requests_app.connectors.base import PermanentFailure
from requests_app.connectors.records import Lines

from .postgresql import as_json

PIECE = 256 * 1024  # bytes that are handed out at once
WAITING = 4 * PIECE  # bytes that were written and not taken
HEAD, AFTER_HEAD = b"PGCOPY\n\xff\r\n\0", 19  # bytes: the mark, eight that say nothing; the first row may follow
ONE_COLUMN, AFTER_LENGTH = b"\x00\x01", 6
END = b"\xff\xff"
PATIENCE = 10  # times the bound of a statement: a copy lasts as long as whoever takes it


class GivenUp(Exception):
    """Nobody takes what is written any more."""


class Pipe:
    """Whole lines from one thread to another. `write` is called with one message at a time, as COPY sends them."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._gathered: list[bytes] = []
        self._size = self._waiting = 0
        self._changed = threading.Condition()
        self._ended = self._left = False
        self.error: BaseException | None = None

    def write(self, message: bytes) -> int:
        self._gathered.append(message)
        self._size += len(message)
        if self._size >= PIECE:
            self._pass_on()
        return len(message)

    def end(self, error: BaseException | None) -> None:
        """Nothing follows."""
        if error is None and self._gathered:
            try:
                self._pass_on()
            except (GivenUp, PermanentFailure) as raised:
                error = raised
        with self._changed:
            self.error, self._ended = error, True
            self._changed.notify_all()

    def leave(self) -> None:
        """Nothing is taken any more: the next `write` ends."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def pieces(self) -> Iterator[tuple[bytes, int]]:
        """Yield (whole lines, their number)."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._ended)
                if not self._pieces:
                    return
                piece, rows = self._pieces.popleft()
                self._waiting -= len(piece)
                self._changed.notify_all()
            yield piece, rows

    def _pass_on(self) -> None:
        found = _rows(self._gathered)
        piece, rows = b"\n".join([*found, b""]), len(found)
        self._gathered.clear()
        self._size = 0
        if not rows:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._left or not self._waiting or self._waiting + len(piece) <= WAITING)
            if self._left:
                raise GivenUp
            self._pieces.append((piece, rows))
            self._waiting += len(piece)
            self._changed.notify_all()


def _rows(messages: list[bytes]) -> list[bytes]:
    if messages[0].startswith(HEAD):
        messages = [messages[0][AFTER_HEAD:], *messages[1:]]
    messages = [message for message in messages if message not in (b"", END)]
    if {message[:2] for message in messages} - {ONE_COLUMN}:
        raise PermanentFailure("the database does not send one row after the other")
    return [message[AFTER_LENGTH:] for message in messages]


def statement(rows: Select[Any], oids: Sequence[int]) -> Select[Any] | None:
    """Return the statement that gives each row as one JSON text; None where a type comes out otherwise."""
    columns = [as_json(one, oid) for one, oid in zip(rows.selected_columns, oids, strict=True)]
    if any(one is None for one in columns):
        return None
    named = [one.label(old.name) for one, old in zip(columns, rows.selected_columns, strict=True) if one is not None]
    inner = rows.with_only_columns(*named).subquery("r")
    return select(func.row_to_json(literal_column("r"))).select_from(inner)


def lines(connection: Connection, table: str, whole: Select[Any]) -> Iterator[Lines]:
    """Yield what the statement gives, in pieces of whole lines."""
    compiled = whole.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    raw: Any = connection.connection.dbapi_connection
    seconds = connection.info["statement_timeout"]
    with raw.cursor() as cursor:
        copy = b"COPY (" + cursor.mogrify(str(compiled), compiled.params) + b") TO STDOUT (FORMAT binary)"
        cursor.execute("SET LOCAL statement_timeout = %s", [seconds * 1000 * PATIENCE])
        pipe = Pipe()
        thread = threading.Thread(target=_copy, args=(cursor, copy, pipe), daemon=True)
        thread.start()
        try:
            for data, rows in pipe.pieces():
                yield Lines(table, data, rows)
        except GeneratorExit:
            pipe.leave()
            raw.cancel()
            thread.join()
            connection.invalidate()
            raise
        thread.join()
        if pipe.error is not None:
            raise pipe.error
        cursor.execute("SET LOCAL statement_timeout = %s", [seconds * 1000])


def _copy(cursor: Any, copy: bytes, pipe: Pipe) -> None:
    error: BaseException | None = None
    try:
        cursor.copy_expert(copy, pipe)
    except BaseException as raised:
        error = raised
    finally:
        pipe.end(error)
