"""What of a data map would stop an erasure, or leave something behind that nobody meant to keep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, Inspector, inspect

from requests_app.connectors.at_erasure import MASK
from requests_app.connectors.data_map import DataMap, Visit
from requests_app.connectors.data_map.erasing import Erasure, erasure_of
from requests_app.connectors.work import Way

from .database import Database
from .findings import Finding
from .shapes import Shape, shapes_of


def of_erasing(data_map: DataMap, visits: Sequence[Visit], connection: Connection) -> Iterator[Finding]:
    """Yield them; asked where an account that may write is configured."""
    shapes = shapes_of(connection, data_map.tables)
    fixed = frozenset((key, column) for key, shape in shapes.items() for column in shape.fixed | shape.unmapped)
    erasure = replace(erasure_of(data_map, visits), fixed=fixed)
    proposed = erasure.proposed()
    yield from _tables(erasure, shapes, {key: way for key, (way, _) in proposed.items()})
    yield from _circles(erasure, shapes)
    yield from _named_only(erasure, visits)
    yield from _unmapped(erasure, inspect(connection), {key for key, (way, _) in proposed.items() if way == Way.ERASE})


def of_accounts(reader: Database, writer: Database) -> Iterator[Finding]:
    """Yield whether the account that erases is also the one that is asked what is left."""
    one, other = reader.engine.url, writer.engine.url
    if one.get_backend_name() != "sqlite" and (one.username, one.host) == (other.username, other.host):
        words = "is the account of url, too: whoever erases also says that it is gone. Let url only read"
        yield Finding("write_url", words, wrong=False)


def _tables(erasure: Erasure, shapes: Mapping[str, Shape], ways: Mapping[str, Way]) -> Iterator[Finding]:
    for key, way in ways.items():
        table = erasure.data_map.by_key[key]
        if key not in erasure.own and not table.said:
            words = "is looked up by rows of others too, and stays at an erasure"
            how = 'say at_erasure = "delete", and each row goes with the last that names it, or "keep"'
            yield Finding(key, f"{words}: {how}", wrong=False)
        elif way == Way.KEEP and table.keeping is None:
            words = "is kept at an erasure, and the person has to be told why"
            how = 'keep = { reason = "...", years = 10, from = "column" }'
            yield Finding(key, f"{words}: {how}", wrong=False)
        elif way == Way.ANONYMISE and erasure.way(key) == Way.ERASE:
            naming = ", ".join(dict.fromkeys(one.table for one in erasure.named_by(key)))
            yield Finding(key, f"its rows lose their values and stay, because rows of {naming} name them", wrong=False)
        if way == Way.ANONYMISE and shapes[key].unmapped:
            names = ", ".join(sorted(shapes[key].unmapped))
            yield Finding(key, f"is emptied at an erasure but for what the map does not name: {names}", wrong=False)
        if way != Way.KEEP and not shapes[key].key:
            yield Finding(key, "has no primary key by which a row could be named: write primary_key", wrong=False)
        for column in table.columns:
            if column.at_erasure == MASK and (key, column.name) in erasure.fixed:
                words = "is a key, or names a row and may not be empty: it is never masked"
                yield Finding(f"{key}.{column.name}", words, wrong=False)


def _circles(erasure: Erasure, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    for naming in erasure.namings:
        if naming.table in erasure.own and naming.named in erasure.own and erasure.ends_circle(naming):
            emptying = shapes[naming.table].emptyings.get(naming.column)
            if emptying is None and naming.table in shapes and erasure.way(naming.named) == Way.ERASE:
                words = f"and {naming.named} name each other, and it may not be empty: neither could go first"
                yield Finding(f"{naming.table}.{naming.column}", words)


def _named_only(erasure: Erasure, visits: Sequence[Visit]) -> Iterator[Finding]:
    for visit in visits:
        ups = [edge.source for edge in visit.edges if not edge.down]
        if visit.table.key in erasure.own and ups:
            words = f"rows that only {', '.join(ups)} names are handed out, and not erased: they may be other people"
            yield Finding(visit.table.key, words, wrong=False)


def _unmapped(erasure: Erasure, inspector: Inspector, erased: set[str]) -> Iterator[Finding]:
    mapped = {(table.schema, table.name): table.key for table in erasure.data_map.tables}
    for schema in sorted({table.schema for table in erasure.data_map.tables}):
        for name in inspector.get_table_names(schema or None):
            if (schema, name) in mapped:
                continue
            keys = inspector.get_foreign_keys(name, schema or None)
            named = {mapped.get((key["referred_schema"] or schema, key["referred_table"])) for key in keys}
            if stopped := sorted(one for one in named if one in erased and one):
                words = f"is not in the map and refers to {', '.join(stopped)}: a row that it names cannot be erased"
                yield Finding(name, words, wrong=False)
