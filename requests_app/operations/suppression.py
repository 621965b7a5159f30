"""Who was erased is known again, in whatever spelling: the gate of every import. Nothing else is told of anybody."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings

from requests_app.connectors import EMAIL
from requests_app.connectors.base import PHONE
from requests_app.models import SuppressionEntry
from requests_app.models.suppression import suppression_digests
from requests_app.rules.identifiers import NORMALISER, Identifier, Kind, normal_form

from .restore_guard import Stopped, standing

BATCH = 500
KINDS = {EMAIL: Kind.EMAIL, PHONE: Kind.PHONE}  # of contacts that data sources have
ERASURE = SuppressionEntry.Purpose.ERASURE
log = logging.getLogger(__name__)


def suppressed(identifiers: Sequence[Identifier], *, purpose: str = ERASURE) -> list[bool]:
    """Return for each identifier whether it is one of somebody who was erased.

    Raises Stopped while the register may not know all: nothing is imported then.
    """
    if said := standing():
        raise Stopped(said)
    return [entry is not None for entry in entries_of(identifiers, purpose=purpose)]


def entries_of(
    identifiers: Iterable[Identifier], *, purpose: str = ERASURE, besides: Iterable[SuppressionEntry] = ()
) -> Iterator[SuppressionEntry | None]:
    """Yield for each identifier its entry, or None; two questions for some hundreds of them.

    `besides`: entries that the database does not have yet.
    """
    known = {entry.digest: entry for entry in besides}
    rest = iter(identifiers)
    while batch := list(islice(rest, BATCH)):
        digests = [_digests(identifier) for identifier in batch]
        wanted = list({digest for some in digests for digest in some})
        found = {digest: known[digest] for digest in wanted if digest in known}
        for start in range(0, len(wanted), BATCH):
            rows = SuppressionEntry.objects.filter(purpose=purpose, digest__in=wanted[start : start + BATCH])
            found |= {row.digest: row for row in rows}
        for some in digests:
            yield max((found[one] for one in some if one in found), key=lambda row: row.added_at, default=None)


def body_of(identifiers: Iterable[Identifier], *, kept: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the journal says of them; what identifies nobody is left out."""
    entries = {(one.type, _digests(one)[0]) for one in identifiers if normal_form(one)}
    return {
        "entries": [list(entry) for entry in sorted(entries)],
        "kept": sorted(kept),
        "normaliser": NORMALISER,
        "purpose": ERASURE.value,
    }


def entries(body: Mapping[str, Any], *, added_at: datetime) -> list[SuppressionEntry]:
    """Return the entries that the journal's words mean, stored nowhere."""
    same = {"normaliser": body["normaliser"], "purpose": body["purpose"], "kept": body["kept"], "added_at": added_at}
    return [SuppressionEntry(digest=digest, kind=kind, **same) for kind, digest in body["entries"]]


def knows(body: Mapping[str, Any], *, added_at: datetime) -> bool:
    """Whether all of it is in the database already, since this instant or a later one."""
    digests = [digest for _, digest in body["entries"]]
    rows = SuppressionEntry.objects.filter(purpose=body["purpose"], digest__in=digests, added_at__gte=added_at)
    return rows.count() == len(digests)


def put(body: Mapping[str, Any], *, added_at: datetime) -> int:
    """Have these entries in the database, each with the latest instant; return how many are new or later.

    What has served its time is not brought back.
    """
    wanted = [digest for _, digest in body["entries"]]
    known = SuppressionEntry.objects.filter(purpose=body["purpose"], digest__in=wanted, added_at__gte=added_at)
    as_late = set(known.values_list("digest", flat=True))
    rows = [entry for entry in entries(body, added_at=added_at) if entry.digest not in as_late]
    SuppressionEntry.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["digest", "purpose"], update_fields=["added_at", "kept"]
    )
    return len(rows)


def ends_before(now: datetime) -> datetime:
    """Return the instant before which an entry has served its time."""
    return now - timedelta(days=settings.SUPPRESSION_DAYS)


def let_go(now: datetime) -> int:
    """Delete entries that have served their time (GDPR 5(1)(e)); returns how many."""
    gone = SuppressionEntry.objects.filter(added_at__lt=ends_before(now)).delete()[0]
    if gone:
        log.info("%s entries of the register have served their time", gone)
    return gone


def _digests(identifier: Identifier) -> list[str]:
    form = normal_form(identifier)
    return suppression_digests(identifier.type, form) if form else []
