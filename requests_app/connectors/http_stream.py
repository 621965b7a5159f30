"""The stream of what a source holds, line by line: records, files in pieces, and at its end the signature of it all."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .http_answers import CutOff, Unreadable, Unsigned, parsed
from .records import File, Record

LONGEST_LINE = 4 * 1024 * 1024  # bytes of one record, or of one piece of a file


class Stream:
    """A Record for each line {"table", "values"}, a File for each {"file"} and the lines {"chunk"} after it.

    The last line, {"signature"}, signs all before it: what was yielded counts only if the iteration comes to its end.
    Raises CutOff, Unsigned or Unreadable.
    """

    def __init__(
        self, pieces: Iterable[bytes], known: Mapping[str, frozenset[str]], is_signed: Callable[[str, str], bool]
    ) -> None:
        self._lines, self._known, self._is_signed = _lines(pieces), known, is_signed
        self._read = hashlib.sha256()
        self._said: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[Record | File]:
        self._go_on()
        while self._said is not None:
            if set(self._said) != {"file"}:
                yield _record(self._said, self._known)
                self._go_on()
                continue
            named = self._said["file"]
            self._go_on()
            chunks = self._chunks()
            yield _file(named, chunks)
            for _ in chunks:
                pass  # whoever took the file may have left the rest of it

    def _chunks(self) -> Iterator[bytes]:
        while self._said is not None and set(self._said) == {"chunk"}:
            yield _bytes(self._said["chunk"])
            self._go_on()

    def _go_on(self) -> None:
        """Read the next line; none is left once the signature was right."""
        line = next(self._lines, None)
        if line is None:
            raise CutOff
        said = parsed(line)
        if not isinstance(said, dict):
            raise Unreadable("line")
        if set(said) != {"signature"}:
            self._read.update(line + b"\n")
            self._said = said
            return
        if not self._is_signed(self._read.hexdigest(), str(said["signature"])):
            raise Unsigned
        if next(self._lines, None) is not None:
            raise Unreadable("after the end")
        self._said = None


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE or any(len(line) > LONGEST_LINE for line in whole):
            raise Unreadable("a line is too long")
        yield from whole
    if rest:
        raise CutOff


def _record(said: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> Record:
    table, values = said.get("table"), said.get("values")
    if set(said) != {"table", "values"} or not isinstance(table, str) or not isinstance(values, dict):
        raise Unreadable("record")
    # Of what is described nowhere nobody could be told what it is, and why it is held (GDPR 15(1)).
    if table not in known or not known[table].issuperset(values):
        raise Unreadable("not described")
    return Record(table, values)


def _file(said: Any, chunks: Iterator[bytes]) -> File:
    if not isinstance(said, dict) or not set(said) <= {"name", "media_type"}:
        raise Unreadable("file")
    name, media_type = said.get("name"), said.get("media_type", "application/octet-stream")
    if not isinstance(name, str) or not name or not isinstance(media_type, str):
        raise Unreadable("file")
    return File(name, media_type, chunks)


def _bytes(said: Any) -> bytes:
    try:
        return base64.b64decode(said, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Unreadable("chunk") from None
