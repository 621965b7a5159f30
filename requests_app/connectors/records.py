"""What a data source holds and hands out: tables with their meaning, and records as a stream."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from requests_app.rules.policy import Text

# GDPR 6(1)(a) to (f), in its order.
BASES = ("consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests")
KINDS = ("text", "number", "boolean", "date", "instant", "json", "binary")
NOTHING = Text("", "")


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
    """Return one line of JSON in UTF-8: dates and instants by ISO 8601, decimals as text, bytes by Base64."""
    return _ENCODER.encode(values).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
