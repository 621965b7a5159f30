"""Deflate on all cores: the pieces of an entry are compressed apart, each ended by a sync flush, and joined in order.

What comes out is one stream of raw deflate (RFC 1951), as from a single compressor. Only so many pieces wait at once.
"""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from isal import isal_zlib

LEVEL = 1  # twice as fast as the next, and a tenth larger
WINDOW = -15  # raw, as a ZIP holds it
THREADS = min(4, os.cpu_count() or 1)
AHEAD = 2 * THREADS  # pieces
END = b"\x03\x00"  # an empty last block


def _piece(data: bytes) -> bytes:
    compressor = isal_zlib.compressobj(level=LEVEL, wbits=WINDOW)
    begun = compressor.compress(data)  # the library lets the other threads run
    return bytes(begun + compressor.flush(isal_zlib.Z_SYNC_FLUSH))


class Deflate:
    """What `zlib.compressobj` gives, for one entry."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._waiting: deque[Future[bytes]] = deque()

    def compress(self, data: bytes) -> bytes:
        """Take a piece; return what has been compressed meanwhile, if anything."""
        if not data:
            return b""
        self._waiting.append(self._pool.submit(_piece, data))
        return self._waiting.popleft().result() if len(self._waiting) > AHEAD else b""

    def flush(self) -> bytes:
        """Return the rest."""
        rest = [future.result() for future in self._waiting]
        self._waiting.clear()
        return b"".join([*rest, END])
