"""What a source handed out, read a page at a time straight from its sealed stream. A record is named by the place of
its first byte, which never changes; a place where none begins names nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from requests_app.models import FulfilmentStep, StepFile

from .streams import Reader, lines

MOST_RECORDS = 50  # of one page
MOST_OWN = 200  # records of a table in which the person's own contact is looked for
PAGE = 256 * 1024  # bytes of one page; a record that is longer is a page of its own


class NoSuchRecord(LookupError):
    """No record begins there."""


@dataclass(frozen=True, slots=True)
class Read:
    """One record; `values` is None where it is not a JSON object."""

    position: int
    table: str
    line: bytes
    values: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one table, and where the pages before and after it begin."""

    table: str
    records: list[Read]
    before: int | None
    after: int | None


def open_stream(step: FulfilmentStep) -> Reader:
    """Return the records of a step. Raises FileNotFoundError, KeyDestroyed or InvalidTag."""
    return Reader(step.dsr.submission_id, step.pk)


def open_file(file: StepFile) -> Reader:
    """Return a file of a step. Raises the same."""
    return Reader(file.step.dsr.submission_id, file.pk)


def page_at(step: FulfilmentStep, position: int) -> Page:
    """Return the page that begins with the record at this place; raises NoSuchRecord where none begins there."""
    with open_stream(step) as reader:
        part = _part(step, reader, position)
        records: list[Read] = []
        for at, line in lines(reader, start=position, end=part["end"]):
            if len(records) == MOST_RECORDS or (records and at + len(line) - position > PAGE):
                return Page(part["table"], records, _before(reader, part, position), at)
            records.append(_read(part["table"], at, line))
        after = part["end"] if any(other["start"] == part["end"] for other in step.parts) else None
        return Page(part["table"], records, _before(reader, part, position), after)


def record_at(step: FulfilmentStep, position: int) -> Read:
    """Return one record; raises NoSuchRecord."""
    with open_stream(step) as reader:
        part = _part(step, reader, position)
        at, line = next(lines(reader, start=position, end=part["end"]))
        return _read(part["table"], at, line)


def own_values(step: FulfilmentStep) -> list[str]:
    """Return what stands in the columns of the person's own contact, as the source named them when it was read."""
    parts = [part for part in step.parts if part.get("own")]
    if not parts:
        return []
    with open_stream(step) as reader:
        return [
            str(value)
            for part in parts
            for at, line in islice(lines(reader, start=part["start"], end=part["end"]), MOST_OWN)
            for name, value in (_read(part["table"], at, line).values or {}).items()
            if name in part["own"] and isinstance(value, str | int)
        ]


def _read(table: str, position: int, line: bytes) -> Read:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    return Read(position, table, line, values if isinstance(values, dict) else None)


def _part(step: FulfilmentStep, reader: Reader, position: int) -> dict[str, Any]:
    for part in step.parts:
        if part["start"] <= position < part["end"]:
            if position > part["start"]:
                reader.seek(position - 1)
                if reader.read(1) != b"\n":
                    break
            return dict(part)
    raise NoSuchRecord(position)


def _before(reader: Reader, part: Mapping[str, Any], position: int) -> int | None:
    """Where the page before begins; the start of the table where a record before is too long to be passed over."""
    if position <= part["start"]:
        return None
    start = max(part["start"], position - PAGE)
    found = [at for at, _ in lines(reader, start=start, end=position)]
    if start > part["start"]:
        found = found[1:]  # the first began somewhere before
    return next(islice(reversed(found), MOST_RECORDS - 1, None), found[0] if found else int(part["start"]))
