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
    """One file of the package, as the manifest names it."""

    name: str
    size: int = 0
    sha256: str = ""


def write(
    out: Writer,
    entries: Iterable[tuple[str, Iterable[bytes]]],
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
        for name, chunks in entries:
            entry = Entry(name)
            yield name, at, MODE, kind, _digested(entry, chunks, keep)
            written.append(entry)

    with ThreadPoolExecutor(THREADS) as pool:
        for chunk in stream_zip(members(), chunk_size=PIECE, get_compressobj=lambda: _compressor(pool)):
            out.write(chunk)


def _compressor(pool: ThreadPoolExecutor) -> Any:
    return Deflate(pool)


def _digested(entry: Entry, chunks: Iterable[bytes], keep: Callable[[], None]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        entry.size += len(chunk)
        yield chunk
        keep()
    entry.sha256 = digest.hexdigest()
