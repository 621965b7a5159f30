"""One reading of all that is held of a person: table after table, each asked for by what was read before.

Of a few rows the values that lead on are kept and named in the next statement; of many the next statement asks for
them itself. So neither the memory nor the length of a statement grows with what is held.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnClause, Connection, Select, and_, case, column, or_, select, table, union
from sqlalchemy.sql import ColumnElement, TableClause

from requests_app.connectors.base import PermanentFailure
from requests_app.connectors.data_map import Edge, MapTable, Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY
from requests_app.connectors.records import Lines, Record, in_lines
from requests_app.rules.addresses import normalise

from . import copying
from .comparing import EXACT, holds
from .rows import PROBE, streamed
from .tables_of_people import address_columns, goes_by_address
from .wanted import Wanted, Whom, compared, values_of

MANY = 500  # values named in a statement


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One condition by which rows are the person's. `searched`: by an identity; `few`: its values stand in it."""

    condition: ColumnElement[bool]
    searched: bool = False
    few: bool = True


def relation(described: MapTable) -> TableClause:
    """Return the table with the columns of the map; nothing is asked of the database for it."""
    columns: list[ColumnClause[Any]] = [column(one.name) for one in described.columns]
    return table(described.name, *columns, schema=described.schema or None)


def searched(described: MapTable, source: TableClause, wanted: Wanted, dialect: str) -> ColumnElement[bool] | None:
    """Return the condition that a row has an identity of the person, None where the table has none of these."""
    ways = [way for whom in wanted if (way := _meant(described, source, whom, dialect)) is not None]
    return or_(*ways) if ways else None


def _meant(described: MapTable, source: TableClause, whom: Whom, dialect: str) -> ColumnElement[bool] | None:
    conditions = [
        holds(source.c[one.name], whom.values[one.identity], dialect=dialect, normalised=one.normalised)
        for one in described.identities
        if whom.values.get(one.identity)
    ]
    rows = whom.rows(described.key)
    if not conditions or rows is None:
        return or_(*conditions) if conditions else None
    known = [row for row in rows if row and all(described.column(name) for name in row)]
    if not known:
        return None
    named = [and_(*(source.c[name] == compared(value) for name, value in row.items())) for row in known]
    return and_(or_(*conditions), or_(*named))


def is_apart(edge: Edge, wanted: Wanted, addresses: frozenset[tuple[str, str]]) -> bool:
    """Whether a way is not followed from row to row: it would lead from one to all who share the address."""
    return any(whom.only is not None for whom in wanted) and goes_by_address(edge, addresses)


def under_address(edge: Edge, target: TableClause, wanted: Wanted, dialect: str) -> ColumnElement[bool] | None:
    """Return the condition for rows that name the address of whoever is meant with these; None where nobody is."""
    meant = [one for whom in wanted if whom.rows(edge.table) is None for one in whom.values.get(EMAIL_IDENTITY, ())]
    return holds(target.c[edge.column], meant, dialect=dialect, normalised=False) if meant else None


class Reading:
    """Use once: `records` is the stream."""

    def __init__(self, connection: Connection, visits: Sequence[Visit], wanted: Wanted) -> None:
        self._connection, self._visits, self._wanted = connection, visits, wanted
        self._identities = values_of(wanted)
        self._addresses = address_columns(visits)
        self._dialect = connection.dialect.name
        self._leading: dict[str, set[str]] = {}  # table: columns whose values lead on
        for edge in (edge for visit in visits for edge in visit.edges):
            self._leading.setdefault(edge.source, set()).add(edge.source_column)
        self._values: dict[tuple[str, str], set[Any] | None] = {}  # None: more than are named
        self._relations = {visit.table.key: relation(visit.table) for visit in visits}
        self._ways: dict[str, list[Way]] = {}

    def records(self) -> Iterator[Record | Lines]:
        """Yield everything, the records of a table one after another, each once."""
        for visit in self._visits:
            key = visit.table.key
            for name in self._leading.get(key, ()):
                self._values[key, name] = set()
            self._ways[key] = ways = self._ways_to(visit)
            for statement, only_searched in self._statements(visit.table, ways):
                yield from self._read(visit.table, statement, only_searched=only_searched)

    def _ways_to(self, visit: Visit) -> list[Way]:
        ways = []
        source = self._relations[visit.table.key]
        if (condition := searched(visit.table, source, self._wanted, self._dialect)) is not None:
            ways.append(Way(condition, searched=True))
        for edge in visit.edges:
            if is_apart(edge, self._wanted, self._addresses):
                if (condition := under_address(edge, source, self._wanted, self._dialect)) is not None:
                    ways.append(Way(condition))
                continue
            values = self._values[edge.source, edge.source_column]
            if values:
                ways.append(Way(source.c[edge.column].in_(list(values))))
            elif values is None:
                ways.append(Way(source.c[edge.column].in_(self._asked_within(edge)), few=False))
        return ways

    def _asked_within(self, edge: Edge) -> Select[Any]:
        """Return the values that lead on, as a statement within the next one."""
        if self._dialect not in EXACT:
            raise PermanentFailure(
                f"more than {MANY} rows of {edge.source} lead on: this kind of database is not asked"
            )
        source = self._relations[edge.source]
        parts = [select(source.c[edge.source_column]).where(way.condition) for way in self._ways[edge.source]]
        if len(parts) == 1:
            return parts[0]
        return select(union(*parts).subquery())

    def _statements(self, described: MapTable, ways: list[Way]) -> Iterator[tuple[Select[Any], bool]]:
        """Yield the statements of a table, and whether only an identity leads to its rows.

        Conditions with values are asked together; each other apart, without the rows before it, so that the index of
        its column serves.
        """
        source = self._relations[described.key]
        together = [way for way in ways if way.few and self._dialect in EXACT]
        groups = [together] if together else []
        groups += [[way] for way in ways if way not in together]
        before: list[ColumnElement[bool]] = []
        for group in groups:
            statement = select(*source.c).where(or_(*(way.condition for way in group)))
            if before:
                statement = statement.where(case((or_(*before), 1), else_=0) == 0)
            before += [way.condition for way in group]
            yield statement, all(way.searched for way in group)

    def _read(self, described: MapTable, statement: Select[Any], *, only_searched: bool) -> Iterator[Record | Lines]:
        rows: Iterator[Sequence[Any]]
        if self._connection.dialect.driver == "psycopg2":
            result = self._connection.execute(statement.limit(PROBE + 1))
            oids: list[Any] = [one[1] for one in result.cursor.description or ()] if result.cursor else []
            first = result.fetchall()
            if len(first) > PROBE:
                self._lead_by_asking(described)
                if (whole := copying.statement(statement, oids)) is not None:
                    yield from copying.lines(self._connection, described.key, whole)
                    return
                rows = streamed(self._connection, statement, like=first)
                first = []  # they may be large, and come again
                yield from in_lines(described.key, self._values_of(described, rows, only_searched=only_searched))
                return
            rows = iter(_in_order(first, described))
        else:
            rows = streamed(self._connection, statement)
        for values in self._values_of(described, rows, only_searched=only_searched):
            yield Record(described.key, values)

    def _values_of(
        self, described: MapTable, rows: Iterator[Sequence[Any]], *, only_searched: bool
    ) -> Iterator[dict[str, Any]]:
        names = [one.name for one in described.columns]
        kinds = None if self._dialect == "postgresql" else [one.kind for one in described.columns]
        leading = [(names.index(name), name) for name in self._leading.get(described.key, ())]
        identities = [(names.index(one.name), one.identity) for one in described.identities]
        meant: dict[int, set[str]] = {place: set() for place, _ in identities}  # the spellings that were compared
        for row in rows:
            for place, spellings in meant.items() if only_searched else ():
                if row[place] in spellings:
                    break
            else:
                if only_searched and not self._takes(row, identities, meant):
                    continue
            for place, name in leading:
                self._lead_on(described.key, name, row[place])
            values = row if kinds is None else [_plain(kind, one) for kind, one in zip(kinds, row, strict=True)]
            yield dict(zip(names, values, strict=True))

    def _takes(self, row: Sequence[Any], identities: Sequence[tuple[int, str]], meant: Mapping[int, set[str]]) -> bool:
        """Whether a row has an identity of the person; its spelling is kept."""
        found = [place for place, identity in identities if self._is_meant(row[place], identity)]
        for place in found:
            meant[place].add(row[place])
        return bool(found)

    def _is_meant(self, value: Any, identity: str) -> bool:
        return value is not None and normalise(str(value)) in self._identities.get(identity, ())

    def _lead_on(self, key: str, name: str, value: Any) -> None:
        values = self._values[key, name]
        if value is None or values is None:
            return
        if isinstance(value, list | dict):
            raise PermanentFailure(f"{key}.{name} holds several values, and cannot lead to rows of another table")
        values.add(bytes(value) if isinstance(value, memoryview) else value)
        if len(values) > MANY:
            self._values[key, name] = None

    def _lead_by_asking(self, described: MapTable) -> None:
        for name in self._leading.get(described.key, ()):
            self._values[described.key, name] = None


def _in_order(rows: Sequence[Any], described: MapTable) -> Sequence[Any]:
    if not described.primary_key or len(rows) < 2:
        return rows
    names = [one.name for one in described.columns]
    places = [names.index(name) for name in described.primary_key]
    return sorted(rows, key=lambda row: [row[place] for place in places])


def _plain(kind: str, value: Any) -> Any:
    """What the database has no type of its own for, by the kind that the map gives."""
    if value is None:
        return None
    if kind == "boolean" and isinstance(value, int | bytes):
        return bool(int.from_bytes(value, "big") if isinstance(value, bytes) else value)
    if kind == "json" and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
