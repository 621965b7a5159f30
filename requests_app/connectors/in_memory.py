"""A source that stands in its options: for the demo, for tests, and for a controller with a handful of people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, date, datetime, time
from typing import Any

from requests_app.rules.addresses import normalise

from . import at_erasure, described, in_memory_acts
from .base import DataSource, Extracted, Match, OnFile, Query
from .in_memory_file import KeptIn
from .records import Record, Table
from .work import Carried, Change, Changed, ConsentAct, Instruction, Planned, Remaining

Person = dict[str, Any]
FIELDS = frozenset(
    {"reference", "emails", "identifiers", "since", "changed_recently", "records", "consents", "restricted"}
)


class InMemory(DataSource):
    """`people`: a list of {emails, reference, identifiers, since, changed_recently, records}; `emails` alone will do.
    `records` of a person: {table: [{column: value}]}; `tables`: what those are, as `described.tables` reads it, and
    what becomes of them, as `at_erasure.treatment` does.

    What is erased or changed is so in the options themselves, for as long as this process runs. `kept_in`: the path of
    a file in which it is kept for all processes, and for the next start; if it is relative, beneath VAR_DIR.
    """

    def __init__(
        self, *, people: Iterable[Person] = (), tables: Mapping[str, Mapping[str, Any]] | None = None, kept_in: str = ""
    ) -> None:
        self.people = people if isinstance(people, list) else list(people)
        self._file = KeptIn(kept_in, self.people) if kept_in else None
        if self._file:
            changed = self._file.read()
            self.people = deepcopy(self.people) if changed is None else changed
        self.tables = {table.name: table for table in described.tables(tables or {}, besides=at_erasure.OPTIONS)}
        self.treatments = {
            name: at_erasure.treatment((tables or {})[name], [one.name for one in table.columns], name)
            for name, table in self.tables.items()
        }
        for number, person in enumerate(self.people, start=1):
            _match(person, number)
            _check_records(person, self.tables)

    def find(self, query: Query) -> Sequence[Match]:
        """Compare with each of them."""
        named = {normalise(word) for word in query.identifiers}
        return [
            match
            for person, match in self._matches()
            if _identifiers(person) & named or {normalise(c.address) for c in match.contacts} & set(query.addresses)
        ]

    def everybody(self) -> Iterator[Match]:
        """Whoever has an address."""
        yield from (match for _, match in self._matches() if match.contacts)

    def describe(self) -> Sequence[Table]:
        """The tables of the options."""
        return tuple(self.tables.values())

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted:
        """Hand out the records of these people, table after table."""
        return self._extracted(references)

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> Sequence[Planned]:
        """Count what their tables hold."""
        return in_memory_acts.planned(self._of(references), self.treatments)

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Sequence[Carried]:
        """Take the records away, or put them where they are nobody's, without values; with the last goes the person."""
        with self._kept():
            return in_memory_acts.erased(self.people, self._of(references), items, self.treatments)

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> Sequence[Remaining]:
        """Count again."""
        return in_memory_acts.remaining(self._of(references), self.tables)

    def withdraw_consent(self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str) -> None:
        """Keep the latest act of each purpose."""
        with self._kept():
            in_memory_acts.note_consent(self._of(references), acts)

    def rectify(self, references: Sequence[str], *, changes: Sequence[Change], request_id: str) -> Sequence[Changed]:
        """Put right what the tables say may be put right."""
        with self._kept():
            return in_memory_acts.rectified(self._of(references), changes, self.tables, self.treatments)

    def restrict(self, references: Sequence[str], *, restricted: bool, request_id: str) -> Sequence[Remaining]:
        """Mark these people."""
        with self._kept():
            for person in (people := self._of(references)):
                person["restricted"] = restricted
        return in_memory_acts.remaining(people, self.tables)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Whatever was done, also before something went wrong, is kept."""
        try:
            yield
        finally:
            if self._file:
                self._file.write(self.people)

    def _matches(self) -> Iterator[tuple[Person, Match]]:
        yield from ((person, _match(person, number)) for number, person in enumerate(self.people, start=1))

    def _of(self, references: Sequence[str]) -> list[Person]:
        return [person for person, match in self._matches() if match.reference in references]

    def _extracted(self, references: Sequence[str]) -> Iterator[Record]:
        people = self._of(references)
        for table in self.tables:
            for person in people:
                yield from (Record(table, values) for values in person.get("records", {}).get(table, ()))


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


def _check_records(person: Mapping[str, Any], tables: Mapping[str, Table]) -> None:
    records: Mapping[str, Sequence[Mapping[str, Any]]] = person.get("records", {})
    for table, rows in records.items():
        if table not in tables:
            raise ValueError(f"records of {table}: that table is not described")
        known = {column.name for column in tables[table].columns}
        for row in rows:
            if unknown := set(row) - known:
                raise ValueError(f"records of {table}: {', '.join(sorted(unknown))} is no column of it")
