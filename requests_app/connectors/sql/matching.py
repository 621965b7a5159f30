"""Who is meant by the rows that a database found: compared here once more, and gathered to people.

A person is an address with all that lies under it. Where two rows of one table of people have the same address, several
people share it: then each row is a person, and what lies under the address alone is nobody's in particular.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from requests_app.connectors.base import Match, OnFile, PermanentFailure
from requests_app.connectors.data_map import Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY
from requests_app.rules.addresses import normalise

from .tables_of_people import Tables
from .wanted import Row, Whom, reference_of, stored

MOST = 20  # people: whoever matches more names nobody in particular, and a list that is cut tells a lie of the rest
Node = tuple[str, str]  # an identity, and its value, normalised


@dataclass
class Found:
    """What stands under one identity. `elsewhere`: in a table whose rows are no people."""

    addresses: dict[str, str] = field(default_factory=dict)  # normalised: as stored
    since: datetime | None = None
    elsewhere: bool = False

    def add(self, addresses: Mapping[str, str], since: datetime | None, *, elsewhere: bool = False) -> None:
        """Put in what another row says."""
        self.addresses = {**addresses, **self.addresses}
        self.elsewhere = self.elsewhere or elsewhere
        if since is not None:
            self.since = max(self.since or since, since)


@dataclass
class Person:
    """A row of a table of people, and by which identities it was found."""

    table: str
    key: Row
    label: str
    nodes: set[Node] = field(default_factory=set)
    found: Found = field(default_factory=Found)


@dataclass
class Draft:
    """A match that is being made; `people` are the rows that come with it."""

    values: dict[str, list[str]]
    found: Found
    people: Sequence[Person] = ()
    only: dict[str, Sequence[Row] | None] | None = None
    label: str = ""

    def match(self) -> Match:
        """Return it as whoever asks gets it."""
        contacts = tuple(OnFile(one, since=self.found.since) for one in self.found.addresses.values())
        label = self.label or ", ".join(person.label for person in self.people)
        return Match(reference_of(Whom(self.values, self.only)), contacts, label)


class Gathered:
    """All that was found for one question."""

    def __init__(self, wanted: Mapping[str, Sequence[str]], tables: Tables) -> None:
        self.wanted, self.tables = wanted, tables
        self.found: dict[Node, Found] = {}
        self.people: dict[tuple[str, str], Person] = {}

    def take(self, visit: Visit, row: Sequence[Any]) -> None:
        """Compare here what the database took for a candidate: its identities, then its key, then since when."""
        table, columns = visit.table, visit.table.identities
        held = [(one.identity, str(value)) for one, value in zip(columns, row, strict=False) if value is not None]
        key_columns = self.tables.keys.get(table.key, ())
        key = {name: stored(row[len(columns) + place]) for place, name in enumerate(key_columns)}
        since = instant(row[len(columns) + len(key)]) if table.since else None
        person = Person(table.key, key, _label(table.key, key, held))
        for identity, value in held:
            plain = normalise(value)
            if plain not in self.wanted.get(identity, ()):
                continue
            if identity == EMAIL_IDENTITY:
                addresses = {plain: value.strip()}
            else:
                addresses = {normalise(one): one.strip() for name, one in held if name == EMAIL_IDENTITY if one.strip()}
            self.found.setdefault((identity, plain), Found()).add(addresses, since, elsewhere=not key)
            if key:
                person = self.people.setdefault((table.key, json.dumps(key, sort_keys=True)), person)
                person.nodes.add((identity, plain))
                person.found.add(addresses, since)

    def led_to(self) -> set[str]:
        """Return the addresses to which an identifier led, and which were not asked for: others may share them."""
        only = [one.addresses for (name, _), one in self.found.items() if name != EMAIL_IDENTITY]
        return {next(iter(one)) for one in only if len(one) == 1} - set(self.wanted.get(EMAIL_IDENTITY, ()))

    def matches(self) -> Sequence[Match]:
        """Return everybody, by the addresses in the order in which they were asked for, then by what else was named."""
        drafts = list(self._drafts())
        for node, found in self.found.items():
            if node[0] != EMAIL_IDENTITY and (own := self._with_identifier(node, found, drafts)):
                drafts.append(own)
        if len(drafts) > MOST:
            raise PermanentFailure(f"more than {MOST} people are found")
        return [draft.match() for draft in drafts]

    def _drafts(self) -> Iterator[Draft]:
        asked = [one for one in self.wanted.get(EMAIL_IDENTITY, ()) if (EMAIL_IDENTITY, one) in self.found]
        shared = {(EMAIL_IDENTITY, one) for one in asked if self._is_shared(one)}
        apart = [person for person in self.people.values() if person.nodes & shared]
        for person in apart:
            addresses = sorted(value for name, value in person.nodes if name == EMAIL_IDENTITY)
            yield Draft({EMAIL_IDENTITY: addresses}, person.found, [person], {person.table: [person.key]})
        covered = list(apart)
        for address in asked:
            node = (EMAIL_IDENTITY, address)
            theirs = [person for person in self.people.values() if node in person.nodes]
            rest = [person for person in theirs if person not in covered]
            among = any(person in apart for person in theirs)
            if theirs and not rest and not self.found[node].elsewhere and not (among and self.tables.led_to):
                continue  # the rows have come, by another address of theirs
            draft = Draft({EMAIL_IDENTITY: [address]}, self.found[node], rest)
            if among:
                draft.only = dict.fromkeys(self.tables.under_the_address)
                draft.only |= {person.table: [person.key] for person in rest}
                draft.label = "" if rest else f"under the address alone: {', '.join(self.tables.under_the_address)}"
            covered += rest
            yield draft

    def _is_shared(self, address: str) -> bool:
        theirs = [person for person in self.people.values() if (EMAIL_IDENTITY, address) in person.nodes]
        return any(count > 1 for count in Counter(person.table for person in theirs).values())

    def _with_identifier(self, node: Node, found: Found, drafts: Sequence[Draft]) -> Draft | None:
        """Put an identifier to whom it belongs: the only row that has it, or the only address of its rows."""
        identity, value = node
        theirs = [draft for draft in drafts if any(node in person.nodes for person in draft.people)]
        if not theirs and len(found.addresses) == 1:
            address = next(iter(found.addresses))
            theirs = [one for one in drafts if one.values == {EMAIL_IDENTITY: [address]} and one.only is None]
        if not theirs:
            return Draft({identity: [value]}, found)
        if len(theirs) == 1:
            (draft,) = theirs
            draft.values.setdefault(identity, []).append(value)
            if draft.only is not None:
                draft.only |= dict.fromkeys(self.tables.by_identifier)
        return None


def _label(table: str, key: Row, held: Sequence[tuple[str, str]]) -> str:
    named = [*(str(value) for value in key.values()), *(value for name, value in held if name != EMAIL_IDENTITY)]
    return f"{table} {', '.join(dict.fromkeys(named))}"


def instant(value: Any) -> datetime | None:
    """Return when it was, as far as the database has a value for it; without a zone it is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None
