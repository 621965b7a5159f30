"""Writing a ZIP as it comes, entry by entry, each with its SHA-256; nothing is known of an entry before its end."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isal import isal_zlib
from stream_zip import ZIP_32, ZIP_64, Method, stream_zip

from requests_app.operations.streams import Writer

LEVEL = 1  # twice as fast as the next, and a tenth larger
WINDOW = -15  # raw deflate, as a ZIP holds it
PIECE = 128 * 1024  # bytes that are compressed at once
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

    for chunk in stream_zip(members(), chunk_size=PIECE, get_compressobj=_compressor):
        out.write(chunk)


def _compressor() -> Any:
    return isal_zlib.compressobj(level=LEVEL, wbits=WINDOW)


def _digested(entry: Entry, chunks: Iterable[bytes], keep: Callable[[], None]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        entry.size += len(chunk)
        yield chunk
        keep()
    entry.sha256 = digest.hexdigest()
