"""Erasing in one source: written down, destroyed, told. Killed at any point and begun again, it goes on."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from requests_app.connectors import (
    Attested,
    Carried,
    Instruction,
    NotOffered,
    Pending,
    PermanentFailure,
    RetryLater,
    Way,
    departments,
    source,
)
from requests_app.models import ErasureItem, SourceAct
from requests_app.rules.erasure_plan import GOES

from . import erasure_known, evidence
from .actors import Actor
from .acts_answered import answered, by_hand, waits
from .evidence import Kind
from .holding import held_places, is_held
from .leases import Lease
from .owed_acts import Act, acts_of, items_of, owe_verification
from .policies import policy_of
from .stale_answers import read_anew
from .to_do import of_items
from .transition import lock


class LeftOver(RetryLater):
    """The source says itself that something is left: it is told again."""


class NotSaid(PermanentFailure):
    """The source did not say of everything what became of it."""


def erase(row: SourceAct, lease: Lease) -> bool:
    """Tell one source to erase what was decided. Where people have to, they are waited for."""
    going = _written_down(row, lease.now())
    if not going:
        return _record(row, [], [], lease.now())
    erasure_known.suppress(row)
    if not all(item.table for item in going) and row.alias not in departments():
        return by_hand(row, lease.now())
    plan = acts_of(row.dsr).get(alias=row.alias, act=Act.PLAN)
    goes = {item.table: Way(item.way) for item in going}
    told = [Instruction(item.table, goes.get(item.table, Way.KEEP)) for item in _decided(row)]
    try:
        answer = source(row.alias).erase(plan.references, items=told, request_id=row.pk.hex)
    except NotOffered:
        return by_hand(row, lease.now())
    if isinstance(answer, Pending):
        return waits(row, answer, lease.now(), to_do=of_items(_decided(row), going, policy_of(row.dsr.policy)))
    said = {one.table: one for one in answer}
    if any(item.table not in said for item in going):
        raise NotSaid
    if any(said[item.table].left for item in going):
        raise LeftOver
    return _record(row, going, answer, lease.now())


def gone_by_hand(act: SourceAct, *, at: datetime) -> None:
    """What people say is gone was written down before; what is held was not theirs to erase, and still waits.

    Needs the caller's transaction with the request locked.
    """
    places = held_places(act.dsr)
    waiting = items_of(act.dsr).filter(alias=act.alias, way__in=GOES, done_at=None, written_at__isnull=False)
    gone = [item.pk for item in waiting if not is_held(item, places)]
    ErasureItem.objects.filter(pk__in=gone).update(done_at=at)
    owe_verification(act, at=at)
    read_anew(act, at=at)


def _decided(row: SourceAct) -> list[ErasureItem]:
    return list(items_of(row.dsr).filter(alias=row.alias).exclude(way=""))


def _written_down(row: SourceAct, at: datetime) -> list[ErasureItem]:
    """Return what goes, is not gone and not held, with the evidence of it in store before anything is destroyed."""
    with transaction.atomic():
        lock(row.dsr)
        places = held_places(row.dsr)
        waiting = items_of(row.dsr).filter(alias=row.alias, way__in=GOES, done_at=None)
        going = [item for item in waiting if not is_held(item, places)]
        fresh = [item for item in going if item.written_at is None]
        if fresh:
            ErasureItem.objects.filter(pk__in=[item.pk for item in fresh]).update(written_at=at)
            listed = json.dumps(sorted([item.table, item.way, item.records] for item in fresh), separators=(",", ":"))
            body: dict[str, str | int] = {
                "act": str(row.pk),
                "source": row.alias,
                "tables": len(fresh),
                "sha256": hashlib.sha256(listed.encode()).hexdigest(),
            }
            _append(row, Kind.ERASURE_BEGUN, body, at)
    return going


def _record(row: SourceAct, items: Sequence[ErasureItem], answer: Sequence[Carried], at: datetime) -> bool:
    said = {one.table: one.records for one in answer}
    kept: dict[str, object] = {"tables": said}
    if isinstance(answer, Attested):
        kept["signed"] = answer.attested  # a processor's own: it names nobody, and the evidence holds its digest
    with transaction.atomic():
        lock(row.dsr)
        if not answered(row, at, answer=kept):
            return False
        for item in items:
            changed = F("done") + said.get(item.table, 0)
            ErasureItem.objects.filter(pk=item.pk).update(done_at=at, done=changed, left=0)
        body: dict[str, str | int] = {"act": str(row.pk), "source": row.alias, "records": sum(said.values())}
        if isinstance(answer, Attested):
            body["signed_sha256"] = hashlib.sha256(answer.attested.encode()).hexdigest()
        _append(row, Kind.SOURCE_ERASED, body, at)
        owe_verification(row, at=at)
        if items:
            read_anew(row, at=at)
    return True


def _append(row: SourceAct, kind: Kind, body: dict[str, str | int], at: datetime) -> None:
    evidence.append(row.dsr.submission_id, kind, actor=Actor.system(), at=at, dsr_id=row.dsr_id, body=body)
