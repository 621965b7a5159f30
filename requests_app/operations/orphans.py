"""What a crash between two stores leaves behind: a data key without its submission, a sealed file without its row.

Nobody can read either, and nobody misses it. After a restore the same sweep removes again the files that had been
destroyed since the backup.
"""

import logging
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import F

from requests_app.models import (
    AnswerFile,
    Authority,
    FulfilmentStep,
    Message,
    ProofDocument,
    StepFile,
    Submission,
    SubmissionKey,
)

from . import files, register

log = logging.getLogger(__name__)
# No transaction is open that long: what has no row by then will never have one.
SAFE_AGE = timedelta(days=1)
BATCH = 500
# More orphans than one in ten are no crash but the wrong database: then nothing is destroyed.
PLAUSIBLE = 10
PERISHABLE = (AnswerFile, Authority, FulfilmentStep, ProofDocument, StepFile)  # their rows outlive the file
OWNERS = (*PERISHABLE, Message)  # whose file has the id of the row


def sweep(now: datetime) -> int:
    """Destroy orphan keys and files older than a day; returns how many went."""
    return _sweep_keys(now) + _sweep_files(now - SAFE_AGE)


def _sweep_keys(now: datetime) -> int:
    orphans = [pk for batch in _old_keys(now - SAFE_AGE) for pk in batch - _known(batch)]
    if not _plausible("data keys without a case", len(orphans), SubmissionKey.objects.count()):
        return 0
    register.destroy_keys(orphans, at=now)
    for pk in orphans:
        log.info("key %s without a case destroyed", pk)
    return len(orphans)


def _old_keys(before: datetime) -> Iterator[set[uuid.UUID]]:
    rows = SubmissionKey.objects.filter(created_at__lt=before).order_by("pk")
    batch = list(rows.values_list("pk", flat=True)[:BATCH])
    while batch:
        yield set(batch)
        batch = list(rows.filter(pk__gt=batch[-1]).values_list("pk", flat=True)[:BATCH])


def _known(batch: set[uuid.UUID]) -> set[uuid.UUID]:
    return set(Submission.objects.filter(pk__in=batch).values_list("pk", flat=True))


def _sweep_files(before: datetime) -> int:
    orphans: list[Path] = []
    total = gone = 0
    for paths in files.written_before(before):
        whole = {uuid.UUID(path.name): path for path in paths if re.fullmatch(r"[0-9a-f]{32}", path.name)}
        for pk in _destroyed(set(whole)):
            whole.pop(pk).unlink(missing_ok=True)
            gone += 1
        orphans += [path for path in paths if path.suffix == ".part"]
        known = _with_row(set(whole))
        orphans += [path for pk, path in whole.items() if pk not in known]
        total += len(paths)
    if not _plausible("files without a row", len(orphans), total):
        return gone
    for path in orphans:
        log.info("file %s without a row destroyed", path.name)
        path.unlink(missing_ok=True)
    return gone + len(orphans)


def _with_row(pks: set[uuid.UUID]) -> set[uuid.UUID]:
    return {pk for model in OWNERS for pk in model.objects.filter(pk__in=pks).values_list("pk", flat=True)}


def _destroyed(pks: set[uuid.UUID]) -> set[uuid.UUID]:
    gone = [model.objects.filter(pk__in=pks).exclude(destroyed_at=None) for model in PERISHABLE]
    of_messages = Message.objects.filter(pk__in=pks, dsr__submission__messages_destroyed_at__gt=F("written_at"))
    return {pk for rows in (*gone, of_messages) for pk in rows.values_list("pk", flat=True)}


def _plausible(what: str, count: int, total: int) -> bool:
    if count * PLAUSIBLE <= total:
        return True
    log.warning("%s of %s %s: none destroyed; are these the databases that belong together?", count, total, what)
    return False
