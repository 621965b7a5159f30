"""The data map of a database as frozen values."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from requests_app.connectors.at_erasure import DELETE, Keeping
from requests_app.connectors.records import NOTHING, About, Column, Table
from requests_app.rules.policy import Text

NOT_KNOWN = About()
EMAIL_IDENTITY = "email"
FROM, TO, BOTH = FOLLOW = ("from", "to", "both")


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names a column of another table.

    `follow`: "from" reaches this table by rows of the other, "to" the other by rows of this one, "both" whichever of
    the two is further from the person.
    """

    table: str
    column: str
    follow: str = FROM


@dataclass(frozen=True, slots=True)
class MapColumn:
    """`identity`: "email", or the name of another thing by which a person is found; columns of one name are searched
    together. `own`: the person's own contact stands there. `normalised`: it is stored trimmed and in lower case, so
    that its own index serves."""

    name: str
    kind: str = "text"
    about: About = NOT_KNOWN
    identity: str = ""
    own: bool = False
    normalised: bool = False
    references: tuple[Reference, ...] = ()
    at_erasure: str = DELETE
    rectify: bool = False


@dataclass(frozen=True, slots=True)
class MapTable:
    """`key` is its name in the map and in what is handed out, `name` and `schema` that of the database."""

    key: str
    columns: tuple[MapColumn, ...]
    primary_key: tuple[str, ...] = ()
    name: str = ""
    schema: str = ""
    label: Text = NOTHING
    since: str = ""  # the column that says since when the row's addresses stand there
    said: bool = False  # whether the map says of this very table what becomes of it
    keeping: Keeping | None = None
    people: bool | None = None  # whether each row is a person; None: as `sql.tables_of_people` sees it

    @property
    def identities(self) -> tuple[MapColumn, ...]:
        """The columns by which a person is found."""
        return tuple(column for column in self.columns if column.identity)

    def column(self, name: str) -> MapColumn | None:
        """Return the column of this name, if the map has it."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Switch:
    """Where it stands whether one purpose is allowed. `at`: the column that keeps since when, if there is one."""

    table: str
    column: str
    allowed: Any = True
    stopped: Any = False
    at: str = ""


@dataclass(frozen=True)
class DataMap:
    """All tables, in the order of the file. `left_out`: (place, why) of what the file says and nobody follows.

    `consent`: the switches of each purpose by its key in the policy; `restriction`: (table, column) of each flag that
    says that what is held of a person is not used.
    """

    tables: tuple[MapTable, ...]
    left_out: tuple[tuple[str, str], ...] = field(default=())
    consent: tuple[tuple[str, Switch], ...] = ()
    restriction: tuple[tuple[str, str], ...] = ()

    @cached_property
    def by_key(self) -> dict[str, MapTable]:
        """The tables by their names in the map."""
        return {table.key: table for table in self.tables}


def described(table: MapTable) -> Table:
    """Return what an answer says of a table."""
    return Table(
        name=table.key,
        columns=tuple(Column(column.name, column.kind, column.about, column.own) for column in table.columns),
        label=table.label,
    )
