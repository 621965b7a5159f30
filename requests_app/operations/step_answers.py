"""What came of asking a source stands in its step, with its evidence: of a machine and of a department alike.

Needs the caller's transaction with the request locked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from requests_app.models import FulfilmentStep, Mark, Redaction

from . import evidence
from .actors import Actor
from .evidence import Kind
from .owed_steps import Status, owe_package


def record_read(
    mine: QuerySet[FulfilmentStep],
    step: FulfilmentStep,
    *,
    parts: Sequence[Mapping[str, Any]],
    size: int,
    sha256: str,
    files: int,
    actor: Actor,
    at: datetime,
) -> bool:
    """Store what was read, and owe its check and the package anew. False where `mine` has no row: not ours any more."""
    records = sum(part["records"] for part in parts)
    found = bool(records or files)
    values = {
        "parts": list(parts),
        "records": records,
        "size": size,
        "sha256": sha256,
        "check_at": at if found else None,
        "checked_to": 0,
        "reviewed_by": None,
        "reviewed_at": None,
    }
    status = Status.FOUND if found else Status.NOTHING
    if not record(mine, step, status, values, actor=actor, at=at):
        return False
    # What staff had hidden and looked at was in what was read before.
    Redaction.objects.filter(step=step, undone_at=None).update(undone_at=at)
    Mark.objects.filter(step=step).delete()
    owe_package(step.dsr, at=at)
    return True


def record(
    mine: QuerySet[FulfilmentStep],
    step: FulfilmentStep,
    status: Status,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    at: datetime,
) -> bool:
    """Store how it ended, and its evidence."""
    ended = {"status": status, "next_try_at": None, "failure_code": "", "alarm_at": None, "finished_at": at}
    if not mine.update(**{**ended, **values}):
        return False
    body: dict[str, str | int] = {
        "step": str(step.pk),
        "source": step.alias,
        "status": status.value,
        "records": values.get("records", 0),
        "sha256": values.get("sha256", ""),
    }
    evidence.append(step.dsr.submission_id, Kind.SOURCE_READ, actor=actor, at=at, dsr_id=step.dsr_id, body=body)
    return True
