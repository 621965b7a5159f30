"""Making the package of a request: outside any transaction, by lease, of what its sources handed out.

A package is a file of the answer once it is whole: until then it lies beside under a name that nothing finds, and
whoever makes it anew after a kill writes over it.
"""

import logging
import uuid
from datetime import datetime

from django.db import transaction

from requests_app.connectors import PermanentFailure, RetryLater
from requests_app.models import AnswerFile, DataSubjectRequest, DisclosurePackage, PackageBuild
from requests_app.models.keys import KeyDestroyed, held, seal
from requests_app.rules import disclosure
from requests_app.rules.lifecycle import State

from . import evidence, files, streams
from .actors import Actor
from .evidence import Kind
from .leases import ALARM_AFTER, Lease, TakenOver, due, put_off
from .owed_steps import owe_package
from .packing import archive, contents, layout
from .refused import Refused
from .team import alarm_officers, require
from .transition import lock

log = logging.getLogger(__name__)
SOON = ALARM_AFTER // 2  # attempts: nothing but ourselves is waited for


def build_due(now: datetime, *, budget: float) -> int:
    """Make what is due by now, for about `budget` seconds; return how many packages were made."""
    done = 0
    for row, at in due(PackageBuild.objects.select_related("dsr__submission", "dsr__policy"), now, budget=budget):
        with held([row.dsr.submission_id]):
            done += _build(row, at)
    return done


def _build(row: PackageBuild, at: datetime) -> bool:
    if row.dsr.state != State.IN_PROGRESS:  # decided or ended; whatever takes it up again owes the package anew
        PackageBuild.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(next_try_at=None)
        return False
    lease = Lease(row, at)
    if not lease.taken:
        return False
    inputs = contents.made_of(row.dsr)
    pk = uuid.uuid5(row.pk, f"{inputs}:{row.file_id or ''}")
    try:
        gathered = contents.gather(row.dsr)
        out = _write(gathered, pk, lease, at)
    except (TakenOver, streams.Overtaken):
        return False
    except RetryLater as error:
        return _later(row, error, at)
    except (PermanentFailure, KeyDestroyed) as error:
        log.error("package of %s cannot be made: %s", row.pk, type(error).__name__)
        return _later(row, error, at)
    except Exception as error:
        log.error("package of %s failed, attempt %d: %s", row.pk, row.attempts, type(error).__name__)
        return _later(row, error, at)
    lacks = disclosure.missing(gathered.facts, gathered.answer)
    return _record(row, pk, out, inputs=inputs, lacks=lacks, at=lease.now())


def _write(gathered: contents.Contents, pk: uuid.UUID, lease: Lease, at: datetime) -> streams.Writer:
    written: list[archive.Entry] = []
    large = layout.largest(gathered) > archive.SMALL
    with streams.Writer(gathered.submission.pk, pk) as out:
        parts = layout.entries(gathered, written=written, at=at)
        archive.write(out, parts, written=written, large=large, at=at, keep=lease.keep)
    return out


def _record(
    row: PackageBuild, pk: uuid.UUID, out: streams.Writer, *, inputs: str, lacks: list[str], at: datetime
) -> bool:
    """Make it the package of the request, unless what it was made of has changed: then it is due again."""
    with transaction.atomic():
        dsr = lock(row.dsr)
        before = PackageBuild.objects.select_related("file").get(pk=row.pk)
        mine = PackageBuild.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        made = dsr.state == State.IN_PROGRESS and contents.made_of(dsr) == inputs and mine.exists()
        if made:
            file = AnswerFile.objects.create(
                pk=pk,
                dsr=dsr,
                name_sealed=seal(dsr.submission_id, f"answerfile.name.{pk}", f"{dsr.submission.case_label}.zip"),
                size=out.size,
                sha256=out.sha256,
                kind=AnswerFile.Kind.PACKAGE,
                attached_at=at,
            )
            done = {"next_try_at": None, "attempts": 0, "failure_code": "", "inputs": inputs, "lacks": lacks}
            mine.update(file=file, built_at=at, **done)
            gone = _set_aside(before.file, at)
            body: dict[str, str | int] = {"file": str(pk), "sha256": out.sha256, "size": out.size, "inputs": inputs}
            evidence.append(
                dsr.submission_id, Kind.PACKAGE_BUILT, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body
            )
        else:
            gone = None if before.file_id == pk else pk  # whoever took over made it of the same
            mine.update(next_try_at=at)
    if gone:
        files.destroy(gone)
    return made


def _set_aside(file: AnswerFile | None, at: datetime) -> uuid.UUID | None:
    """Give up the package that was made before, unless the person was given it: then it stays for its period."""
    if file is None or file.destroyed_at is not None:
        return None
    released = DisclosurePackage.objects.filter(dsr=file.dsr_id, released_at__gte=file.attached_at)
    if released.exists():
        return None
    AnswerFile.objects.filter(pk=file.pk).update(destroyed_at=at)
    return file.pk


def _later(row: PackageBuild, error: Exception, at: datetime) -> bool:
    if row.attempts >= SOON:  # each day once, and not missed where the process died at the attempt that it was due
        with transaction.atomic():
            submission = lock(row.dsr).submission
            sentence = "The package of a case could not be made several times. It is tried again every hour."
            alarm_officers(sentence, submission=submission, occurrence=f"{row.pk.hex}:{at.date()}", at=at)
    return put_off(row, error, at)


def make_anew(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> None:
    """Have the package made again now: after its data map or the policy was mended, or it failed."""
    require(actor, "retry_step")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.state != State.IN_PROGRESS:
            raise Refused("This request is not in progress any more: return or reopen it first.")
        owe_package(dsr, at=at)
