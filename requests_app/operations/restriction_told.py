"""Telling one source to use what it holds of somebody for nothing but storage, and that this has ended."""

import json
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from requests_app.connectors import NotOffered, Pending, source
from requests_app.models import Restriction, SourceAct
from requests_app.models.keys import KeyDestroyed, seal

from . import evidence
from .actors import Actor
from .acts_answered import answered, by_hand, waits
from .asked_sources import references_of
from .evidence import Kind
from .leases import Lease
from .owed_acts import Act, tell_anew
from .to_do import of_restriction
from .transition import lock


def restrict(row: SourceAct, lease: Lease) -> bool:
    """Tell it; whom it is about is kept before, so that exactly they are released later."""
    if not _of(row).filter(lifted_at=None).exists():
        return _record(row, "lifted before it was told", lease)
    asked = source(row.alias)
    references = references_of(row.dsr, asked)
    if references is None:
        return _record(row, "nobody is held", lease)
    sealed = seal(row.dsr.submission_id, row.place, json.dumps(list(references)))
    SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(references_sealed=sealed)
    return _tell(row, references, True, lease)


def lift(row: SourceAct, lease: Lease) -> bool:
    """Release those whom it restricted, unless another restriction of theirs stands there."""
    told = SourceAct.objects.filter(dsr=row.dsr, alias=row.alias, act=Act.RESTRICT, occasion=row.occasion)
    first = told.select_related("dsr").exclude(references_sealed=b"").order_by("-opened_at").first()
    if first is None:
        nobody = told.filter(attested_by=None).exists()
        return _record(row, "nobody is held", lease) if nobody else by_hand(row, lease.now())
    references = first.references
    if _others(row, references):
        return _record(row, "another restriction stands", lease)
    done = _tell(row, list(references), False, lease)
    if others := _others(row, references):  # told in this very moment, and undone by us: it is told once more
        tell_anew(SourceAct.objects.filter(pk__in=others), at=lease.now())
    return done


def _tell(row: SourceAct, references: list[str], restricted: bool, lease: Lease) -> bool:
    try:
        answer = source(row.alias).restrict(references, restricted=restricted, request_id=row.pk.hex)
    except NotOffered:
        return by_hand(row, lease.now())
    if isinstance(answer, Pending):
        scope = _of(row).get().opened("scope")
        return waits(row, answer, lease.now(), to_do=of_restriction(scope, restricted=restricted))
    records = {one.table: one.records for one in answer if one.records}
    return _record(row, "restricted" if restricted else "lifted", lease, records)


def _of(row: SourceAct) -> QuerySet[Restriction]:
    return Restriction.objects.filter(dsr=row.dsr, number=int(row.occasion))


def _others(row: SourceAct, references: tuple[str, ...]) -> list[UUID]:
    """The acts by which another restriction that stands restricts one of these people in this source.

    References stand sealed and are compared one by one: restrictions that stand are few.
    """
    standing = Restriction.objects.filter(lifted_at=None).values("dsr")
    acts = SourceAct.objects.filter(alias=row.alias, act=Act.RESTRICT, dsr__in=standing).exclude(references_sealed=b"")
    return [act.pk for act in _newest(acts) if set(references) & _opened(act)]


def _newest(acts: QuerySet[SourceAct]) -> list[SourceAct]:
    return list({act.dsr_id: act for act in acts.select_related("dsr").order_by("owed_at")}.values())


def _opened(act: SourceAct) -> set[str]:
    try:
        return set(act.references)
    except KeyDestroyed:
        return set()


def _record(row: SourceAct, outcome: str, lease: Lease, records: dict[str, int] | None = None) -> bool:
    at = lease.now()
    with transaction.atomic():
        dsr = lock(row.dsr)
        if not answered(row, at, answer={"outcome": outcome, "tables": records or {}}):
            return False
        body: dict[str, str | int] = {
            "act": str(row.pk), "source": row.alias, "what": f"restriction {row.occasion}: {outcome}"
        }  # fmt: skip
        evidence.append(dsr.submission_id, Kind.SOURCE_TOLD, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
    return True
