"""What an SQL source is told to do: plan and count, erase, and change what the map lets be changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from requests_app.connectors.base import PermanentFailure
from requests_app.connectors.data_map import DataMap, Visit
from requests_app.connectors.data_map.erasing import erasure_of
from requests_app.connectors.work import Carried, Instruction, Planned, Remaining, Way

from .database import Database
from .erasing import Erasing, conflicts
from .reach import Reach
from .shapes import shapes_of
from .wanted import Wanted


def planned(database: Database, data_map: DataMap, visits: Sequence[Visit], wanted: Wanted) -> list[Planned]:
    """Return what each table holds, in the order in which tables go, and what the map proposes."""
    with database.reading() as connection:
        reach = _reach(connection, data_map, visits, wanted)
        proposed = reach.erasure.proposed()
        return [
            Planned(key, records, way, why, _until(reach, key, way))
            for key, (way, why) in proposed.items()
            if (records := reach.count(key))
        ]


def remaining(database: Database, data_map: DataMap, visits: Sequence[Visit], wanted: Wanted) -> list[Remaining]:
    """Count what is still reached."""
    with database.reading() as connection:
        reach = _reach(connection, data_map, visits, wanted)
        counted = [(key, reach.count(key)) for key in (*reach.erasure.own, *reach.erasure.looked_up)]
        return [Remaining(key, count) for key, count in counted if count]


def erased(
    database: Database, data_map: DataMap, visits: Sequence[Visit], wanted: Wanted, items: Sequence[Instruction]
) -> list[Carried]:
    """Carry the items out; of what was reached at the beginning each row is counted again at the end."""
    items = list(items)
    with database.writing() as connection:
        reach = _reach(connection, data_map, visits, wanted)
        for conflict in conflicts(reach, items):
            raise PermanentFailure(conflict)
        connection.rollback()
        erasing = Erasing(connection, reach, {item.table: item.way for item in items})
        erasing.run()
        after = Reach(connection, visits, reach.erasure, reach.shapes, wanted)
        return [_carried(item, erasing, reach, after) for item in items]


def _carried(item: Instruction, erasing: Erasing, before: Reach, after: Reach) -> Carried:
    counted = before if item.table in before.erasure.own else after
    return Carried(item.table, item.way, erasing.records.get(item.table, 0), left=counted.count(item.table))


def _reach(connection: Connection, data_map: DataMap, visits: Sequence[Visit], wanted: Wanted) -> Reach:
    shapes = shapes_of(connection, data_map.tables)
    fixed = frozenset((key, column) for key, shape in shapes.items() for column in shape.fixed | shape.unmapped)
    return Reach(connection, visits, replace(erasure_of(data_map, visits), fixed=fixed), shapes, wanted)


def _until(reach: Reach, key: str, way: Way) -> date | None:
    keeping = reach.erasure.data_map.by_key[key].keeping
    if way != Way.KEEP or keeping is None or not keeping.counted_from:
        return None
    return keeping.until([reach.latest(key, keeping.counted_from)])


@contextmanager
def changing_rows(database: Database, data_map: DataMap, visits: Sequence[Visit], wanted: Wanted) -> Iterator[Reach]:
    """The rows of a person, on a connection that may write and is in no transaction."""
    with database.writing() as connection:
        reach = _reach(connection, data_map, visits, wanted)
        connection.rollback()
        yield reach
