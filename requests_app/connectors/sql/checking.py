"""A data map against the database as it is: what could not be read, and what would not be handed out."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Inspector, inspect

from requests_app.connectors.data_map import DataMap, MapColumn, MapTable, Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY, TO

from .database import Database
from .erasing_findings import of_erasing
from .findings import Finding
from .kinds import kind_of
from .named_rows import rows_named
from .tables_of_people import tables_of_people

# A whole number that a database has for yes and no, and a text in which JSON is kept, are meant so.
ALSO = {
    ("boolean", "number"),
    ("number", "boolean"),
    ("boolean", "binary"),
    ("json", "text"),
    ("instant", "text"),
    ("date", "text"),
}


def check(data_map: DataMap, visits: Sequence[Visit], database: Database, *, may_write: bool = False) -> list[Finding]:
    """Return everything that is to be mended or known; raises RetryLater where the database is away.

    `may_write`: also what concerns erasing.
    """
    found = [Finding(place, words, wrong=False) for place, words in data_map.left_out]
    with database.reading() as connection:
        inspector = inspect(connection)
        for schema in sorted({table.schema for table in data_map.tables}):
            found += _tables(data_map, inspector, schema)
        if may_write and not any(one.wrong for one in found):  # else its columns cannot be asked for
            found += of_erasing(data_map, visits, connection)
    found += _routes(data_map, visits)
    found += _people(data_map, visits)
    found += _meanings(data_map)
    return found


def _tables(data_map: DataMap, inspector: Inspector, schema: str) -> Iterator[Finding]:
    there = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
    mapped = {table.name: table for table in data_map.tables if table.schema == schema}
    types_of: dict[tuple[str, str], str] = {}
    for name, table in mapped.items():
        if name not in there:
            near = ", ".join(sorted(there)) or "none"
            yield Finding(table.key, f"the database has no table {name}; it has: {near}. Mend the name, or its schema")
            continue
        columns = {str(one["name"]): one for one in inspector.get_columns(name, schema or None)}
        types_of |= {(table.key, column): kind_of(one["type"]) for column, one in columns.items()}
        yield from _columns(table, columns)
        key = tuple(inspector.get_pk_constraint(name, schema or None)["constrained_columns"])
        if key and table.primary_key != key:
            yield Finding(table.key, f"the primary key is {', '.join(key)}: write primary_key = {_listed(key)}", False)
    for table in mapped.values():
        for column in table.columns:
            yield from _references(table, column, types_of)
    yield from rows_named(data_map, inspector, schema)
    for name in sorted(set(there) - set(mapped)):
        keys = inspector.get_foreign_keys(name, schema or None)
        named = sorted({str(key["referred_table"]) for key in keys} & set(mapped))
        leads = f"; it refers to {', '.join(named)}, so it may hold data of people" if named else ""
        yield Finding(name, f"is not in the map, so nothing of it is handed out{leads}", wrong=False)


def _columns(table: MapTable, columns: dict[str, Any]) -> Iterator[Finding]:
    for column in table.columns:
        place = f"{table.key}.{column.name}"
        if column.name not in columns:
            there = ", ".join(columns)
            yield Finding(place, f"the table has no such column; it has: {there}. Mend the name, or take it out")
            continue
        kind = kind_of(columns[column.name]["type"])
        if kind != column.kind and (column.kind, kind) not in ALSO:
            said = f'the map says {column.kind}, the database has {kind}: write kind = "{kind}"'
            yield Finding(place, said, wrong=column.kind != "text")
    for name in [name for name in columns if table.column(name) is None]:
        needed = "" if columns[name]["nullable"] else " (NOT NULL)"
        yield Finding(
            f"{table.key}.{name}", f"{needed} is not in the map, so it is not handed out".strip(), wrong=False
        )


def _references(table: MapTable, column: MapColumn, types_of: dict[tuple[str, str], str]) -> Iterator[Finding]:
    for reference in column.references:
        one, other = types_of.get((table.key, column.name)), types_of.get((reference.table, reference.column))
        if one and other and one != other:
            words = f"is {one}, and {reference.table}.{reference.column} is {other}: the database cannot compare them"
            yield Finding(f"{table.key}.{column.name}", words)


def _routes(data_map: DataMap, visits: Sequence[Visit]) -> Iterator[Finding]:
    reached = {visit.table.key for visit in visits}
    for table in data_map.tables:
        if table.key not in reached:
            how = 'give a column identity = "email", or references = "table.column" to a table of the person'
            looked_up = [c.name for c in table.columns if any(one.follow == TO for one in c.references)]
            if looked_up:
                how = f'{", ".join(looked_up)} has follow = "to"; where rows belong to the row they name, write "from"'
            yield Finding(table.key, f"no way leads from a person to this table, so it is never read: {how}")
    up = {edge.table for visit in visits for edge in visit.edges if not edge.down}
    down = {edge.table for visit in visits for edge in visit.edges if edge.down}
    for visit in visits:
        own = any(one.identity == EMAIL_IDENTITY for one in visit.table.identities)
        for edge in visit.edges:
            if own and edge.down:
                words = f"has addresses of its own, and rows of others may name {edge.source} too: is each row theirs?"
                yield Finding(f"{edge.table}.{edge.column}", words, wrong=False)
            if edge.down and edge.source in up - down:
                words = f'is reached by way of {edge.source}, which rows of others may name too: say follow = "to"'
                words += f", unless each row of {edge.source} is of one person"
                yield Finding(f"{edge.table}.{edge.column}", words, wrong=False)


def _people(data_map: DataMap, visits: Sequence[Visit]) -> Iterator[Finding]:
    tables = tables_of_people(visits)
    for table in data_map.tables:
        if table.people is not None:
            continue
        if table.key in tables.keys:
            words = "each row is taken for a person, so staff choose where two have one address: if none is, write"
            yield Finding(table.key, f"{words} people = false", wrong=False)
        elif table.key in tables.alone and table.primary_key:
            words = "rows with one address are taken to be of one person, and go together: if each is a person, write"
            yield Finding(table.key, f"{words} people = true", wrong=False)


def _meanings(data_map: DataMap) -> Iterator[Finding]:
    for name in ("category", "purpose", "basis", "origin", "retention"):
        without = [t.key for t in data_map.tables if any(not str(getattr(c.about, name)) for c in t.columns)]
        if without:
            words = f"no {name} is told for columns of {', '.join(without)}: an answer has to say it (GDPR 15(1))"
            yield Finding(name, words, wrong=False)


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
