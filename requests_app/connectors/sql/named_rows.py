"""Whether what a reference of the map names is one row. If it is several, rows of others are handed out with them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Inspector

from requests_app.connectors.data_map import DataMap, MapTable, Reference

from .findings import Finding

Sets = Sequence[Sequence[str]]


def rows_named(data_map: DataMap, inspector: Inspector, schema: str) -> Iterator[Finding]:
    """Yield the references between a schema's tables that name more than one row, or rows of their own table."""
    there = set(inspector.get_table_names(schema or None))  # of a view nobody knows what is unique
    tables = {table.key: table for table in data_map.tables if table.schema == schema and table.name in there}
    unique = {key: _unique(inspector, table) for key, table in tables.items()}
    for table in tables.values():
        joint = [key for key in inspector.get_foreign_keys(table.name, schema or None) if _is_joint(key)]
        for column in table.columns:
            for reference in column.references:
                place = f"{table.key}.{column.name}"
                if reference.table == table.key:
                    words = "names rows of its own table, which is not followed: only rows found in another way come"
                    yield Finding(place, words, wrong=False)
                elif reference.table in tables and [reference.column] not in unique[reference.table]:
                    yield _several(place, column.name, reference, tables[reference.table], joint)


def _several(
    place: str, column: str, reference: Reference, named: MapTable, joint: Sequence[Mapping[str, Any]]
) -> Finding:
    for key in joint:
        if column in key["constrained_columns"] and key["referred_table"] == named.name:
            ours = ", ".join(key["constrained_columns"])
            words = f"only {ours} together name a row of {named.key}, and one of them rows of others too"
            how = 'join them in views, and map these: docs/data-sources.md, "Keys of several columns"'
            return Finding(place, f"{words}: {how}")
    words = (
        f"rows of others may have the same {reference.table}.{reference.column}, which is not unique: is that meant?"
    )
    return Finding(place, words, wrong=False)


def _unique(inspector: Inspector, table: MapTable) -> Sets:
    schema = table.schema or None
    keys: list[Sequence[str | None]] = [inspector.get_pk_constraint(table.name, schema)["constrained_columns"]]
    keys += [one["column_names"] for one in inspector.get_unique_constraints(table.name, schema)]
    keys += [one["column_names"] for one in inspector.get_indexes(table.name, schema) if one["unique"]]
    return [[str(name) for name in one] for one in keys]


def _is_joint(key: Mapping[str, Any]) -> bool:
    return len(key["constrained_columns"]) > 1
