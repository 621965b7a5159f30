"""Who is meant by the rows that a database found: compared here once more, and gathered to people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from requests_app.connectors.base import Match, OnFile
from requests_app.connectors.data_map import Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY
from requests_app.rules.addresses import normalise

MOST = 20  # people: whoever matches more names nobody in particular


class Found:
    """What stands under one identity."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}  # normalised: as stored
        self.since: datetime | None = None

    def add(self, addresses: Mapping[str, str], since: datetime | None) -> None:
        """Put in what another row says."""
        self.addresses = {**addresses, **self.addresses}
        if since is not None:
            self.since = max(self.since or since, since)


def take(
    found: dict[tuple[str, str], Found], visit: Visit, row: Sequence[Any], wanted: Mapping[str, Sequence[str]]
) -> None:
    """Compare here what the database took for candidates."""
    columns = visit.table.identities
    held = [(one.identity, str(value)) for one, value in zip(columns, row, strict=False) if value is not None]
    since = instant(row[len(columns)]) if visit.table.since else None
    for identity, value in held:
        plain = normalise(value)
        if plain not in wanted.get(identity, ()):
            continue
        if identity == EMAIL_IDENTITY:
            addresses = {plain: value.strip()}
        else:
            addresses = {normalise(one): one.strip() for name, one in held if name == EMAIL_IDENTITY and one.strip()}
        found.setdefault((identity, plain), Found()).add(addresses, since)


def matches(found: Mapping[tuple[str, str], Found]) -> Sequence[Match]:
    """An identifier whose rows name one address is the person of that address."""
    people: dict[tuple[str, str], dict[str, list[str]]] = {}
    contacts: dict[tuple[str, str], Found] = {}
    for (identity, value), one in found.items():
        only = next(iter(one.addresses)) if len(one.addresses) == 1 else ""
        person = (EMAIL_IDENTITY, only) if only else (identity, value)
        reference = people.setdefault(person, {EMAIL_IDENTITY: [only]} if only else {})
        if identity != EMAIL_IDENTITY:
            reference.setdefault(identity, []).append(value)
        contacts.setdefault(person, Found()).add(one.addresses, one.since)
    matches = [
        Match(
            json.dumps(reference, ensure_ascii=False, sort_keys=True),
            tuple(OnFile(stored, since=contacts[person].since) for stored in contacts[person].addresses.values()),
        )
        for person, reference in people.items()
    ]
    return matches[:MOST]


def identities_of(reference: str) -> Iterator[tuple[str, str]]:
    """Yield the identities that a reference of ours holds; one of others holds none."""
    try:
        named = json.loads(reference)
    except ValueError:
        return
    for identity, values in named.items() if isinstance(named, dict) else ():
        yield from ((identity, normalise(value)) for value in values if isinstance(value, str) and value)


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
