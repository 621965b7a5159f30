"""Which rows are a person's, as conditions: found anew from their identities, whatever was erased before.

Values that lead on are named where they are few, and asked for within the statement where they are many.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.sql import ColumnElement, TableClause

from requests_app.connectors.base import NotOffered
from requests_app.connectors.data_map import Edge, Visit
from requests_app.connectors.data_map.erasing import Erasure, is_emptied

from .comparing import EXACT
from .reading import MANY, is_apart, searched, under_address
from .shapes import Emptying, Shape
from .tables_of_people import address_columns
from .wanted import Wanted


class Reach:
    """`conditions`: of each own table the person's rows, of what is looked up the rows that those name."""

    def __init__(
        self,
        connection: Connection,
        visits: Sequence[Visit],
        erasure: Erasure,
        shapes: dict[str, Shape],
        wanted: Wanted,
    ) -> None:
        if connection.dialect.name not in EXACT:
            raise NotOffered("this kind of database is not known to compare letter by letter")
        self.connection, self.erasure, self.shapes = connection, erasure, shapes
        self.conditions: dict[str, ColumnElement[bool]] = {}
        self._wanted, self._addresses = wanted, address_columns(visits)
        for visit in visits:
            key = visit.table.key
            own = key in erasure.own
            source = shapes[key].source
            ways = [searched(visit.table, source, wanted, connection.dialect.name)] if own else []
            ways += [self._led_by(edge, source) for edge in (erasure.edges[key] if own else visit.edges)]
            if known := [way for way in ways if way is not None]:
                self.conditions[key] = or_(*known)

    def _led_by(self, edge: Edge, target: TableClause) -> ColumnElement[bool] | None:
        if is_apart(edge, self._wanted, self._addresses):
            return under_address(edge, target, self._wanted, self.connection.dialect.name)
        if (condition := self.conditions.get(edge.source)) is None:
            return None
        column = self.shapes[edge.source].source.c[edge.source_column]
        leading = select(column).where(condition, column.is_not(None)).distinct()
        values = list(self.connection.scalars(leading.limit(MANY + 1)))
        if not values:
            return None
        return target.c[edge.column].in_(values if len(values) <= MANY else leading)

    def emptyings(self, key: str) -> list[Emptying]:
        """Return what is emptied where a row of an own table stays."""
        known = self.shapes[key].emptyings
        columns = [one for one in self.erasure.data_map.by_key[key].columns if one.name in known]
        return [known[one.name] for one in columns if is_emptied(self.erasure, key, one)]

    def held(self, key: str) -> ColumnElement[bool] | None:
        """Return the condition for rows that still hold something of the person; None where there are none.

        A row whose values are all emptied is nobody's.
        """
        if (condition := self.conditions.get(key)) is None:
            return None
        if key not in self.erasure.own:
            return condition
        source = self.shapes[key].source
        owed = [one.is_owed(source.c[one.column]) for one in self.emptyings(key)]
        return and_(condition, or_(*owed)) if owed else condition

    def count(self, key: str) -> int:
        """Return how many rows these are."""
        if (condition := self.held(key)) is None:
            return 0
        counted = select(func.count()).select_from(self.shapes[key].source).where(condition)
        return int(self.connection.scalar(counted) or 0)

    def latest(self, key: str, name: str) -> Any:
        """Return the largest value of a column in these rows."""
        if (condition := self.held(key)) is None:
            return None
        return self.connection.scalar(select(func.max(self.shapes[key].source.c[name])).where(condition))
