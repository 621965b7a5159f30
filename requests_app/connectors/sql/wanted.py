"""Whom to look for: the identities that references of ours hold and, where people share an address, whose rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from requests_app.rules.addresses import normalise

ONLY = "only"
Row = Mapping[str, Any]  # of the columns by which a row is told apart


@dataclass(frozen=True, slots=True)
class Whom:
    """`values`: by identity, normalised. `only`: the tables that are searched for them, each with the rows that are
    meant, or with None for every row; None searches all tables."""

    values: Mapping[str, Sequence[str]]
    only: Mapping[str, Sequence[Row] | None] | None = None

    def rows(self, table: str) -> Sequence[Row] | None:
        """Return the rows of a table that are meant; None for all."""
        return None if self.only is None else self.only.get(table, ())


Wanted = Sequence[Whom]


def reference_of(whom: Whom) -> str:
    """Return what a source calls somebody."""
    told: dict[str, Any] = {identity: list(values) for identity, values in whom.values.items()}
    if whom.only is not None:
        told[ONLY] = whom.only
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def named(references: Sequence[str]) -> list[Whom]:
    """Return whom the references name; one of others names nobody."""
    everywhere: dict[str, set[str]] = {}
    found = []
    for reference in references:
        values, only = _read(reference)
        if only is not None:
            found.append(Whom(values, only))
            continue
        for identity, ones in values.items():
            everywhere.setdefault(identity, set()).update(ones)
    if everywhere:
        found.append(Whom({identity: sorted(values) for identity, values in everywhere.items()}))
    return found


def values_of(wanted: Wanted) -> dict[str, set[str]]:
    """Return all identities that are looked for."""
    values: dict[str, set[str]] = {}
    for whom in wanted:
        for identity, ones in whom.values.items():
            values.setdefault(identity, set()).update(ones)
    return values


def stored(value: Any) -> Any:
    """Return a value of a key as a reference holds it; a database compares what is no number by its text."""
    if isinstance(value, bytes | memoryview):
        return {"hex": bytes(value).hex()}
    return value if value is None or isinstance(value, int | str) else str(value)


def compared(value: Any) -> Any:
    """Return the value that a reference holds."""
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def _read(reference: str) -> tuple[dict[str, list[str]], Mapping[str, Sequence[Row] | None] | None]:
    try:
        told = json.loads(reference)
    except ValueError:
        return {}, None
    if not isinstance(told, dict):
        return {}, None
    only = told.pop(ONLY, None)
    if only is not None and not isinstance(only, dict):
        return {}, None
    return {identity: plain for identity, values in told.items() if (plain := list(_plain(values)))}, only


def _plain(values: Any) -> Iterator[str]:
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and value:
            yield normalise(value)
