"""The journal of erasures: a file beside the databases, so that a backup of theirs which is restored cannot forget.

JSON lines, each with its number and a keyed link to the one before it: what is cut or changed is noticed. Written under
a lock and flushed to the disk before anything is destroyed. It holds keyed digests and ids of destroyed keys, no name.
"""

import fcntl
import hashlib
import hmac
import json
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

NAME = "erasures.jsonl"
LONGEST = 256 * 1024  # bytes of a line
_thread = threading.Lock()


class Broken(Exception):
    """The journal is not as it was written, or is not there; `place` is the number of the record that is wrong."""

    def __init__(self, what: str, place: int) -> None:
        super().__init__(what)
        self.place = place


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the journal: the number of a record, its link, and the byte after it."""

    seq: int = 0
    link: str = ""
    end: int = 0


START = Mark()


@dataclass(frozen=True, slots=True)
class Record:
    """One line."""

    mark: Mark
    id: uuid.UUID
    kind: str
    at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)


def path() -> Path:
    """Where it lies."""
    return Path(settings.REGISTER_DIR) / NAME


def records(after: Mark = START) -> Iterator[Record]:
    """Yield what was written after this place, checked link by link. Raises Broken at the first that is wrong.

    A last line without its end is still being written, or was cut off before anybody relied on it.
    """
    try:
        file = path().open("rb")
    except FileNotFoundError:
        if after != START:
            raise Broken("it is missing", after.seq) from None
        return
    with file:
        _seek(file, after)
        mark = after
        while (line := file.readline(LONGEST)).endswith(b"\n"):
            record = _read(line, mark)
            yield record
            mark = record.mark
        if len(line) == LONGEST:
            raise Broken("a line of it has no end", mark.seq + 1)


def append(kind: str, body: Mapping[str, Any], *, pk: uuid.UUID, at: datetime, after: Mark = START) -> Record:
    """Write one record behind all others, and have it on the disk before this returns.

    `after`: a place that has to be there. Raises Broken, and writes nothing, where the journal is not whole from there.
    """
    with _locked():
        last = after
        for record in records(after):
            last = record.mark
        made = {"at": at.astimezone(UTC).isoformat(), "id": pk.hex, "kind": kind, "seq": last.seq + 1, **body}
        version = max(settings.SUPPRESSION_KEYS)
        link = _link(version, last.link, made)
        line = _canonical({**made, "link": link}).encode() + b"\n"
        if len(line) >= LONGEST:
            raise ValueError("a record has to be shorter")
        _write(line, last.end)
    return Record(Mark(last.seq + 1, link, last.end + len(line)), pk, kind, at, body)


def keep_whole_part() -> Path | None:
    """Put a journal that is broken aside and go on with what of it is whole; returns where it lies now."""
    with _locked():
        end = 0
        try:
            for record in records():
                end = record.mark.end
        except Broken:
            aside = path().with_name(f"{NAME}.broken-{uuid.uuid4().hex[:8]}")
            whole = path().read_bytes()[:end]
            path().rename(aside)
            _write(whole, 0)
            return aside
    return None


def _read(line: bytes, before: Mark) -> Record:
    place = before.seq + 1
    try:
        made = json.loads(line)
        link = made.pop("link")
        version = int(link.partition(":")[0])
        if made["seq"] != place or version not in settings.SUPPRESSION_KEYS:
            raise Broken("a record is missing, or its key", place)
        if not hmac.compare_digest(link, _link(version, before.link, made)):
            raise Broken("a record was changed", place)
        mark = Mark(made.pop("seq"), link, before.end + len(line))
        at = datetime.fromisoformat(made.pop("at"))
        return Record(mark, uuid.UUID(made.pop("id")), made.pop("kind"), at, made)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Broken("a line is no record", place) from None


def _seek(file: BinaryIO, after: Mark) -> None:
    """Go to a place, and see that the record before it is the one that is meant."""
    if after == START:
        return
    start = max(0, after.end - LONGEST)
    file.seek(start)
    lines = file.read(after.end - start).splitlines(keepends=True)
    if file.tell() < after.end or not lines:
        raise Broken("its end is missing", after.seq)
    try:
        made = json.loads(lines[-1])
        same = (made["seq"], made["link"]) == (after.seq, after.link)
    except (ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise Broken("it is another one", after.seq)


def _link(version: int, before: str, made: Mapping[str, Any]) -> str:
    key = bytes.fromhex(settings.SUPPRESSION_KEYS[version])
    text = b"journal\0" + before.encode() + b"\0" + _canonical(made).encode()
    return f"{version}:{hmac.new(key, text, hashlib.sha256).hexdigest()}"


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@contextmanager
def _locked() -> Iterator[None]:
    """One writer at a time: of all threads, processes, and machines that share the directory."""
    folder = path().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _thread, (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(line: bytes, end: int) -> None:
    """Append after the last whole record; what a power cut left behind it never was one."""
    file = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.ftruncate(file, end)
        while line:
            line = line[os.write(file, line) :]
        os.fsync(file)
    finally:
        os.close(file)
    folder = os.open(path().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
