"""A source that stands in its options: for the demo, for tests, and for a controller with a handful of people."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from requests_app.rules.addresses import normalise

from .base import DataSource, Match, OnFile, Query

FIELDS = frozenset({"reference", "emails", "identifiers", "since", "changed_recently"})


class InMemory(DataSource):
    """`people`: a list of {emails, reference, identifiers, since, changed_recently}; `emails` alone will do."""

    def __init__(self, *, people: Iterable[Mapping[str, Any]] = ()) -> None:
        self.people = [(_match(person, number), _identifiers(person)) for number, person in enumerate(people, start=1)]

    def find(self, query: Query) -> Sequence[Match]:
        """Compare with each of them."""
        named = {normalise(word) for word in query.identifiers}
        return [
            match
            for match, identifiers in self.people
            if identifiers & named or {normalise(c.address) for c in match.contacts} & set(query.addresses)
        ]


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
