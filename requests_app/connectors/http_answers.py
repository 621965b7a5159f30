"""What a source answers over HTTP, read with suspicion: bounded in every direction, and never half."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.utils.dateparse import parse_datetime

from .base import KINDS, Match, OnFile, PermanentFailure, RetryLater
from .records import Record

LARGEST_ANSWER = 256 * 1024  # bytes, of what is read whole
LONGEST_LINE = 4 * 1024 * 1024  # bytes of one record
MOST_MATCHES = 20  # people: whoever matches more names nobody in particular


class Unsigned(PermanentFailure):
    """The answer was not signed with our key, or not as the answer to this question."""


class Unreadable(PermanentFailure):
    """The answer is not what the protocol says."""


class CutOff(RetryLater):
    """The answer ended before its signature: part of it may be missing."""


def bounded(pieces: Iterable[bytes]) -> bytes:
    """Return the whole body. Raises Unreadable where it is too large to be an answer."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise Unreadable("too large")
    return bytes(body)


def parsed(line: bytes) -> Any:
    """Return what one text of JSON says. Raises Unreadable."""
    try:
        said = json.loads(line, parse_constant=_refuse)
        if b"\\u" in line:
            json.dumps(said, ensure_ascii=False).encode()  # half of a pair of surrogates is no text
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    return said


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def matches(said: Any) -> list[Match]:
    """Return {"matches": [{"reference", "contacts": [{"address", "kind", "since", "changed_recently"}]}]}."""
    rows = said.get("matches") if isinstance(said, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_MATCHES:
        raise Unreadable("matches")
    return [_match(row) for row in rows]


def records(
    pieces: Iterable[bytes], known: Mapping[str, frozenset[str]], is_signed: Callable[[str, str], bool]
) -> Iterator[Record]:
    """Yield a record for each line {"table", "values"}, until the last line, {"signature"}, which signs all before it.

    What was yielded counts only if the iterator comes to its end. Raises CutOff, Unsigned or Unreadable.
    """
    read, ended = hashlib.sha256(), False
    for line in _lines(pieces):
        said = parsed(line)
        if ended or not isinstance(said, dict):
            raise Unreadable("after the end" if ended else "line")
        if set(said) == {"signature"}:
            if not is_signed(read.hexdigest(), str(said["signature"])):
                raise Unsigned
            ended = True
            continue
        read.update(line + b"\n")
        yield _record(said, known)
    if not ended:
        raise CutOff


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


def _match(row: Any) -> Match:
    if not isinstance(row, dict) or not isinstance(row.get("contacts"), list):
        raise Unreadable("match")
    reference = row.get("reference")
    if not isinstance(reference, str) or not reference:
        raise Unreadable("reference")
    return Match(reference, tuple(_contact(one) for one in row["contacts"]))


def _contact(said: Any) -> OnFile:
    if not isinstance(said, dict) or not isinstance(said.get("address"), str) or not said["address"].strip():
        raise Unreadable("contact")
    kind, changed = said.get("kind", KINDS[0]), said.get("changed_recently", False)
    if kind not in KINDS or not isinstance(changed, bool):
        raise Unreadable("contact")
    return OnFile(said["address"], kind, _since(said.get("since")), changed)


def _since(said: Any) -> Any:
    if said is None:
        return None
    try:
        instant = parse_datetime(said)
    except (TypeError, ValueError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Unreadable("since")
    return instant
