"""Rows as a stream, whatever the client of the database: no more in memory than one, or a small batch by their size."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Select

PROBE = 8  # rows that are read before anything is known of their size
BATCH_BYTES = 1024 * 1024
MOST = 1000  # rows of a batch


def streamed(
    connection: Connection, statement: Select[Any], *, like: Sequence[Sequence[Any]] = ()
) -> Iterator[Sequence[Any]]:
    """Yield every row. `like`: some that were read before, by which the size of a batch is chosen."""
    return _rows(connection, statement, _batch(like) if like else 0)


def _rows(connection: Connection, statement: Select[Any], batch: int) -> Iterator[Sequence[Any]]:
    result = connection.execute(statement, execution_options={"stream_results": True})
    cursor: Any = result.cursor
    if batch and hasattr(cursor, "itersize"):
        cursor.itersize = batch
    ended = False
    try:
        if (first := result.fetchone()) is not None:  # SQLAlchemy has read this one, and none of the others
            yield first
            yield from cursor
        ended = True
    finally:
        if ended:
            result.close()
        else:
            _leave(connection, cursor)


def _batch(like: Sequence[Sequence[Any]]) -> int:
    largest = max(sum(len(one) if isinstance(one, str | bytes | memoryview) else 8 for one in row) for row in like)
    return max(1, min(MOST, BATCH_BYTES // (largest + 1)))


def _leave(connection: Connection, cursor: Any) -> None:
    """End in the middle: what is left is not read only to be thrown away."""
    connection.invalidate()
    if unread := getattr(cursor, "_result", None):
        unread.unbuffered_active = False  # else PyMySQL reads on from a connection that is closed
    with suppress(Exception):
        cursor.close()
