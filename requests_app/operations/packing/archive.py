"""Writing a ZIP as it comes, entry by entry, each with its SHA-256; nothing is known of an entry before its end."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream_zip import ZIP_32, ZIP_64, Method, stream_zip

from requests_app.operations.streams import Writer

from .deflate import THREADS, Deflate

PIECE = 128 * 1024  # bytes that are sealed at once
MODE = 0o100600  # a plain file of its owner
SMALL = 2**31  # bytes: what may become larger is written so that every program since 2001 but the oldest reads it


@dataclass
class Entry:
    """One file of the package, as the manifest names it. `sha256`: given where it is known before it is written."""

    name: str
    size: int = 0
    sha256: str = ""


def write(
    out: Writer,
    entries: Iterable[tuple[Entry, Iterable[bytes]]],
    *,
    written: list[Entry],
    large: bool,
    at: datetime,
    keep: Callable[[], None],
) -> None:
    """Write them in their order; `written` grows as they end, so that the last can name all others.

    `keep` is called all the while and may raise to stop.
    """
    kind = ZIP_64 if large else ZIP_32

    def members() -> Iterator[tuple[str, datetime, int, Method, Iterable[bytes]]]:
        for entry, chunks in entries:
            yield entry.name, at, MODE, kind, _digested(entry, chunks, keep)
            written.append(entry)

    with ThreadPoolExecutor(THREADS) as pool:
        for chunk in stream_zip(members(), chunk_size=PIECE, get_compressobj=lambda: _compressor(pool)):
            out.write(chunk)


def _compressor(pool: ThreadPoolExecutor) -> Any:
    return Deflate(pool)


def _digested(entry: Entry, chunks: Iterable[bytes], keep: Callable[[], None]) -> Iterator[bytes]:
    digest = None if entry.sha256 else hashlib.sha256()
    for chunk in chunks:
        if digest is not None:
            digest.update(chunk)
        entry.size += len(chunk)
        yield chunk
        keep()
    entry.sha256 = entry.sha256 if digest is None else digest.hexdigest()
