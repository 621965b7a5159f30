"""In which tables each row is a person, and by which columns their rows are told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from requests_app.connectors.data_map import MapTable, Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY


@dataclass(frozen=True, slots=True)
class Tables:
    """`keys`: of each table of people. `alone`: those in which an address is searched and no row is a person.
    `by_identifier`: those in which no address is searched."""

    keys: Mapping[str, tuple[str, ...]]
    alone: tuple[str, ...]
    by_identifier: tuple[str, ...]


def tables_of_people(visits: Sequence[Visit]) -> Tables:
    """A table with addresses is one of people where the map says so and, where it says nothing, if its rows have an
    identifier or rows of other tables belong to them."""
    searched = [visit.table for visit in visits if visit.table.identities]
    keys = {table.key: key for table in searched if (key := _key(table, visits))}
    with_address = [table.key for table in searched if _has_address(table)]
    return Tables(
        keys,
        tuple(one for one in with_address if one not in keys),
        tuple(table.key for table in searched if not _has_address(table)),
    )


def _has_address(table: MapTable) -> bool:
    return any(one.identity == EMAIL_IDENTITY for one in table.identities)


def _key(table: MapTable, visits: Sequence[Visit]) -> tuple[str, ...]:
    if table.people is False or not _has_address(table):
        return ()
    named = {e.source_column for visit in visits for e in visit.edges if e.down and e.source == table.key}
    identifiers = [one.name for one in table.identities if one.identity != EMAIL_IDENTITY]
    if not named and not identifiers and not table.people:
        return ()
    return table.primary_key or tuple(sorted(named)) or tuple(identifiers)
