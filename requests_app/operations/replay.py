"""Erase again whatever a restored backup brought back; only then the portal serves anybody.

It can be killed and begun again: what is erased stays erased, and the same replay goes on under the same name.
"""

import logging
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from requests_app.connectors import DataSource, NotOffered, Pending, PermanentFailure, RetryLater, finders, source
from requests_app.models import (
    AnswerFile,
    Authority,
    FulfilmentStep,
    Message,
    ProofDocument,
    RegisterState,
    StepFile,
    SubmissionKey,
    SuppressionEntry,
)

from . import files, journal, restore_guard, suppression
from .journal import Record
from .register import carry_out, know
from .restore_guard import mark_of
from .returned import Returned, instructions, returned
from .team import alarm_officers

log = logging.getLogger(__name__)
FILES = {  # model: the way from a row to its submission
    AnswerFile: "dsr__submission", Authority: "submission", FulfilmentStep: "dsr__submission",
    Message: "dsr__submission", ProofDocument: "submission", StepFile: "step__dsr__submission",
}  # fmt: skip


@dataclass
class Source:
    """What became of one data source, in people. `anew`: stored after the erasure, and left for people to judge."""

    erased: int = 0
    kept: int = 0
    anew: int = 0
    waiting: int = 0
    by_hand: int = 0
    silent: bool = False  # it does not tell whom it knows
    failed: str = ""


@dataclass
class Told:
    """What was done; counts, and nobody."""

    records: int = 0
    entries: int = 0
    keys: int = 0
    files: int = 0
    sources: dict[str, Source] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of it was done."""
        return not any(one.failed for one in self.sources.values())

    def people(self, what: str) -> int:
        """Return how many people this became of, in all data sources."""
        return sum(getattr(one, what) for one in self.sources.values())


def replay(*, at: datetime, without: Collection[str] = (), dry_run: bool = False) -> Told:
    """Bring the database up to the journal, then every data source. Raises journal.Broken where it is not whole.

    Where a source could not be asked the rest is done all the same, and nothing is served yet; `without` leaves it out.
    """
    told = Told(left_out=tuple(sorted(without)))
    state = RegisterState.objects.filter(pk=1).first()
    told.records = sum(1 for _ in journal.records(mark_of(state)))
    run = uuid.uuid4() if dry_run else _begin()
    unstored: list[SuppressionEntry] = []
    for record in journal.records():  # from its beginning: a database may lack more than its end
        _again(record, told, dry_run=dry_run)
        if dry_run and record.kind == "suppress":
            unstored += suppression.entries(record.body, added_at=record.at)
    if not dry_run:
        suppression.let_go(at)
    for alias in finders():
        if alias not in without:
            told.sources[alias] = _source(alias, run, unstored, dry_run=dry_run)
    if told.whole and not dry_run:
        _end(told, run, at=at)
    return told


def _begin() -> uuid.UUID:
    """Return the name of the replay that has begun and not ended, or of a new one."""
    with transaction.atomic():
        RegisterState.objects.get_or_create(pk=1)
        state = RegisterState.objects.select_for_update().get(pk=1)
        state.replay = state.replay or uuid.uuid4()
        state.save(update_fields=["replay"])
        return state.replay


def _again(record: Record, told: Told, *, dry_run: bool) -> None:
    if record.kind == "suppress":
        told.entries += _missing(record) if dry_run else carry_out(record)
    if record.kind == "key":
        ids = [uuid.UUID(hex=one) for one in record.body["ids"]]
        told.files += _files(ids, dry_run=dry_run)
        told.keys += SubmissionKey.objects.filter(pk__in=ids).count() if dry_run else carry_out(record)


def _missing(record: Record) -> int:
    digests = [digest for _, digest in record.body["entries"]]
    rows = SuppressionEntry.objects.filter(purpose=record.body["purpose"], digest__in=digests)
    return len(digests) - rows.filter(added_at__gte=record.at).count()


def _files(ids: Collection[uuid.UUID], *, dry_run: bool) -> int:
    """What lies there sealed with these keys: nobody can read it, and nobody misses it."""
    gone = 0
    for model, way in FILES.items():
        for pk in model._default_manager.filter(**{f"{way}__in": ids}).values_list("pk", flat=True):
            if files.path_of(pk).exists():
                gone += 1
                if not dry_run:
                    files.destroy(pk)
    return gone


def _source(alias: str, run: uuid.UUID, unstored: list[SuppressionEntry], *, dry_run: bool) -> Source:
    done = Source()
    try:
        made = source(alias)
        # All are found before any is erased: a source may read and write by one connection.
        for one in [one for some in returned(made, besides=unstored) for one in some]:
            _person(made, one, done, run, dry_run=dry_run)
    except NotOffered:
        done.silent = True
    except (RetryLater, PermanentFailure) as error:
        done.failed = type(error).__name__
        log.error("the data source %s could not be replayed: %s", alias, done.failed)
    return done


def _person(made: DataSource, one: Returned, done: Source, run: uuid.UUID, *, dry_run: bool) -> None:
    if one.anew:
        done.anew += 1
        return
    references = [one.match.reference]
    request_id = str(uuid.uuid5(run, f"{made.alias}:{one.entry.digest}:{one.match.reference}"))
    try:
        planned = made.plan_erasure(references, request_id=request_id)
        if isinstance(planned, Pending):
            done.by_hand += 1
            return
        items = instructions(made.alias, planned, one.entry)
        if not items:
            done.kept += 1
            return
        carried = None if dry_run else made.erase(references, items=items, request_id=request_id)
    except NotOffered:
        done.by_hand += 1
        return
    if isinstance(carried, Pending):
        done.waiting += 1
    else:
        done.erased += 1


def _end(told: Told, run: uuid.UUID, *, at: datetime) -> None:
    """From now on the database knows the journal, and everybody is served again."""
    counts = {name: told.people(name) for name in ("erased", "kept", "anew", "waiting", "by_hand")}
    with transaction.atomic(durable=True):
        state = RegisterState.objects.select_for_update().get(pk=1)
        fresh = list(journal.records(mark_of(state)))
        for record in fresh:
            carry_out(record)
        last = fresh[-1].mark if fresh else mark_of(state)
        body = {**counts, "keys": told.keys, "left_out": list(told.left_out)}
        know(state, [*fresh, journal.append("replayed", body, pk=run, at=at, after=last)])
        RegisterState.objects.filter(pk=1).update(replay=None)
        alarm_officers(_sentence(told, counts), submission=None, occurrence=f"replay:{run.hex}", at=at)
    restore_guard.forget()


def _sentence(told: Told, counts: dict[str, int]) -> str:
    silent = sorted(alias for alias, one in told.sources.items() if one.silent)
    said = [
        f"The erasures were replayed: {counts['erased']} people erased again in the data sources, "
        f"{told.keys} keys destroyed again.",
        f"{counts['anew']} were stored anew after their erasure and were left alone: find out how they came back."
        if counts["anew"]
        else "",
        f"{counts['by_hand']} have to be erased by hand." if counts["by_hand"] else "",
        f"{counts['waiting']} are being erased by others, who have not said so yet." if counts["waiting"] else "",
        f"These do not tell whom they know, look there by hand: {', '.join(silent)}." if silent else "",
        f"These were left out, and have to be looked through: {', '.join(told.left_out)}." if told.left_out else "",
    ]
    return " ".join(filter(None, said))
