"""The records of one table as JSON Lines and as CSV, less what is hidden; never more of them in memory than a batch."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from requests_app.connectors import PermanentFailure
from requests_app.operations import streams
from requests_app.rules.redaction import apply
from requests_app.rules.spreadsheet import cell, header

from .contents import Part

BATCH = 128 * 1024  # characters of CSV gathered before they are handed on
Values = Mapping[str, Any]


class NotALine(PermanentFailure):
    """What the source handed out cannot be read as it has to be, or what is hidden does not stand where it should."""


def json_lines(part: Part) -> Iterator[bytes]:
    """Yield the lines as the source gave them; only those of which something is hidden are written anew."""
    if part.columns is not None:
        yield from (_encoded(values) for values in shown(part))
        return
    with streams.Reader(part.submission_id, part.step.pk) as reader:
        at = part.start
        for position in sorted(part.hidden):
            yield from streams.pieces(reader, start=at, end=position)
            line = _line_at(reader, position, part)
            if (values := apply(_decoded(line), part.hidden[position])) is not None:
                yield _encoded(values)
            at = position + len(line)
        yield from streams.pieces(reader, start=at, end=part.end)


def _line_at(reader: streams.Reader, position: int, part: Part) -> bytes:
    if position != part.start:
        reader.seek(position - 1)
        if not part.start < position < part.end or reader.read(1) != b"\n":
            raise NotALine("no record begins where something is hidden")
    return next(streams.lines(reader, start=position, end=part.end))[1]


def shown(part: Part) -> Iterator[Values]:
    """Yield the records as they are handed out."""
    left = set(part.hidden)
    with streams.Reader(part.submission_id, part.step.pk) as reader:
        for at, line in streams.lines(reader, start=part.start, end=part.end):
            values: Values | None = _decoded(line)
            if at in left:
                left.discard(at)
                values = apply(values or {}, part.hidden[at])
            if values is not None:
                yield values if part.columns is None else {k: v for k, v in values.items() if k in part.columns}
    if left:
        raise NotALine("no record begins where something is hidden")


def first(part: Part, most: int) -> list[Values]:
    """Return the first records as they are handed out."""
    return list(itertools.islice(shown(part), most))


def csv(part: Part) -> Iterator[bytes]:
    """Yield the same records as CSV (RFC 4180, with the mark of UTF-8 that spreadsheets look for)."""
    columns = part.shown_columns
    names = [column.name for column in columns] or [name for record in first(part, 1) for name in record]
    kinds = [(column.name, column.kind == "number") for column in columns] or [(name, False) for name in names]
    lines, size = ["\ufeff" + header(names)], 0
    for values in shown(part):
        get = values.get
        line = ",".join([cell(get(name), number=number) for name, number in kinds])
        lines.append(line)
        size += len(line)
        if size >= BATCH:
            yield _joined(lines)
            lines, size = [], 0
    yield _joined(lines)


def _joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise NotALine("a line is no JSON") from error
    if not isinstance(values, dict):
        raise NotALine("a line is no object")
    return values


def _encoded(values: Values) -> bytes:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"  # half a pair of surrogates stays what it was: an escape
