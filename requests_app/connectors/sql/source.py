"""The SQL data source: who is on file, and all that is held of them, by a data map and nothing else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from requests_app.connectors.base import DataSource, Extracted, Match, OnFile, Query
from requests_app.connectors.data_map import DataMap, Visit, visits
from requests_app.connectors.data_map.fides import read_fides
from requests_app.connectors.data_map.model import EMAIL_IDENTITY, described
from requests_app.connectors.data_map.toml_file import read_defaults, read_map
from requests_app.connectors.records import Lines, Record, Table
from requests_app.rules.addresses import normalise

from .database import database_of
from .reading import Reading, relation, searched

MOST = 20  # people: whoever matches more names nobody in particular
CANDIDATES = 200  # different identities of a table
Planned = tuple[DataMap, tuple[Visit, ...]]


class Sql(DataSource):
    """`url`: of SQLAlchemy, or `env:NAME`; `url_file`: of a file that holds it. `map`: path of a data map in TOML, or
    `fides`: of a Fides dataset, `dataset`: its key where the file has several, `defaults`: purpose, basis and the like
    of all columns. `connect_timeout`, `statement_timeout`: seconds."""

    def __init__(
        self,
        *,
        url: str = "",
        url_file: str = "",
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

    def describe(self) -> Sequence[Table]:
        """Every table that rows of a person can be reached in."""
        reached = {visit.table.key for visit in self.visits}
        return [described(table) for table in self.map.tables if table.key in reached]

    def find(self, query: Query) -> Sequence[Match]:
        """One match for each address that is on file, and one for each identifier that leads to no such address.

        Its reference holds only what was asked for, and the address where an identifier belongs to exactly one.
        """
        wanted = self._wanted(query)
        if not any(wanted.values()):
            return []
        found: dict[tuple[str, str], _Found] = {}
        with self.database.reading() as connection:
            for visit in self.visits:
                table, source = visit.table, relation(visit.table)
                condition = searched(table, source, wanted, connection.dialect.name)
                if condition is None:
                    continue
                names = [one.name for one in table.identities]
                since = [func.max(source.c[table.since])] if table.since else []
                columns = [source.c[name] for name in names]
                statement = select(*columns, *since).where(condition).group_by(*columns).limit(CANDIDATES)
                for row in connection.execute(statement):
                    _take(found, visit, row, wanted)
        return _matches(found)

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted:
        """Start from the identities in the references and follow the map; a reference of others finds nothing."""
        wanted: dict[str, list[str]] = {}
        for reference in references:
            for identity, value in _identities(reference):
                wanted.setdefault(identity, []).append(value)
        return self._stream({name: sorted(set(values)) for name, values in wanted.items()})

    def _stream(self, wanted: dict[str, list[str]]) -> Iterator[Record | Lines]:
        if not wanted:
            return
        with self.database.reading() as connection:
            yield from Reading(connection, self.visits, wanted).records()

    def _wanted(self, query: Query) -> dict[str, list[str]]:
        named = sorted({normalise(word) for word in query.identifiers})
        names = {one.identity for visit in self.visits for one in visit.table.identities}
        return {name: list(query.addresses) if name == EMAIL_IDENTITY else named for name in sorted(names)}


def map_of(path: str, *, is_fides: bool, dataset: str = "", defaults: Mapping[str, Any] | None = None) -> Planned:
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
def _parsed(content: str, is_fides: bool, dataset: str, above: str) -> Planned:
    if is_fides:
        made = read_fides(content, dataset=dataset, above=read_defaults(json.loads(above)))
    else:
        made = read_map(content)
    return made, visits(made)


class _Found:
    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}  # normalised: as stored
        self.since: datetime | None = None

    def add(self, addresses: Mapping[str, str], since: datetime | None) -> None:
        self.addresses = {**addresses, **self.addresses}
        if since is not None:
            self.since = max(self.since or since, since)


def _take(
    found: dict[tuple[str, str], _Found], visit: Visit, row: Sequence[Any], wanted: Mapping[str, Sequence[str]]
) -> None:
    """Compare here what the database took for candidates."""
    columns = visit.table.identities
    held = [(one.identity, str(value)) for one, value in zip(columns, row, strict=False) if value is not None]
    since = _instant(row[len(columns)]) if visit.table.since else None
    for identity, value in held:
        plain = normalise(value)
        if plain not in wanted.get(identity, ()):
            continue
        if identity == EMAIL_IDENTITY:
            addresses = {plain: value.strip()}
        else:
            addresses = {normalise(one): one.strip() for name, one in held if name == EMAIL_IDENTITY and one.strip()}
        found.setdefault((identity, plain), _Found()).add(addresses, since)


def _matches(found: Mapping[tuple[str, str], _Found]) -> Sequence[Match]:
    """An identifier whose rows name one address is the person of that address."""
    people: dict[tuple[str, str], dict[str, list[str]]] = {}
    contacts: dict[tuple[str, str], _Found] = {}
    for (identity, value), one in found.items():
        only = next(iter(one.addresses)) if len(one.addresses) == 1 else ""
        person = (EMAIL_IDENTITY, only) if only else (identity, value)
        reference = people.setdefault(person, {EMAIL_IDENTITY: [only]} if only else {})
        if identity != EMAIL_IDENTITY:
            reference.setdefault(identity, []).append(value)
        contacts.setdefault(person, _Found()).add(one.addresses, one.since)
    matches = [
        Match(
            json.dumps(reference, ensure_ascii=False, sort_keys=True),
            tuple(OnFile(stored, since=contacts[person].since) for stored in contacts[person].addresses.values()),
        )
        for person, reference in people.items()
    ]
    return matches[:MOST]


def _identities(reference: str) -> Iterator[tuple[str, str]]:
    try:
        named = json.loads(reference)
    except ValueError:
        return
    for identity, values in named.items() if isinstance(named, dict) else ():
        yield from ((identity, normalise(value)) for value in values if isinstance(value, str) and value)


def _instant(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None
