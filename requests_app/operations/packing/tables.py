"""The records of one table as JSON Lines and as CSV, less what is hidden; never more of them in memory than a batch."""

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any

from requests_app.connectors import PermanentFailure
from requests_app.connectors.records import decode, encode
from requests_app.operations import streams
from requests_app.rules.quick_csv import QuickCsv
from requests_app.rules.redaction import apply
from requests_app.rules.spreadsheet import cell, header

from .contents import Part

Values = Mapping[str, Any]


class NotALine(PermanentFailure):
    """What the source handed out cannot be read as it has to be, or what is hidden does not stand where it should."""


def json_lines(part: Part) -> Iterator[bytes]:
    """Yield the lines as the source gave them; only those of which something is hidden are written anew."""
    if part.columns is not None:
        yield from map(encode, shown(part))
        return
    with streams.Reader(part.submission_id, part.step.pk) as reader:
        at = part.start
        for position in sorted(part.hidden):
            yield from streams.pieces(reader, start=at, end=position)
            line = _line_at(reader, position, part)
            if (values := apply(_decoded(line), part.hidden[position])) is not None:
                yield encode(values)
            at = position + len(line)
        yield from streams.pieces(reader, start=at, end=part.end)


def digest(part: Part) -> str:
    """Return the SHA-256 of these lines where it is known: they are the whole stream, which was digested when read."""
    step = part.step
    is_whole = (part.start, part.end) == (0, step.size) and part.columns is None and not part.hidden
    return step.sha256 if is_whole else ""


def _line_at(reader: streams.Reader, position: int, part: Part) -> bytes:
    if position != part.start:
        reader.seek(position - 1)
        if not part.start < position < part.end or reader.read(1) != b"\n":
            raise NotALine("no record begins where something is hidden")
    return next(streams.lines(reader, start=position, end=part.end))[1]


def _whole_lines(part: Part) -> Iterator[tuple[int, bytes]]:
    """Yield (first byte, whole lines), and raise in the end where something hidden stood at no first byte."""
    left = set(part.hidden)
    with streams.Reader(part.submission_id, part.step.pk) as reader:
        for at, whole in streams.whole_lines(reader, start=part.start, end=part.end):
            if left:
                left.difference_update(_places(at, whole))
            yield at, whole
    if left:
        raise NotALine("no record begins where something is hidden")


def _places(at: int, whole: bytes) -> Iterator[int]:
    for line in whole.split(b"\n")[:-1]:
        yield at
        at += len(line) + 1


def _lines(part: Part) -> Iterator[tuple[int, bytes]]:
    for at, whole in _whole_lines(part):
        yield from zip(_places(at, whole), (line + b"\n" for line in whole.split(b"\n")), strict=False)


def _values(part: Part, at: int, line: bytes) -> Values | None:
    values = apply(_decoded(line), part.hidden[at]) if at in part.hidden else _decoded(line)
    if values is None or part.columns is None:
        return values
    return {name: value for name, value in values.items() if name in part.columns}


def shown(part: Part) -> Iterator[Values]:
    """Yield the records as they are handed out."""
    for at, line in _lines(part):
        if (values := _values(part, at, line)) is not None:
            yield values


def first(part: Part, most: int) -> list[Values]:
    """Return the first records as they are handed out."""
    return list(itertools.islice(shown(part), most))


def csv(part: Part) -> Iterator[bytes]:
    """Yield the same records as CSV (RFC 4180, with the mark of UTF-8 that spreadsheets look for)."""
    columns = part.shown_columns
    names = [column.name for column in columns] or [name for record in first(part, 1) for name in record]
    numbers = [column.kind == "number" for column in columns] or [False] * len(names)
    nested = [column.kind == "json" for column in columns] or [False] * len(names)
    kinds = list(zip(names, numbers, strict=True))
    quick = QuickCsv(names, numbers=numbers, nested=nested).lines
    yield _encoded_line("\ufeff" + header(names))
    hidden = sorted(part.hidden)
    for at, whole in _whole_lines(part):
        touched = bisect_left(hidden, at) < bisect_left(hidden, at + len(whole))
        if (told := quick(whole) if not touched else None) is not None:
            yield told
            continue
        made = []
        for line in (one + b"\n" for one in whole.split(b"\n")[:-1]):
            told = quick(line) if at not in part.hidden else None
            if told is None and (values := _values(part, at, line)) is not None:
                told = _encoded_line(",".join([cell(values.get(name), number=number) for name, number in kinds]))
            made.append(told or b"")
            at += len(line)
        yield b"".join(made)


def _encoded_line(text: str) -> bytes:
    return text.encode("utf-8", "replace") + b"\r\n"


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        values = decode(line)
    except ValueError as error:
        raise NotALine("a line is no JSON") from error
    if not isinstance(values, dict):
        raise NotALine("a line is no object")
    return values
