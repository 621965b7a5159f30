"""Telling one source to use what it holds of somebody for nothing but storage, and that this has ended."""

import json
from collections import defaultdict
from collections.abc import Sequence
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
from .owed_acts import Act, Status, tell_anew
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
    both = list(dict.fromkeys([*row.references, *references]))  # told before of others, it releases them, too
    sealed = seal(row.dsr.submission_id, row.place, json.dumps(both))
    SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(references_sealed=sealed)
    return _tell(row, references, True, lease)


def lift(row: SourceAct, lease: Lease) -> bool:
    """Release those whom it restricted, in any clock, but for whom another restriction that stands there covers."""
    told = SourceAct.objects.filter(dsr=row.dsr, alias=row.alias, act=Act.RESTRICT, occasion=row.occasion)
    acts = told.select_related("dsr").exclude(references_sealed=b"").order_by("opened_at")
    references = list(dict.fromkeys(one for act in acts for one in act.references))
    if not references:
        nobody = told.filter(attested_by=None).exists()
        return _record(row, "nobody is held", lease) if nobody else by_hand(row, lease.now())
    covered = set().union(*_others(row, references).values())
    free = [one for one in references if one not in covered]
    # An earlier try may have released them, and nobody heard of it: what was told since is undone by it.
    released = references if _may_have_been_told(row) else free
    if not free:
        return _record(row, "another restriction stands", lease, released=released)
    return _tell(row, free, False, lease, released=released)


def _may_have_been_told(row: SourceAct) -> bool:
    return row.attempts > 1 or row.status == Status.PENDING or row.due_at != row.owed_at  # somebody had it told again


def _tell(
    row: SourceAct, references: list[str], restricted: bool, lease: Lease, *, released: Sequence[str] = ()
) -> bool:
    try:
        answer = source(row.alias).restrict(references, restricted=restricted, request_id=row.pk.hex)
    except NotOffered:
        return by_hand(row, lease.now())
    if isinstance(answer, Pending):
        scope = _of(row).get().opened("scope")
        return waits(row, answer, lease.now(), to_do=of_restriction(scope, restricted=restricted))
    records = {one.table: one.records for one in answer if one.records}
    return _record(row, "restricted" if restricted else "lifted", lease, records, released=released)


def _of(row: SourceAct) -> QuerySet[Restriction]:
    return Restriction.objects.filter(dsr=row.dsr, number=int(row.occasion))


def _others(row: SourceAct, references: Sequence[str]) -> dict[UUID, set[str]]:
    """Whom of these people another restriction that stands restricts in this source, by its newest act there.

    References stand sealed and are compared one by one: restrictions that stand are few.
    """
    standing = dict(Restriction.objects.filter(lifted_at=None).values_list("dsr", "number"))
    acts = SourceAct.objects.filter(alias=row.alias, act=Act.RESTRICT, dsr__in=standing).exclude(references_sealed=b"")
    newest: dict[UUID, UUID] = {}
    theirs: dict[UUID, set[str]] = defaultdict(set)
    for act in acts.select_related("dsr").order_by("owed_at"):
        if act.occasion == str(standing[act.dsr_id]) and (covered := set(references) & _opened(act)):
            newest[act.dsr_id] = act.pk
            theirs[act.dsr_id] |= covered
    return {newest[dsr_id]: covered for dsr_id, covered in theirs.items()}


def _opened(act: SourceAct) -> set[str]:
    try:
        return set(act.references)
    except KeyDestroyed:
        return set()


def _record(
    row: SourceAct,
    outcome: str,
    lease: Lease,
    records: dict[str, int] | None = None,
    *,
    released: Sequence[str] = (),
) -> bool:
    """`released`: whom the source may use again by now; a restriction of theirs that stands is told once more."""
    at = lease.now()
    with transaction.atomic():
        dsr = lock(row.dsr)
        if not answered(row, at, answer={"outcome": outcome, "tables": records or {}}):
            return False
        if released and (others := _others(row, released)):
            tell_anew(SourceAct.objects.filter(pk__in=others), at=at)
        body: dict[str, str | int] = {
            "act": str(row.pk), "source": row.alias, "what": f"restriction {row.occasion}: {outcome}"
        }  # fmt: skip
        evidence.append(dsr.submission_id, Kind.SOURCE_TOLD, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
    return True
