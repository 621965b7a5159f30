"""Sealed streams on disk: of any size, written once from start to end, read from any place, never in the clear.

    head      8 bytes of magic, 4 of length, the stream's own key sealed with the key of its case
    chunks    CHUNK bytes of plain text each, AES-256-GCM; the last is shorter, or empty

The nonce is the number of the chunk under a key that seals nothing else; the associated data tell the last chunk from
the others, so that neither an exchange, a cut nor an addition goes unnoticed. Destroying the key of the case destroys
every copy. What is being written has the suffix `.part` and is not found under its name.
"""

import hashlib
import io
import os
import struct
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from requests_app.models.keys import seal_bytes, unseal_bytes

from .beside import Beside
from .files import path_of

MAGIC = b"portal1\n"
CHUNK = 128 * 1024  # bytes of plain text
TAG = 16
BLOCK = 8 * CHUNK  # bytes that are handed at once to the thread that digests and seals
BEHIND = 16 * 1024 * 1024  # bytes after which what was written goes to the disk beside, so that the end waits little
Buffer = bytes | bytearray | memoryview
_LENGTH = struct.Struct(">I")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _place(pk: uuid.UUID) -> str:
    return f"stream.{pk}"


class Overtaken(Exception):
    """Somebody else began to write the same stream after us: what they write counts."""


class Writer:
    """Use as a context: left well the stream is closed, left by an exception it is discarded.

    Of two who write the same stream the one who began last counts; closing raises Overtaken for the other.
    """

    def __init__(self, submission_id: uuid.UUID, pk: uuid.UUID) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._path = path_of(pk)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        key = AESGCM.generate_key(256)
        self._cipher, self._number = AESGCM(key), 0
        self._gathered: list[bytes] = []
        self._waiting = 0  # bytes of it
        self._sealing: Beside | None = None
        self._part = self._path.with_suffix(".part")
        self._part.unlink(missing_ok=True)  # whoever still writes there writes to nothing, and finds out in the end
        self._out = self._part.open("xb")
        self._unsynced = 0
        self._beside: ThreadPoolExecutor | None = None
        self._syncing: Future[None] | None = None
        sealed = seal_bytes(submission_id, _place(pk), key)
        self._out.write(MAGIC + _LENGTH.pack(len(sealed)) + sealed)

    @property
    def sha256(self) -> str:
        """Of the plain text, once the stream is closed."""
        return self._digest.hexdigest()

    def write(self, data: Buffer) -> int:
        """Take any number of bytes; raises OSError where the disk refused earlier ones."""
        piece = bytes(data)
        self._gathered.append(piece)
        self.size += len(piece)
        self._waiting += len(piece)
        if self._waiting > BLOCK:
            # At least one byte stays back: only the end of the stream tells which chunk is the last.
            block = b"".join(self._gathered)
            whole = (len(block) - 1) // CHUNK * CHUNK
            self._gathered, self._waiting = [block[whole:]], len(block) - whole
            self._sealing = self._sealing or Beside(self._seal)
            self._sealing.take(memoryview(block)[:whole])
        return len(piece)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def close(self) -> None:
        """End the stream: it lies under its name, durably."""
        try:
            if self._sealing is not None:
                self._sealing.end()
            self._seal(memoryview(b"".join(self._gathered)), last=True)
            self._out.flush()
            self._sync_is_done()
            os.fsync(self._out.fileno())
            ours = self._is_ours()
        except BaseException:
            self.discard()
            raise
        self._leave()
        if not ours:
            raise Overtaken(f"{self._path.name} is being written anew")
        self._part.replace(self._path)

    def discard(self) -> None:
        """Give it up, if it was not ended before: nothing remains."""
        if self._out.closed:
            return
        try:
            ours = self._is_ours()
        finally:
            self._leave()
        if ours:
            self._part.unlink(missing_ok=True)

    def _leave(self) -> None:
        if self._sealing is not None:
            self._sealing.leave()
        if self._beside is not None:
            self._beside.shutdown()
        self._out.close()

    def _is_ours(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._out.fileno()), self._part.stat())
        except FileNotFoundError:
            return False

    def _seal(self, block: memoryview, *, last: bool = False) -> None:
        """Digest, seal and write some whole chunks, of which the last of all may be shorter, or empty."""
        self._digest.update(block)
        for start in range(0, max(1, len(block)), CHUNK):
            chunk = block[start : start + CHUNK]
            place = b"last" if last and start + CHUNK >= len(block) else b""
            self._unsynced += self._out.write(self._cipher.encrypt(_nonce(self._number), chunk, place))
            self._number += 1
        if self._unsynced >= BEHIND and (self._syncing is None or self._syncing.done()):
            self._sync_is_done()
            self._beside = self._beside or ThreadPoolExecutor(1)
            self._syncing, self._unsynced = self._beside.submit(os.fdatasync, self._out.fileno()), 0

    def _sync_is_done(self) -> None:
        """Raises OSError where the disk refused: the system tells it only once."""
        if self._syncing is not None:
            self._syncing.result()


class Reader(io.RawIOBase):
    """Read-only and seekable; `size` is that of the plain text. One chunk is held in memory.

    Raises FileNotFoundError and KeyDestroyed when opened, InvalidTag when read where the bytes were changed.
    """

    def __init__(self, submission_id: uuid.UUID, pk: uuid.UUID) -> None:
        self._in = path_of(pk).open("rb")
        try:
            if self._in.read(len(MAGIC)) != MAGIC:
                raise FileNotFoundError(f"{pk} is no sealed stream")
            (length,) = _LENGTH.unpack(self._in.read(_LENGTH.size))
            self._cipher = AESGCM(unseal_bytes(submission_id, _place(pk), self._in.read(length)))
            self._start = self._in.tell()
            sealed = os.fstat(self._in.fileno()).st_size - self._start
        except BaseException:
            self._in.close()
            raise
        self._chunks = max(1, -(-sealed // (CHUNK + TAG)))
        self.size = sealed - self._chunks * TAG
        self._at, self._held, self._chunk = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        piece = self.piece(self._at, len(view))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def piece(self, at: int, most: int) -> bytes:
        """Return some of what stands at a place, as much of it as one chunk has; nothing beyond the end."""
        if at >= self.size:
            self._load(self._chunks - 1)  # a stream that was cut short must not look as if it ended here
            return b""
        number, within = divmod(at, CHUNK)
        self._load(number)
        return self._chunk[within : within + most]

    def close(self) -> None:
        self._in.close()
        super().close()

    def _load(self, number: int) -> None:
        if number == self._held:
            return
        sealed = os.pread(self._in.fileno(), CHUNK + TAG, self._start + number * (CHUNK + TAG))
        last = number == self._chunks - 1
        self._chunk, self._held = self._cipher.decrypt(_nonce(number), sealed, b"last" if last else b""), number


def pieces(reader: Reader, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield what stands between two places, a chunk at most at a time."""
    end = reader.size if end is None else end
    while start < end and (piece := reader.piece(start, end - start)):
        start += len(piece)
        yield piece


def closing_pieces(reader: Reader, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the same, and close the reader in the end."""
    with reader:
        yield from pieces(reader, start=start, end=end)


def whole_lines(reader: Reader, *, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield (place of the first byte, some whole lines) for all that stands between two places."""
    at, begun = start, list[bytes]()
    for piece in pieces(reader, start=start, end=end):
        if not (after := piece.rfind(b"\n") + 1):
            begun.append(piece)  # joined once: a record may be as long as a file
            continue
        whole = b"".join([*begun, memoryview(piece)[:after]])
        yield at, whole
        at += len(whole)
        begun = [piece[after:]]


def lines(reader: Reader, *, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield (place of its first byte, line with its newline) for every line between two places."""
    for at, whole in whole_lines(reader, start=start, end=end):
        for line in whole.split(b"\n")[:-1]:
            yield at, line + b"\n"
            at += len(line) + 1
