"""Asking the data sources for what they hold: outside any transaction, by lease, with back-off, each step for itself.

What a source hands out flows record by record into a sealed stream; memory does not grow with it.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from requests_app.connectors import (
    Extracted,
    File,
    Pending,
    PermanentFailure,
    Record,
    RetryLater,
)
from requests_app.connectors.records import encode
from requests_app.models import FulfilmentStep, StepFile
from requests_app.models.keys import KeyDestroyed, held, seal
from requests_app.models.source_task import AboutWhom
from requests_app.rules.lifecycle import State
from requests_app.rules.refusal import grounds_for
from requests_app.rules.task_clock import silent_at

from . import assurance, evidence, files, people_found, source_tasks, streams
from .actors import Actor
from .asked_sources import ask, confirmed_addresses, own_columns
from .authorities import sought
from .evidence import Kind
from .leases import ALARM_AFTER, MOST_ATTEMPTS, Lease, TakenOver, due, put_off
from .owed_steps import Status, ask_anew, owe_package
from .people_found import SeveralPeople
from .policies import policy_of
from .refused import Refused
from .step_answers import record, record_read
from .team import alarm_officers, refuse_own, require
from .transition import lock

log = logging.getLogger(__name__)
PUT_OFF = timedelta(minutes=15)  # until it is shown who asks; whatever shows it wakes the step earlier
BUFFER = 64 * 1024  # bytes of lines gathered before they are sealed


@dataclass
class Kept:
    """What was written so far; `own`: see `own_columns`."""

    own: Mapping[str, list[str]] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    records: int = 0
    files: list[StepFile] = field(default_factory=list)

    def count(self, table: str, records: int, *, start: int, end: int) -> None:
        """Add lines of a table; raises PermanentFailure where the table had ended before."""
        if not self.parts or self.parts[-1]["table"] != table:
            if any(part["table"] == table for part in self.parts):
                raise PermanentFailure("the records of a table have to follow each other")
            theirs = {"own": self.own[table]} if table in self.own else {}
            self.parts.append({"table": table, "start": start, "end": start, "records": 0, **theirs})
        self.parts[-1]["end"] = end
        self.parts[-1]["records"] += records
        self.records += records


def run_due(now: datetime, *, budget: float) -> int:
    """Ask what is due by now, for about `budget` seconds; return how many steps were answered."""
    done = 0
    for row, at in due(FulfilmentStep.objects.select_related("dsr__submission", "dsr__policy"), now, budget=budget):
        with held([row.dsr.submission_id]):
            done += _run(row, at)
    return done


def _run(row: FulfilmentStep, at: datetime) -> bool:
    dsr = row.dsr
    if dsr.opened_at != row.opened_at or not dsr.is_open:
        return _drop(row)
    if dsr.state != State.IN_PROGRESS or assurance.obstacles(dsr, at=at):
        _mine(row).update(next_try_at=at + PUT_OFF)
        return False
    lease = Lease(row, at, started_at=at)
    if not lease.taken:
        return False
    try:
        answer = ask(row)
        if isinstance(answer, Pending):
            return _pending(row, answer, at)
        kept, out = _write(row, answer or (), lease)
        return _record(row, kept, out, lease.now())
    except (TakenOver, streams.Overtaken):
        return False
    except SeveralPeople as several:
        return _several(row, several, at)
    except RetryLater as error:
        return _later(row, error, at)
    except (PermanentFailure, KeyDestroyed) as error:
        return _failed(row, error, at)
    except Exception as error:
        log.error("step %s failed, attempt %d: %s", row.pk, row.attempts, type(error).__name__)
        return _later(row, error, at) if row.attempts < MOST_ATTEMPTS else _failed(row, error, at)


def _drop(row: FulfilmentStep) -> bool:
    """The request has ended, or its clock began anew: nobody is asked any more."""
    _mine(row).update(next_try_at=None, status=Status.FAILED, failure_code="Ended")
    return False


def _write(row: FulfilmentStep, answer: Extracted, lease: Lease) -> tuple[Kept, streams.Writer]:
    kept, submission_id = Kept(own_columns(row.alias)), row.dsr.submission_id
    with streams.Writer(submission_id, row.pk) as out:
        gathered: list[bytes] = []
        waiting = 0
        for item in answer:
            if isinstance(item, File):
                kept.files.append(_write_file(row, item, lease, number=len(kept.files)))
                continue
            line = encode(item.values) if isinstance(item, Record) else item.data
            start = out.size + waiting
            kept.count(item.table, 1 if isinstance(item, Record) else item.records, start=start, end=start + len(line))
            gathered.append(line)
            waiting += len(line)
            if waiting >= BUFFER:
                out.write(b"".join(gathered))
                gathered.clear()
                waiting = 0
                lease.keep()
        out.write(b"".join(gathered))
    return kept, out


def _write_file(row: FulfilmentStep, item: File, lease: Lease, *, number: int) -> StepFile:
    submission_id = row.dsr.submission_id
    # The same id whenever the same step is asked again: what a crash left behind is written over.
    pk = uuid.uuid5(row.pk, f"{number}:{item.name}")
    with streams.Writer(submission_id, pk) as out:
        for chunk in item.chunks:
            out.write(chunk)
            lease.keep()
    return StepFile(
        pk=pk,
        step=row,
        name_sealed=seal(submission_id, f"stepfile.name.{pk}", item.name),
        media_type=item.media_type[:100],
        size=out.size,
        sha256=out.sha256,
        received_at=lease.now(),
    )


def _record(row: FulfilmentStep, kept: Kept, out: streams.Writer, at: datetime) -> bool:
    with transaction.atomic():
        row.dsr = lock(row.dsr)
        stored = record_read(
            _mine(row),
            row,
            parts=kept.parts,
            size=out.size,
            sha256=out.sha256,
            files=len(kept.files),
            actor=Actor.system(),
            at=at,
        )
        if not stored:
            return False
        earlier = StepFile.objects.filter(step=row)
        gone = {file.pk for file in earlier} - {file.pk for file in kept.files}
        earlier.delete()
        StepFile.objects.bulk_create(kept.files)
    for pk in gone:
        files.destroy(pk)
    if not kept.records and not kept.files:
        files.destroy(row.pk)
    return True


def _mine(row: FulfilmentStep) -> QuerySet[FulfilmentStep]:
    """The row, if the claim to it is still ours."""
    return FulfilmentStep.objects.filter(pk=row.pk, next_try_at=row.next_try_at)


def _pending(row: FulfilmentStep, answer: Pending, at: datetime) -> bool:
    """The answer comes by itself; where people are to give it, their task is owed in the same transaction."""
    with transaction.atomic():
        row.dsr = lock(row.dsr)
        waits = {"status": Status.PENDING, "next_try_at": answer.ask_again_at, "attempts": 0, "failure_code": ""}
        if not answer.to and row.alarm_at is None:  # a department's task has a clock of its own
            waits["alarm_at"] = silent_at(at, due_on=row.dsr.due_on, tz=policy_of(row.dsr.policy).time_zone)
        if _mine(row).update(**waits) and answer.to:
            submission = row.dsr.submission
            shown = tuple(sorted(confirmed_addresses(submission)))
            about = AboutWhom(sought(submission)[1], shown, submission.opened("details"))
            source_tasks.give(row, answer, about=about, at=at)
    return False


def _several(row: FulfilmentStep, several: SeveralPeople, at: datetime) -> bool:
    """Nothing is read of anybody: staff choose whom it is about."""
    with transaction.atomic():
        row.dsr = lock(row.dsr)
        waits = {"status": Status.SEVERAL, "next_try_at": None, "attempts": 0, "failure_code": "", "alarm_at": None}
        if _mine(row).update(**waits):
            people_found.keep(row, several, at=at)
    return False


def _later(row: FulfilmentStep, error: Exception, at: datetime) -> bool:
    if row.attempts >= ALARM_AFTER:  # told once, and not missed where the process died at the attempt that it was due
        with transaction.atomic():
            submission = lock(row.dsr).submission
            sentence = f"The data source {row.alias} has not answered about a case for hours. It is asked every hour."
            alarm_officers(
                sentence, submission=submission, occurrence=f"{row.pk.hex}:late:{row.owed_at.isoformat()}", at=at
            )
    return put_off(row, error, at)


def _failed(row: FulfilmentStep, error: Exception, at: datetime) -> bool:
    with transaction.atomic():
        dsr = lock(row.dsr)
        why = {"failure_code": type(error).__name__[:80]}
        if not record(_mine(row), row, Status.FAILED, why, actor=Actor.system(), at=at):
            return False
        sentence = f"The data source {row.alias} could not be asked for what it holds. Somebody has to look at it."
        alarm_officers(sentence, submission=dsr.submission, occurrence=f"{row.pk.hex}:{at.isoformat()}", at=at)
    return True


def retry(step: FulfilmentStep, *, actor: Actor, at: datetime) -> None:
    """Have a source asked again now: one that failed, that is away, or that found nothing yet. What it had found is
    read anew. Raises Refused once the request is decided."""
    require(actor, "retry_step")
    with transaction.atomic():
        dsr = lock(step.dsr)
        if dsr.state != State.IN_PROGRESS or dsr.opened_at != step.opened_at:
            raise Refused("This request is not in progress any more: return or reopen it first.")
        ask_anew(FulfilmentStep.objects.filter(pk=step.pk), at=at)
        body = {"step": str(step.pk), "source": step.alias, "before": step.status}
        evidence.append(dsr.submission_id, Kind.SOURCE_RETRIED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def withhold(step: FulfilmentStep, *, ground: str, why: str, actor: Actor, at: datetime) -> None:
    """Hand out nothing of one source, with a ground of the catalogue and words for the person; a second person reads
    both before the release. Also where a source cannot be asked: then the person is told what they do not get."""
    account = require(actor, "withhold_step")
    refuse_own(step.dsr.submission, account)
    if ground not in {one.key for one in grounds_for(policy_of(step.dsr.policy), step.dsr.right)}:
        raise Refused("Choose a ground that the law allows for this right.")
    if not why.strip():
        raise Refused("Say in words for the person what is withheld and why.")
    with transaction.atomic():
        dsr = lock(step.dsr)
        if dsr.state != State.IN_PROGRESS or dsr.opened_at != step.opened_at:
            raise Refused("This request is not in progress any more: return or reopen it first.")
        sealed = seal(dsr.submission_id, f"fulfilmentstep.withheld.{step.pk}", why.strip())
        values = {"status": Status.WITHHELD, "withheld_ground": ground, "withheld_sealed": sealed, "next_try_at": None,
                  "reviewed_by": account, "reviewed_at": at}  # fmt: skip
        FulfilmentStep.objects.filter(pk=step.pk).update(**values)
        body = {"step": str(step.pk), "source": step.alias, "ground": ground}
        evidence.append(dsr.submission_id, Kind.SOURCE_WITHHELD, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        owe_package(dsr, at=at)
