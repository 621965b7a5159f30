"""Deflate on all cores: the pieces of an entry are compressed apart, each ended by a sync flush, and joined in order.

What comes out is one stream of raw deflate (RFC 1951), as from a single compressor. Only so many pieces wait at once.
"""

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from isal import isal_zlib

LEVEL = 1  # the third takes twice as long for files that are a thirtieth smaller
WINDOW = -15  # raw, as a ZIP holds it
THREADS = min(4, os.cpu_count() or 1)
PIECE = 256 * 1024  # bytes that one thread takes
AHEAD = 2 * THREADS  # pieces
END = b"\x03\x00"  # an empty last block


def _piece(chunks: Sequence[bytes]) -> bytes:
    compressor = isal_zlib.compressobj(level=LEVEL, wbits=WINDOW)
    begun = map(compressor.compress, chunks)  # the library lets the other threads run
    return b"".join([*begun, compressor.flush(isal_zlib.Z_SYNC_FLUSH)])


class Deflate:
    """What `zlib.compressobj` gives, for one entry."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._waiting: deque[Future[bytes]] = deque()
        self._gathered: list[bytes] = []
        self._size = 0

    def compress(self, data: bytes) -> bytes:
        """Take some bytes; return what has been compressed meanwhile, if anything."""
        self._gathered.append(data)
        self._size += len(data)
        if self._size < PIECE:
            return b""
        self._hand_out()
        return self._waiting.popleft().result() if len(self._waiting) > AHEAD else b""

    def _hand_out(self) -> None:
        self._waiting.append(self._pool.submit(_piece, self._gathered))
        self._gathered, self._size = [], 0

    def flush(self) -> bytes:
        """Return the rest."""
        if self._size:
            self._hand_out()
        rest = [future.result() for future in self._waiting]
        self._waiting.clear()
        return b"".join([*rest, END])
