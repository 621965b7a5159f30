"""Sealed files on disk: written before the row that names them, in chunks never in the clear."""

import math
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from requests_app.models.keys import seal_bytes, unseal_bytes

LARGEST = 25 * 1024 * 1024  # bytes; streaming packages come with the data sources


def path_of(pk: uuid.UUID) -> Path:
    """Where the file of a row lies."""
    return Path(settings.FILES_DIR) / pk.hex[:2] / pk.hex


def write(submission_id: uuid.UUID, pk: uuid.UUID, content: bytes) -> None:
    """Seal and store under the row's own id; a torn write leaves no readable file behind."""
    path = path_of(pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        out.write(seal_bytes(submission_id, f"file.{pk}", content))
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def read(submission_id: uuid.UUID, pk: uuid.UUID) -> bytes:
    """Return the content; raises FileNotFoundError, KeyDestroyed or InvalidTag."""
    return unseal_bytes(submission_id, f"file.{pk}", path_of(pk).read_bytes())


def destroy(pk: uuid.UUID) -> None:
    """Remove the file; a second call is harmless."""
    path_of(pk).unlink(missing_ok=True)


def written_before(instant: datetime) -> Iterator[list[Path]]:
    """Yield what lies on disk since before the instant, folder by folder; torn writes too."""
    for folder in sorted(Path(settings.FILES_DIR).glob("[0-9a-f][0-9a-f]")):
        yield [path for path in folder.iterdir() if _written(path) < instant.timestamp()]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another sweep was here
        return math.inf
