"""Whom the data sources know although they were erased: everybody of a source, compared with the register."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from requests_app.connectors import DataSource, Instruction, Match, Planned, Way
from requests_app.models import SuppressionEntry
from requests_app.rules.identifiers import Identifier

from .suppression import KINDS, entries_of

BATCH = 200


@dataclass(frozen=True, slots=True)
class Returned:
    """Somebody of a source, and the entry that knows them. `anew`: what knows them was stored after the erasure."""

    match: Match
    entry: SuppressionEntry
    anew: bool


def returned(source: DataSource, *, besides: Sequence[SuppressionEntry] = ()) -> Iterator[list[Returned]]:
    """Yield those whom the register knows, batch by batch of everybody; an empty list too, as a sign of life.

    By addresses and telephone numbers only: a source may give the number of somebody erased to the next person.
    """
    rest = iter(source.everybody())
    while batch := list(islice(rest, BATCH)):
        pairs = [(match, contact) for match in batch for contact in match.contacts if contact.kind in KINDS]
        named = (Identifier(KINDS[contact.kind], contact.address) for _, contact in pairs)
        entries = entries_of(named, besides=besides)
        found: dict[str, Returned] = {}
        for (match, contact), entry in zip(pairs, entries, strict=True):
            if entry is None:
                continue
            anew = contact.since is not None and contact.since > entry.added_at
            before = found.get(match.reference)
            if before is None or before.anew:
                found[match.reference] = Returned(match, entry, anew)
        yield list(found.values())


def instructions(alias: str, planned: Sequence[Planned], entry: SuppressionEntry) -> list[Instruction]:
    """Return what is to be done: what the source proposes, less what was kept when the person was erased.

    Nothing is left of somebody of whom all is kept, or of whom nothing is held.
    """
    items = [
        Instruction(one.table, Way.KEEP if f"{alias}.{one.table}" in entry.kept else one.way)
        for one in planned
        if one.records
    ]
    return items if any(item.way != Way.KEEP for item in items) else []
