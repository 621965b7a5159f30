"""In which tables each row is a person, and by which columns their rows are told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from requests_app.connectors.data_map import Edge, MapTable, Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY


@dataclass(frozen=True, slots=True)
class Tables:
    """`keys`: of each table of people. `alone`: those in which an address is searched and no row is a person.
    `led_to`: those whose rows name an address, and are not searched. `by_identifier`: those in which no address is
    searched. `without_key`: of people, whose rows nothing but an address tells apart."""

    keys: Mapping[str, tuple[str, ...]]
    alone: tuple[str, ...]
    led_to: tuple[str, ...]
    by_identifier: tuple[str, ...]
    without_key: tuple[str, ...]

    @property
    def under_the_address(self) -> tuple[str, ...]:
        """Those that hold what nobody in particular has."""
        return self.alone + self.led_to


def tables_of_people(visits: Sequence[Visit]) -> Tables:
    """A table with addresses is one of people where the map says so and, where it says nothing, if its rows have an
    identifier or rows of other tables belong to them."""
    searched = [visit.table for visit in visits if visit.table.identities]
    people = [table for table in searched if _is_of_people(table, visits)]
    keys = {table.key: key for table in people if (key := _key(table, visits))}
    with_address = [table.key for table in searched if _has_address(table)]
    addresses = address_columns(visits)
    led_to = [v.table.key for v in visits if any(goes_by_address(one, addresses) for one in v.edges)]
    return Tables(
        keys,
        tuple(one for one in with_address if one not in keys),
        tuple(one for one in led_to if one not in with_address),
        tuple(table.key for table in searched if not _has_address(table)),
        tuple(table.key for table in people if table.key not in keys),
    )


def address_columns(visits: Sequence[Visit]) -> frozenset[tuple[str, str]]:
    """Return (table, column) of all in which addresses are searched."""
    return frozenset(
        (visit.table.key, one.name)
        for visit in visits
        for one in visit.table.identities
        if one.identity == EMAIL_IDENTITY
    )


def goes_by_address(edge: Edge, addresses: frozenset[tuple[str, str]]) -> bool:
    """Whether rows name an address, and with it everybody who has it."""
    return (edge.source, edge.source_column) in addresses or (edge.table, edge.column) in addresses


def _has_address(table: MapTable) -> bool:
    return any(one.identity == EMAIL_IDENTITY for one in table.identities)


def _is_of_people(table: MapTable, visits: Sequence[Visit]) -> bool:
    if table.people is False or not _has_address(table):
        return False
    identifiers = [one for one in table.identities if one.identity != EMAIL_IDENTITY]
    return bool(table.people or _named(table, visits) or identifiers)


def _named(table: MapTable, visits: Sequence[Visit]) -> set[str]:
    return {e.source_column for visit in visits for e in visit.edges if e.down and e.source == table.key}


def _key(table: MapTable, visits: Sequence[Visit]) -> tuple[str, ...]:
    """An address is no key: people share it."""
    addresses = {one.name for one in table.identities if one.identity == EMAIL_IDENTITY}
    if set(table.primary_key) - addresses:
        return table.primary_key
    identifiers = [one.name for one in table.identities if one.identity != EMAIL_IDENTITY]
    return tuple(sorted(_named(table, visits) - addresses)) or tuple(identifiers)
