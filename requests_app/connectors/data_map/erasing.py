"""What an erasure does by the map: whose rows a table's are, in which order tables go, and which rows have to stay.

Own rows are the person's: found by an identity, or naming a row that is the person's. What is only looked up, an
address or a product, may be others' too. Everything here is known without asking the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from requests_app.connectors.at_erasure import DELETE, KEEP, emptied
from requests_app.connectors.records import NOTHING
from requests_app.connectors.work import Way
from requests_app.rules.policy import Text

from .model import DataMap, MapColumn
from .routes import Edge, Visit

SHARED = Text("Rows of other people may name them, too.", "Anche righe di altre persone possono indicarli.")


@dataclass(frozen=True, slots=True)
class Naming:
    """A column of one table that names a column of another."""

    table: str
    column: str
    named: str
    named_column: str


@dataclass(frozen=True)
class Erasure:
    """`own`: tables in the order in which they go, whoever names before whoever is named. `looked_up`: the others.

    `fixed`: (table, column) of what the database does not let be emptied, and of what the map does not name.
    """

    data_map: DataMap
    own: tuple[str, ...]
    looked_up: tuple[str, ...]
    edges: Mapping[str, tuple[Edge, ...]]  # of an own table: by which its rows are found
    namings: tuple[Naming, ...]
    fixed: frozenset[tuple[str, str]] = frozenset()

    def way(self, key: str) -> Way:
        """What the map says of a table alone."""
        table = self.data_map.by_key[key]
        said = {column.at_erasure for column in table.columns}
        if key not in self.own:
            return Way.ERASE if table.said and said == {DELETE} else Way.KEEP
        if said == {KEEP}:
            return Way.KEEP
        return Way.ERASE if said == {DELETE} else Way.ANONYMISE

    def proposed(self) -> dict[str, tuple[Way, Text]]:
        """What is proposed for each table: rows that are named by rows that stay have to stay, too."""
        ways: dict[str, tuple[Way, Text]] = {}
        for key in (*self.own, *self.looked_up):
            way, table = self.way(key), self.data_map.by_key[key]
            if way == Way.KEEP:
                reason = table.keeping.reason if table.keeping else NOTHING
                ways[key] = (way, reason if key in self.own or table.said else SHARED)
            elif key not in self.own:
                kept = [one.table for one in self.named_by(key) if one.table in ways and ways[one.table][0] == Way.KEEP]
                ways[key] = (Way.KEEP, _stays(kept)) if kept else (way, NOTHING)
            else:
                said = {name: self.way(name) for name in self.own}  # of those that go later nothing else is known yet
                ways[key] = self._proposed(key, way, said | {name: one for name, (one, _) in ways.items()})
        return ways

    def _proposed(self, key: str, way: Way, ways: Mapping[str, Way]) -> tuple[Way, Text]:
        stays = {one.name for one in self.data_map.by_key[key].columns if not is_emptied(self, key, one)}
        stays |= {column for table, column in self.fixed if table == key}
        naming = [one.table for one in self.named_by(key) if one.table not in self.own or self.holds_on(one, ways)]
        if way == Way.ERASE and not naming:
            return way, NOTHING
        method = emptied(stays)
        if way == Way.ANONYMISE:
            return way, method
        why = _stays(naming)
        return Way.ANONYMISE, Text(f"{why.en} {method.en}", f"{why.it} {method.it}")

    def holds_on(self, naming: Naming, ways: Mapping[str, Way]) -> bool:
        """Whether rows of a person stay, and go on naming what they name."""
        way = ways.get(naming.table, Way.KEEP)
        column = self.data_map.by_key[naming.table].column(naming.column)
        if way == Way.ANONYMISE and column is not None:
            return not is_emptied(self, naming.table, column)
        return way != Way.ERASE

    def named_by(self, key: str) -> list[Naming]:
        """The columns of other tables that name rows of this one."""
        return [one for one in self.namings if one.named == key and one.table != key]

    def ends_circle(self, naming: Naming) -> bool:
        """Whether a reference is emptied before what it names goes: that goes first, and nothing is found by it."""
        if naming.table == naming.named:
            return True
        if naming.table not in self.own or naming.named not in self.own:
            return False
        return self.own.index(naming.table) > self.own.index(naming.named)


def is_emptied(erasure: Erasure, key: str, column: MapColumn) -> bool:
    """Whether a column is emptied where the row stays; a key never is, nor what others name it by."""
    if column.at_erasure == KEEP or (key, column.name) in erasure.fixed:
        return False
    if column.name in erasure.data_map.by_key[key].primary_key:
        return False
    return bool(column.identity) or not any(
        (one.named, one.named_column) == (key, column.name) for one in erasure.namings
    )


def erasure_of(data_map: DataMap, visits: Sequence[Visit]) -> Erasure:
    """Return what an erasure does by this map."""
    own: list[str] = []
    edges: dict[str, tuple[Edge, ...]] = {}
    for visit in visits:
        key = visit.table.key
        edges[key] = tuple(edge for edge in visit.edges if edge.down and edge.source in own)
        if visit.table.identities or edges[key]:
            own.append(key)
    namings = tuple(_namings(data_map))
    return Erasure(
        data_map,
        tuple(_order(own, namings, edges)),
        tuple(visit.table.key for visit in visits if visit.table.key not in own),
        {key: edges[key] for key in own},
        namings,
    )


def _namings(data_map: DataMap) -> Iterator[Naming]:
    for table in data_map.tables:
        for column in table.columns:
            for one in column.references:
                yield Naming(table.key, column.name, one.table, one.column)


def _order(own: Sequence[str], namings: Sequence[Naming], edges: Mapping[str, Sequence[Edge]]) -> Iterator[str]:
    """Yield whoever names before whoever is named; in a circle whoever is found by the other first."""
    left = list(own)
    while left:
        found_by = {key: sum(e.source == key for other in left if other != key for e in edges[other]) for key in left}
        named_by = {key: sum(n.named == key and n.table in left and n.table != key for n in namings) for key in left}
        chosen = min(left, key=lambda key: (found_by[key], named_by[key], -own.index(key)))
        left.remove(chosen)
        yield chosen


def _stays(naming: Sequence[str]) -> Text:
    named = ", ".join(dict.fromkeys(naming))
    return Text(f"Rows of {named} name it, and stay.", f"Righe di {named} lo indicano e restano.")
