"""What a source answers over HTTP, read with suspicion: bounded in every direction, and never half."""

import json
from collections.abc import Iterable
from typing import Any

from django.utils.dateparse import parse_datetime

from .base import KINDS, Match, OnFile, PermanentFailure, RetryLater

LARGEST_ANSWER = 256 * 1024  # bytes, of what is read whole
LONGEST_LABEL = 200  # characters
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
    """Return {"matches": [{"reference", "label", "contacts": [{"address", "kind", "since", "changed_recently"}]}]}."""
    rows = said.get("matches") if isinstance(said, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_MATCHES:
        raise Unreadable("matches")
    return [_match(row) for row in rows]


def _match(row: Any) -> Match:
    if not isinstance(row, dict) or not isinstance(row.get("contacts"), list):
        raise Unreadable("match")
    reference = row.get("reference")
    if not isinstance(reference, str) or not reference:
        raise Unreadable("reference")
    label = row.get("label", "")
    if not isinstance(label, str) or len(label) > LONGEST_LABEL:
        raise Unreadable("label")
    return Match(reference, tuple(_contact(one) for one in row["contacts"]), label)


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
