"""The shape of mapped tables in the database: keys, and what a column takes in place of a value.

It is asked for when something is to be changed, never to read.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnClause,
    Connection,
    Inspector,
    Integer,
    Text,
    cast,
    column,
    func,
    inspect,
    literal_column,
    table,
    types,
)
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql import ColumnElement, TableClause

from requests_app.connectors.data_map import MapTable

from .kinds import kind_of

ROW = {"postgresql": "ctid", "sqlite": "rowid"}  # what names a row of a table without a key
NIL = "00000000-0000-0000-0000-000000000000"
FIXED: Mapping[str, Any] = {
    "number": 0, "text": "", "boolean": False, "date": "1900-01-01", "instant": "1900-01-01 00:00:00", "json": "{}",
    "binary": b"",
}  # fmt: skip
SIGN = "~"  # with which a random text begins


@dataclass(frozen=True, slots=True)
class Emptying:
    """What a column gets: nothing where it may be empty, else a fixed value, or a random one where it is unique."""

    column: str
    kind: str
    nullable: bool
    unique: bool = False
    length: int | None = None

    @property
    def random(self) -> bool:
        """Whether each row gets another value."""
        return self.unique and not self.nullable

    def value(self) -> Any:
        """Return what stands there afterwards."""
        if self.nullable:
            return None
        if not self.random:
            return NIL if self.kind == "uuid" else FIXED[self.kind]
        if self.kind == "number":
            return -1 - secrets.randbelow(2**31 - 1)
        return (SIGN + secrets.token_hex(16))[: self.length or 33]

    def is_owed(self, held: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that the column still holds something."""
        if self.nullable:
            return held.is_not(None)
        if self.random:
            return held >= 0 if self.kind == "number" else cast(held, Text).not_like(f"{SIGN}%")
        if self.kind == "binary":
            return func.length(held, type_=Integer) > 0
        compared: ColumnElement[Any] = cast(held, Text) if self.kind in {"json", "uuid"} else held
        return compared.is_distinct_from(self.value())


@dataclass(frozen=True)
class Shape:
    """`key`: its columns, none where a row cannot be named. `fixed`: mapped columns that cannot be emptied.

    `unmapped`: columns that the map does not name.
    """

    source: TableClause
    key: tuple[ColumnElement[Any], ...]
    emptyings: Mapping[str, Emptying] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    unmapped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """What the database tells of the mapped tables of one schema, each asked for once for all of them."""

    columns: Mapping[str, Sequence[Mapping[str, Any]]]
    keys: Mapping[str, Sequence[str]]
    unique: Mapping[str, frozenset[str]]  # alone
    tables: frozenset[str]  # without views


def shapes_of(connection: Connection, tables: Iterable[MapTable]) -> dict[str, Shape]:
    """Ask the database; a table that is not there raises, as it would when it is read."""
    inspector, described = inspect(connection), list(tables)
    names: dict[str, list[str]] = {}
    for one in described:
        names.setdefault(one.schema, []).append(one.name)
    told = {schema: _told(inspector, schema or None, some) for schema, some in names.items()}
    return {one.key: _shape(told[one.schema], connection.dialect.name, one) for one in described}


def _told(inspector: Inspector, schema: str | None, names: Sequence[str]) -> Told:
    about: dict[str, Any] = {"schema": schema, "filter_names": names, "kind": ObjectKind.ANY}
    columns = {str(name): rows for (_, name), rows in inspector.get_multi_columns(**about).items()}
    if missing := [name for name in names if name not in columns]:
        raise NoSuchTableError(missing[0])
    about["kind"] = ObjectKind.TABLE
    keys = inspector.get_multi_pk_constraint(**about).items()
    sets: dict[str, list[Sequence[str | None]]] = {name: [] for name in names}
    for (_, name), constraints in inspector.get_multi_unique_constraints(**about).items():
        sets[str(name)] += [one["column_names"] for one in constraints]
    for (_, name), indexes in inspector.get_multi_indexes(**about).items():
        sets[str(name)] += [one["column_names"] for one in indexes if one["unique"]]
    return Told(
        columns,
        {str(name): list(map(str, found["constrained_columns"] if found else ())) for (_, name), found in keys},
        {name: frozenset(str(one[0]) for one in some if len(one) == 1) for name, some in sets.items()},
        frozenset(inspector.get_table_names(schema)),
    )


def _shape(told: Told, dialect: str, described: MapTable) -> Shape:
    name, schema = described.name, described.schema or None
    there = {str(one["name"]): one for one in told.columns[name]}
    is_table = name in told.tables
    primary = tuple(told.keys.get(name, ()) if is_table else ()) or described.primary_key
    unique = told.unique[name] if is_table else frozenset[str]()
    emptyings, fixed = {}, set(primary)
    for one in described.columns:
        if one.name in there and one.name not in primary:
            emptying = _emptying(there[one.name], one.name in unique, said=one.kind)
            if emptying is None or (one.references and not emptying.nullable):
                fixed.add(one.name)
            else:
                emptyings[one.name] = emptying
    names = dict.fromkeys([*(one.name for one in described.columns), *primary])
    columns: list[ColumnClause[Any]] = [column(one) for one in names]
    source = table(name, *columns, schema=schema)
    key: tuple[ColumnElement[Any], ...] = tuple(source.c[one] for one in primary)
    if not key and is_table and dialect in ROW:
        key = (literal_column(ROW[dialect]),)
    unmapped = frozenset(there) - {one.name for one in described.columns}
    return Shape(source, key, emptyings, frozenset(fixed), unmapped)


def _emptying(found: Any, unique: bool, *, said: str) -> Emptying | None:
    """None where nothing is known that could stand there. `said`: the kind of the map; MariaDB has JSON as text."""
    kind = "uuid" if isinstance(found["type"], types.Uuid) else kind_of(found["type"])
    kind = "json" if (said, kind) == ("json", "text") else kind
    if isinstance(found["type"], types.Enum) and not found["nullable"]:
        return None
    length = getattr(found["type"], "length", None)
    return Emptying(str(found["name"]), kind, bool(found["nullable"]), unique, length if kind == "text" else None)
