"""The entries of a package, in their order: the page first, the manifest and its signature last."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from requests_app.models import Message
from requests_app.operations import files, signing, streams
from requests_app.rules.entry_names import Names, safe

from .archive import Entry
from .contents import Contents
from .page import Paths, page
from .schema import schema
from .tables import csv, digest, json_lines

Chunks = Iterable[bytes]


def paths_of(contents: Contents) -> Paths:
    """Give everything its place: names of others are made safe, and no two are alike."""
    names, paths = Names(), Paths()
    for source in contents.sources:
        folder = safe(source.alias)
        for part in source.parts:
            path = names.free(f"data/{folder}/", f"{safe(part.table.name)}.jsonl")
            paths.tables[source.alias, part.table.name] = path.removesuffix(".jsonl")
        for file in source.files:
            paths.of[file.pk] = names.free(f"files/{folder}/", file.name)
    for attached in contents.attached:
        paths.of[attached.pk] = names.free("attachments/", attached.name)
    for message in contents.messages:
        if message.file_name:
            paths.of[message.pk] = names.free("conversation/files/", message.file_name)
    return paths


def largest(contents: Contents) -> int:
    """Return how many bytes the package has at most, roughly: each table stands in it twice."""
    data = sum(3 * (part.end - part.start) for source in contents.sources for part in source.parts)
    return data + sum(file.size for source in contents.sources for file in source.files)


def entries(contents: Contents, *, written: list[Entry], at: datetime) -> Iterator[tuple[Entry, Chunks]]:
    """Yield (its path, its bytes) of each; `written` are those that have ended, which the manifest names."""
    paths, submission_id = paths_of(contents), contents.submission.pk
    yield Entry("index.html"), [page(contents, paths, at=at)]
    yield Entry("schema.json"), [schema(contents, paths.tables)]
    for source in contents.sources:
        for part in source.parts:
            path = paths.tables[source.alias, part.table.name]
            yield Entry(f"{path}.jsonl", sha256=digest(part)), json_lines(part)
            yield Entry(f"{path}.csv"), csv(part)
        for file in source.files:
            yield Entry(paths.of[file.pk]), streams.closing_pieces(streams.Reader(submission_id, file.pk))
    for attached in contents.attached:
        yield Entry(paths.of[attached.pk]), [files.read(submission_id, attached.pk)]
    if contents.messages:
        yield Entry("conversation/messages.jsonl"), [_line(message, paths) for message in contents.messages]
    for message in contents.messages:
        if message.file_name:
            yield Entry(paths.of[message.pk]), [files.read(submission_id, message.pk)]
    stated = manifest(contents, written, at=at)
    yield Entry("manifest.json"), [stated]
    yield Entry("manifest.sig"), [signing.sign(stated)]


def _line(message: Message, paths: Paths) -> bytes:
    told = {
        "at": message.written_at.isoformat(),
        "author": message.author,
        "right": message.dsr.right,
        "text": message.body,
        "file": paths.of.get(message.pk, ""),
    }
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def manifest(contents: Contents, written: list[Entry], *, at: datetime) -> bytes:
    """Return what is in the package and what came of asking each source; it names no person."""
    stated = {
        "case": contents.submission.case_label,
        "right": contents.dsr.right,
        "controller": contents.policy.controller_name,
        "created_at": at.isoformat(),
        "sources": [
            {
                "source": source.alias,
                "result": source.result,
                "ground": source.step.withheld_ground,
                "records": sum(part.records for part in source.parts),
                "files": len(source.files),
                "hidden": sum(len(part.grounds) for part in source.parts) + len(source.hidden_files),
            }
            for source in contents.sources
        ],
        "entries": [{"name": e.name, "size": e.size, "sha256": e.sha256} for e in written],
    }
    return json.dumps(stated, ensure_ascii=False, indent=1).encode()
