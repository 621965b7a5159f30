"""Erasing in a database: table after table, in batches that are a transaction each.

Whoever names goes before whoever is named, so that what was not reached yet is found again after a kill. What is only
looked up goes in the same transaction as the last row that named it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Update, delete, exists, or_, select, tuple_, update
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from requests_app.connectors.base import PermanentFailure, RetryLater
from requests_app.connectors.data_map.erasing import Naming
from requests_app.connectors.work import Instruction, Way

from .reach import Reach
from .shapes import Emptying, Shape

BATCH = 1000  # rows of one transaction


def conflicts(reach: Reach, items: Sequence[Instruction]) -> Iterator[str]:
    """Yield what of these decisions cannot be carried out together."""
    erasure, ways = reach.erasure, {item.table: item.way for item in items}
    for key, way in ways.items():
        if key not in erasure.data_map.by_key or way == Way.KEEP:
            continue
        if way == Way.ANONYMISE and key in erasure.own and key in reach.conditions and not reach.emptyings(key):
            yield f"the map keeps every column of {key}, so nothing of it becomes nobody's"
        if key not in erasure.own:
            if way == Way.ANONYMISE or erasure.way(key) != Way.ERASE:
                yield f"{key} is looked up by rows of others too, and the map does not say that it is erased"
        elif way == Way.ERASE:
            named = [one.table for one in erasure.named_by(key) if one.table in erasure.own]
            naming = [one for one in erasure.named_by(key) if one.table in named and erasure.holds_on(one, ways)]
            for table in dict.fromkeys(one.table for one in naming if one.table in reach.conditions):
                yield f"rows of {table} stay and name rows of {key}: decide to anonymise {key}, or to erase {table}"


class Erasing:
    """Use once. `records`: how many rows of each table were changed."""

    def __init__(self, connection: Connection, reach: Reach, ways: Mapping[str, Way]) -> None:
        self._connection, self._reach, self._ways = connection, reach, ways
        self._erasure, self._shapes = reach.erasure, reach.shapes
        self.records: dict[str, int] = {}

    def run(self) -> None:
        """Carry everything out; killed anywhere it may run again."""
        for key in self._erasure.own:
            way = self._ways.get(key, Way.KEEP)
            if way == Way.KEEP or self._reach.held(key) is None:
                continue
            try:
                self._end_circles(key)
                while self._batch(key, way):
                    pass
            except IntegrityError:
                raise PermanentFailure(
                    f"{key}: rows that the map does not lead to name rows of it, or may not stand without a value"
                ) from None
        _overwrite(self._connection)

    def _end_circles(self, key: str) -> None:
        """Empty the person's references to rows of this table that would be left when these go."""
        if self._ways[key] != Way.ERASE:
            return
        circles = [one for one in self._erasure.namings if one.named == key and self._erasure.ends_circle(one)]
        for naming in circles:
            if naming.table not in self._reach.conditions:
                continue
            emptying = self._shapes[naming.table].emptyings.get(naming.column)
            if emptying is None or self._ways.get(naming.table, Way.KEEP) == Way.KEEP:
                continue
            owed = emptying.is_owed(self._shapes[naming.table].source.c[naming.column])
            condition = self._reach.conditions[naming.table] & owed
            while self._changed(naming.table, condition, [emptying])[1]:
                pass

    def _batch(self, key: str, way: Way) -> bool:
        """Return whether there may be more."""
        if way == Way.ANONYMISE:
            condition = self._reach.held(key)
            emptyings = self._reach.emptyings(key)
            if condition is None or not emptyings:
                return False
            changed, more = self._changed(key, condition, emptyings)
        else:
            changed, more = self._changed(key, self._reach.conditions[key], None)
        self._count(key, changed)
        return more

    def _changed(
        self, key: str, condition: ColumnElement[bool], emptyings: Sequence[Emptying] | None
    ) -> tuple[int, bool]:
        """Empty, or delete, the next rows of a table in one transaction; return how many these were, and whether there
        may be more."""
        shape = self._shapes[key]
        emptied = None if emptyings is None else {one.column for one in emptyings}
        looking = [one for one in self._looks_up(key) if emptied is None or one.column in emptied]
        with self._connection.begin():
            if not shape.key:
                changed = self._without_key(key, condition, emptyings)
                return changed, changed == BATCH
            columns = [*shape.key, *(shape.source.c[one.column] for one in looking)]
            wanted = select(*columns).select_from(shape.source).where(condition).limit(BATCH)
            rows = self._connection.execute(wanted.with_for_update()).all()
            if not rows:
                return 0, False
            width = len(shape.key)
            keys = [tuple(row[:width]) for row in rows]
            done = self._statements(shape, condition, keys, emptyings)
            changed = sum(self._connection.execute(one).rowcount for one in done)
            for place, naming in enumerate(looking, start=width):
                self._drop(naming, {row[place] for row in rows if row[place] is not None})
        return changed, len(rows) == BATCH

    def _statements(
        self,
        shape: Shape,
        condition: ColumnElement[bool],
        keys: Sequence[tuple[Any, ...]],
        emptyings: Sequence[Emptying] | None,
    ) -> Iterator[Delete | Update]:
        if emptyings is None:
            yield delete(shape.source).where(_named(shape, keys), condition)
            return
        alone = any(one.random for one in emptyings)
        for some in [[key] for key in keys] if alone else [keys]:
            values = {one.column: one.value() for one in emptyings}
            yield update(shape.source).where(_named(shape, some), condition).values(values)

    def _without_key(self, key: str, condition: ColumnElement[bool], emptyings: Sequence[Emptying] | None) -> int:
        """Where no row can be named the database chooses which of them are the next."""
        shape = self._shapes[key]
        if self._connection.dialect.name not in {"mysql", "mariadb"}:
            raise PermanentFailure(f"{key} is no table, and the map names no primary_key: nothing of it can be erased")
        if emptyings is not None and any(one.random for one in emptyings):
            raise PermanentFailure(f"{key} has no primary key, and a column that is unique and may not be empty")
        if emptyings is None:
            return self._connection.execute(delete(shape.source).where(condition).ext(mysql.limit(BATCH))).rowcount
        values = {one.column: one.value() for one in emptyings}
        done = update(shape.source).where(condition).values(values).ext(mysql.limit(BATCH))
        return self._connection.execute(done).rowcount

    def _looks_up(self, key: str) -> list[Naming]:
        erasure = self._erasure
        named = [one for one in erasure.namings if one.table == key and one.named in erasure.looked_up]
        return [one for one in named if self._ways.get(one.named) == Way.ERASE]

    def _drop(self, naming: Naming, values: set[Any]) -> None:
        """Delete what was looked up and is named by nobody any more; then what that looked up."""
        if not values:
            return
        shape = self._shapes[naming.named]
        others = [one for one in self._erasure.namings if one.named == naming.named and one.table != one.named]
        still_named = [
            exists().where(self._shapes[one.table].source.c[one.column] == shape.source.c[one.named_column])
            for one in others
        ]
        condition = shape.source.c[naming.named_column].in_(values) & ~or_(*still_named)
        further = self._looks_up(naming.named)
        rows: Sequence[Any] = []
        if further:
            columns = [shape.source.c[one.column] for one in further]
            rows = self._connection.execute(select(*columns).where(condition)).all()
        self._count(naming.named, self._connection.execute(delete(shape.source).where(condition)).rowcount)
        for place, one in enumerate(further):
            self._drop(one, {row[place] for row in rows if row[place] is not None})

    def _count(self, key: str, records: int) -> None:
        self.records[key] = self.records.get(key, 0) + records


def _named(shape: Shape, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    if len(shape.key) == 1:
        return shape.key[0].in_([key[0] for key in keys])
    return tuple_(*shape.key).in_(keys)


def _overwrite(connection: Connection) -> None:
    """SQLite keeps what was erased in its log until that is emptied; whoever reads it just now is waited for."""
    if connection.dialect.name != "sqlite":
        return
    connection.rollback()
    busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
    connection.rollback()
    if busy:
        raise RetryLater("the log of the database is being read")
