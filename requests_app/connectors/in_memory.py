"""A source that stands in its options: for the demo, for tests, and for a controller with a handful of people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from requests_app.rules.addresses import normalise

from . import described
from .base import DataSource, Extracted, Match, OnFile, Query
from .records import Record, Table

FIELDS = frozenset({"reference", "emails", "identifiers", "since", "changed_recently", "records"})


class InMemory(DataSource):
    """`people`: a list of {emails, reference, identifiers, since, changed_recently, records}; `emails` alone will do.
    `records` of a person: {table: [{column: value}]}; `tables`: what those are, as `described.tables` reads it."""

    def __init__(
        self, *, people: Iterable[Mapping[str, Any]] = (), tables: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        people = list(people)
        self.people = [(_match(person, number), _identifiers(person)) for number, person in enumerate(people, start=1)]
        self.tables = {table.name: table for table in described.tables(tables or {})}
        self.records = {
            match.reference: _records(person, self.tables)
            for person, (match, _) in zip(people, self.people, strict=True)
        }

    def find(self, query: Query) -> Sequence[Match]:
        """Compare with each of them."""
        named = {normalise(word) for word in query.identifiers}
        return [
            match
            for match, identifiers in self.people
            if identifiers & named or {normalise(c.address) for c in match.contacts} & set(query.addresses)
        ]

    def describe(self) -> Sequence[Table]:
        """The tables of the options."""
        return tuple(self.tables.values())

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted:
        """Hand out the records of these people, table after table."""
        return self._extracted(references)

    def _extracted(self, references: Sequence[str]) -> Iterator[Record]:
        for table in self.tables:
            for reference in dict.fromkeys(references):
                yield from (Record(table, values) for values in self.records.get(reference, {}).get(table, ()))


def _match(person: Mapping[str, Any], number: int) -> Match:
    if unknown := set(person) - FIELDS:
        raise ValueError(f"person {number}: {', '.join(sorted(unknown))} is not one of {', '.join(sorted(FIELDS))}")
    emails = person.get("emails", ())
    if isinstance(emails, str) or not all(isinstance(one, str) and one.strip() for one in emails):
        raise ValueError(f"person {number}: emails has to be a list of addresses")
    since, recently = _instant(person.get("since")), bool(person.get("changed_recently", False))
    contacts = tuple(OnFile(one, since=since, changed_recently=recently) for one in emails)
    return Match(str(person.get("reference", number)), contacts)


def _identifiers(person: Mapping[str, Any]) -> set[str]:
    return {normalise(str(one)) for one in (person.get("reference", ""), *person.get("identifiers", ())) if one}


def _instant(since: date | None) -> datetime | None:
    if since is None or isinstance(since, datetime):
        return since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
    return datetime.combine(since, time(), UTC)


def _records(person: Mapping[str, Any], tables: Mapping[str, Table]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    records: Mapping[str, Sequence[Mapping[str, Any]]] = person.get("records", {})
    for table, rows in records.items():
        if table not in tables:
            raise ValueError(f"records of {table}: that table is not described")
        known = {column.name for column in tables[table].columns}
        for row in rows:
            if unknown := set(row) - known:
                raise ValueError(f"records of {table}: {', '.join(sorted(unknown))} is no column of it")
    return records
