"""What a data source holds and hands out: tables with their meaning, and records as a stream."""

import base64
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from requests_app.rules.policy import Text

# GDPR 6(1)(a) to (f), in its order.
BASES = ("consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests")
KINDS = ("text", "number", "boolean", "date", "instant", "json", "binary")
NOTHING = Text("", "")
PIECE = 128 * 1024  # bytes of lines that are handed on together
# Integers of so many digits orjson makes floats of.
_LONG_NUMBER: Mapping[type, Any] = {str: re.compile("[0-9]{19}"), bytes: re.compile(rb"[0-9]{19}")}


@dataclass(frozen=True, slots=True)
class About:
    """Why something is held: what an answer has to say of it (GDPR 15(1)). An empty text is not known."""

    category: Text = NOTHING
    purpose: Text = NOTHING
    basis: str = ""  # one of BASES
    origin: Text = NOTHING  # from whom it came (15(1)(g))
    retention: Text = NOTHING
    recipients: tuple[Text, ...] = ()
    provided: bool = False  # by the person, observed data included: what portability hands out (20(1))


TEXTS = ("category", "purpose", "origin", "retention")  # of it, as a map and the options of a source name them
ABOUT = (*TEXTS, "basis", "recipients", "provided")


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one key of a record. `own`: the person's own contact stands there, so that the check for other
    people's data takes what stands there for theirs."""

    name: str
    kind: str = "text"
    about: About = About()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of record; the order of the columns is that of the CSV."""

    name: str
    columns: tuple[Column, ...]
    label: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table by the names of its columns; values are what JSON knows, and what `encode` makes of others."""

    table: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lines:
    """Many records that the source encoded itself: `data` is whole lines of JSON objects, each ended by a newline."""

    table: str
    data: bytes
    records: int


@dataclass(frozen=True, slots=True)
class File:
    """A file that is held: a scan, a recording. The name is the source's and never trusted."""

    name: str
    media_type: str = "application/octet-stream"
    chunks: Iterable[bytes] = field(default=(), repr=False)


def encode(values: Mapping[str, Any]) -> bytes:
    """Return one line of JSON in UTF-8: dates and instants by ISO 8601, decimals as text, bytes by Base64.

    Numbers keep all their digits; those that JSON has not (NaN, the infinities) are text, and half a pair of
    surrogates is an escape.
    """
    try:
        line = orjson.dumps(values, _plain, _AS_WE_DO)
    except TypeError:  # integers of more than 64 bits, keys that are no text, surrogates
        return _slowly(values)
    if b"null" in line and not _is_finite(values):  # orjson writes NaN as null
        return _slowly(values)
    return line


def in_lines(table: str, records: Iterable[Mapping[str, Any]]) -> Iterator[Lines]:
    """Yield many records of one table encoded, some whole lines at a time."""
    gathered: list[bytes] = []
    size = 0
    for values in records:
        gathered.append(line := encode(values))
        size += len(line)
        if size >= PIECE:
            yield Lines(table, b"".join(gathered), len(gathered))
            gathered, size = [], 0
    if gathered:
        yield Lines(table, b"".join(gathered), len(gathered))


def decode(text: str | bytes) -> Any:
    """Return what `json.loads` does, sooner; raises ValueError."""
    if _LONG_NUMBER[type(text)].search(text):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except ValueError:  # NaN, surrogates, or no JSON at all
        return json.loads(text)


def _slowly(values: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(_finite(values)).encode("utf-8", "backslashreplace") + b"\n"


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_finite, value))
    return True


def _finite(value: Any) -> Any:
    """Numbers that JSON has not, as PostgreSQL writes them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return {_finite(inner) for inner in value} if isinstance(value, set | frozenset) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else str(value)


_AS_WE_DO = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
