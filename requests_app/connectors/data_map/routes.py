"""In which order tables are read, and by which rows of the tables before: each once, nobody's rows by a way back."""

from collections.abc import Iterator
from dataclasses import dataclass

from .model import BOTH, FROM, TO, DataMap, MapTable


@dataclass(frozen=True, slots=True)
class Edge:
    """Rows whose `column` is among the values of `source_column` in what was read of the table `source`.

    `down`: from the row that is named to the rows that name it, which may be many.
    """

    table: str
    column: str
    source: str
    source_column: str
    down: bool
    either_way: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A table, and the ways to it from tables that were read before. Where it has identities it is also searched."""

    table: MapTable
    edges: tuple[Edge, ...]
    level: int  # steps from a table that is searched


def visits(data_map: DataMap) -> tuple[Visit, ...]:
    """Return the tables that can be reached, in the order in which they are read."""
    edges = list(_edges(data_map))
    levels = _levels(data_map, edges)
    usable = [edge for edge in edges if _usable(edge, levels)]
    order: list[str] = []
    left = [table.key for table in data_map.tables if table.key in levels]
    while left:
        waiting = {key: sum(e.table == key and e.source in left and e.source != key for e in usable) for key in left}
        # In a circle no table has all its sources before it: the one nearest to the person begins.
        chosen = min(left, key=lambda key: (waiting[key] > 0, levels[key], left.index(key)))
        order.append(chosen)
        left.remove(chosen)
    done: list[Visit] = []
    for place, key in enumerate(order):
        before = set(order[:place])
        ways = tuple(edge for edge in usable if edge.table == key and edge.source in before)
        done.append(Visit(data_map.by_key[key], ways, levels[key]))
    return tuple(done)


def _edges(data_map: DataMap) -> Iterator[Edge]:
    for table in data_map.tables:
        for column in table.columns:
            for reference in column.references:
                either = reference.follow == BOTH
                if reference.follow in {FROM, BOTH}:
                    yield Edge(table.key, column.name, reference.table, reference.column, True, either)
                if reference.follow in {TO, BOTH}:
                    yield Edge(reference.table, reference.column, table.key, column.name, False, either)


def _levels(data_map: DataMap, edges: list[Edge]) -> dict[str, int]:
    reached = {table.key: 0 for table in data_map.tables if table.identities}
    level, newly = 0, set(reached)
    while newly:
        level += 1
        newly = {edge.table for edge in edges if edge.source in newly and edge.table not in reached}
        reached |= dict.fromkeys(newly, level)
    return reached


def _usable(edge: Edge, levels: dict[str, int]) -> bool:
    """Of a reference that may be followed either way, the one that leads away from the person is taken.

    Back towards the person it would lead to other people: from an address to everybody who lives there.
    """
    if edge.source not in levels or edge.source == edge.table:
        return False
    if not edge.either_way:
        return True
    ahead = levels[edge.table] - levels[edge.source]
    return ahead > 0 or (ahead == 0 and not edge.down)
