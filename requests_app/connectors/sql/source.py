"""The SQL data source: who is on file, and all that is held of them, by a data map and nothing else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select

from requests_app.connectors.base import DataSource, Extracted, Match, NotOffered, PermanentFailure, Query
from requests_app.connectors.data_map import DataMap, Visit, visits
from requests_app.connectors.data_map.fides import read_fides
from requests_app.connectors.data_map.model import EMAIL_IDENTITY, described
from requests_app.connectors.data_map.toml_file import read_defaults, read_map
from requests_app.connectors.records import Lines, Record, Table
from requests_app.connectors.work import Carried, Change, Changed, ConsentAct, Instruction, Planned, Remaining
from requests_app.rules.addresses import normalise

from . import changing
from .acts import changing_rows, erased, planned, remaining
from .database import Database, database_of
from .everybody import everybody
from .matching import Gathered
from .reading import Reading, relation, searched
from .rows import streamed
from .tables_of_people import tables_of_people
from .wanted import Wanted, Whom, named

CANDIDATES = 200  # rows of a table by what was typed, and people: who matches more cannot be told from others
Read = tuple[DataMap, tuple[Visit, ...]]


class Sql(DataSource):
    """`url`: of SQLAlchemy, or `env:NAME`; `url_file`: of a file that holds it. `write_url`, `write_url_file`: of an
    account that may erase and change; without it people have to. `map`: path of a data map in TOML, or
    `fides`: of a Fides dataset, `dataset`: its key where the file has several, `defaults`: purpose, basis and the like
    of all columns. `connect_timeout`, `statement_timeout`: seconds."""

    def __init__(
        self,
        *,
        url: str = "",
        url_file: str = "",
        write_url: str = "",
        write_url_file: str = "",
        map: str = "",
        fides: str = "",
        dataset: str = "",
        defaults: Mapping[str, Any] | None = None,
        connect_timeout: int = 10,
        statement_timeout: int = 120,
    ) -> None:
        if bool(map) == bool(fides):
            raise ValueError("give either map or fides, the path of a file")
        if map and (defaults or dataset):
            raise ValueError("defaults and dataset belong to fides; a map has its own [defaults]")
        self.map, self.visits = map_of(map or fides, is_fides=bool(fides), dataset=dataset, defaults=defaults or {})
        self.database = database_of(url, url_file, connect_timeout=connect_timeout, statement_timeout=statement_timeout)
        self._writer: Database | None = None
        if write_url or write_url_file:
            self._writer = database_of(
                write_url,
                write_url_file,
                connect_timeout=connect_timeout,
                statement_timeout=statement_timeout,
                to_write=True,
            )

    def describe(self) -> Sequence[Table]:
        """Every table that rows of a person can be reached in."""
        reached = {visit.table.key for visit in self.visits}
        return [described(table) for table in self.map.tables if table.key in reached]

    def find(self, query: Query) -> Sequence[Match]:
        """One match for each address that is on file, and one for each identifier that leads to no such address; of an
        address that people share, one for each of them.

        Its reference holds only what was asked for, the address where an identifier belongs to exactly one, and the key
        of the row where others share it.
        """
        wanted = self._wanted(query)
        if not any(wanted.values()):
            return []
        with self.database.reading() as connection:
            gathered = self._gathered(connection, wanted)
            if led_to := gathered.led_to():
                addresses = [*wanted.get(EMAIL_IDENTITY, ()), *sorted(led_to)]
                gathered = self._gathered(connection, {**wanted, EMAIL_IDENTITY: addresses})
        return gathered.matches()

    def _gathered(self, connection: Connection, wanted: dict[str, list[str]]) -> Gathered:
        gathered = Gathered(wanted, tables_of_people(self.visits))
        addresses = {name: values for name, values in wanted.items() if name == EMAIL_IDENTITY}
        numbers = {name: values for name, values in wanted.items() if name != EMAIL_IDENTITY}
        for visit in self.visits:
            if (statement := self._candidates(visit, addresses, connection.dialect.name)) is not None:
                for row in streamed(connection, statement):  # all: what is cut would look like the address of one alone
                    gathered.take(visit, row)
                    if len(gathered.people) > CANDIDATES:
                        raise PermanentFailure(f"more than {CANDIDATES} people are found")
            if (statement := self._candidates(visit, numbers, connection.dialect.name)) is not None:
                rows = connection.execute(statement.limit(CANDIDATES + 1)).all()
                if len(rows) > CANDIDATES:
                    raise PermanentFailure(f"more than {CANDIDATES} rows of {visit.table.key} have what was named")
                for row in rows:
                    gathered.take(visit, row)
        return gathered

    def _candidates(self, visit: Visit, wanted: dict[str, list[str]], dialect: str) -> Select[Any] | None:
        table, source = visit.table, relation(visit.table)
        condition = searched(table, source, [Whom(wanted)], dialect)
        if condition is None:
            return None
        keys = tables_of_people(self.visits).keys.get(table.key, ())
        columns = [source.c[name] for name in (*(one.name for one in table.identities), *keys)]
        since = [func.max(source.c[table.since])] if table.since else []
        return select(*columns, *since).where(condition).group_by(*columns)

    def everybody(self) -> Iterator[Match]:
        """Read the identities of every table that has some."""
        return everybody(self.database, self.visits)

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted:
        """Start from the identities in the references and follow the map; a reference of others finds nothing."""
        return self._stream(named(references))

    def _stream(self, wanted: Wanted) -> Iterator[Record | Lines]:
        if not wanted:
            return
        with self.database.reading() as connection:
            yield from Reading(connection, self.visits, wanted).records()

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> Sequence[Planned]:
        """Count by the account that only reads."""
        return planned(self.database, self.map, self.visits, named(references))

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Sequence[Carried]:
        """Erase by the account that may write, in the order in which rows name each other."""
        return erased(self.writer, self.map, self.visits, named(references), items)

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> Sequence[Remaining]:
        """Count by the account that only reads, which is not the one that erased."""
        return remaining(self.database, self.map, self.visits, named(references))

    def withdraw_consent(self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str) -> None:
        """Set what the map names under [consent]."""
        with changing_rows(self.writer, self.map, self.visits, named(references)) as reach:
            changing.set_consent(reach, acts)

    def rectify(self, references: Sequence[str], *, changes: Sequence[Change], request_id: str) -> Sequence[Changed]:
        """Put right what the map marks with rectify."""
        with changing_rows(self.writer, self.map, self.visits, named(references)) as reach:
            return changing.put_right(reach, changes)

    def restrict(self, references: Sequence[str], *, restricted: bool, request_id: str) -> Sequence[Remaining]:
        """Set what the map names under [restriction]."""
        with changing_rows(self.writer, self.map, self.visits, named(references)) as reach:
            return changing.set_restriction(reach, restricted)

    @property
    def may_write(self) -> bool:
        """Whether an account that may write is configured."""
        return self._writer is not None

    @property
    def writer(self) -> Database:
        """The database by the account that may write; NotOffered without one."""
        if self._writer is None:
            raise NotOffered("no write_url is configured, so nothing is changed from here")
        return self._writer

    def _wanted(self, query: Query) -> dict[str, list[str]]:
        numbers = sorted({normalise(word) for word in query.identifiers})
        names = {one.identity for visit in self.visits for one in visit.table.identities}
        return {name: list(query.addresses) if name == EMAIL_IDENTITY else numbers for name in sorted(names)}


def map_of(path: str, *, is_fides: bool, dataset: str = "", defaults: Mapping[str, Any] | None = None) -> Read:
    """Return the map of a file and its plan, read again when it changed.

    Raises ValueError with all mistakes, each with its place.
    """
    try:
        content = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the data map {path} cannot be read ({type(error).__name__})") from None
    above = json.dumps(defaults or {}, sort_keys=True)
    try:
        return _parsed(content, is_fides, dataset, above)
    except ValueError as error:
        raise ValueError(f"the data map {path} has mistakes: {'; '.join(str(error).splitlines())}") from None


@lru_cache(maxsize=16)
def _parsed(content: str, is_fides: bool, dataset: str, above: str) -> Read:
    if is_fides:
        made = read_fides(content, dataset=dataset, above=read_defaults(json.loads(above)))
    else:
        made = read_map(content)
    way = visits(made)
    words = "needs a primary_key besides the address, by which people who share it are told apart, or people = false"
    if mistakes := [f"tables.{key}: {words}" for key in tables_of_people(way).without_key]:
        raise ValueError("\n".join(mistakes))
    return made, way
