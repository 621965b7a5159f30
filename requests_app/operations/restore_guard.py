"""After a restore nothing is served until what was erased since the backup is erased again.

The journal knows every erasure; the database says how far it knows the journal. Looked at every few seconds: two small
questions and the end of a file.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from requests_app.models import JournalIntent, RegisterState, SubmissionKey

from . import journal
from .journal import START, Mark

AHEAD = (
    "The journal of erasures knows more than the database: an older backup was restored. "
    "Run manage.py replay_erasures; nothing is served until it has ended."
)
KEYS = (
    "The keys database holds keys that were destroyed: an older backup was restored. "
    "Run manage.py replay_erasures; nothing is served until it has ended."
)
LOST = (
    "The journal of erasures in REGISTER_DIR is not the one that the database knows ({why}, record {place}). Put its "
    "newest copy there. If there is none: manage.py replay_erasures --accept-lost-journal."
)
TAKES = ("suppress", "key")  # what a database has to know of the journal
LATELY = 500  # destroyed keys that are looked for each time; all of them when a process begins
LOOKED_FOR = 5.0  # seconds
AGAIN = 3  # looks, since a record may be written while we look
_thread = threading.Lock()


class Stopped(Exception):
    """Nothing may be served or done now; the text says why, and how to mend it."""


@dataclass
class _Known:
    """What this process has read of the journal, and what it saw last."""

    file: tuple[int, int] = (0, 0)
    mark: Mark = START
    destroyed: dict[UUID, UUID] = field(default_factory=dict)  # key: the record that says so
    said: str = ""
    until: float = 0.0


_known = _Known()


def standing() -> str:
    """Return why nothing may be served, in a sentence with the way to mend it; "" where all is well."""
    if time.monotonic() < _known.until:
        return _known.said
    with _thread:
        if time.monotonic() >= _known.until:
            _known.said = look()
            _known.until = time.monotonic() + LOOKED_FOR
    return _known.said


def forget() -> None:
    """Read all of it anew at the next question."""
    _known.until = 0.0
    _known.file, _known.mark, _known.destroyed = (0, 0), START, {}


def refuse_stopped() -> None:
    """Raise Stopped unless the database knows the journal now."""
    with _thread:
        said = look()
    if said:
        raise Stopped(said)


def look() -> str:
    """The same as `standing`, looked at now. What seems wrong because somebody is writing is looked at again."""
    said = ""
    for place in range(AGAIN):
        said = _look()
        if not said:
            break
        time.sleep(0.05 * place)
    return said


def mark_of(state: RegisterState | None) -> Mark:
    """Return how far the database knows the journal."""
    return Mark(state.seq, state.link, state.end) if state and state.seq else START


def _look() -> str:
    state = RegisterState.objects.filter(pk=1).first()
    try:
        unknown = [record.id for record in journal.records(mark_of(state)) if record.kind in TAKES]
        fresh = _read_on()
    except journal.Broken as error:
        return LOST.format(why=error, place=error.place)
    if unknown and len(unknown) > JournalIntent.objects.filter(pk__in=unknown).count():
        return AHEAD
    keys = list(_known.destroyed)
    alive = set(_alive(keys if fresh else keys[-LATELY:]))
    records = {_known.destroyed[key] for key in alive}
    begun = set(JournalIntent.objects.filter(pk__in=records).values_list("pk", flat=True)) if records else set()
    return KEYS if records - begun else ""


def _read_on() -> bool:
    """Read what was added since; whether it was read from its beginning."""
    try:
        stat = journal.path().stat()
    except FileNotFoundError:
        return False
    fresh = _known.file != (stat.st_dev, stat.st_ino) or stat.st_size < _known.mark.end
    if fresh:
        _known.file, _known.mark, _known.destroyed = (stat.st_dev, stat.st_ino), START, {}
    try:
        _read_from(_known.mark)
    except journal.Broken:
        if fresh:
            raise
        fresh = True  # another one was put in its place
        _known.mark, _known.destroyed = START, {}
        _read_from(START)
    return fresh


def _read_from(place: Mark) -> None:
    for record in journal.records(place):
        _known.mark = record.mark
        if record.kind == "key":
            _known.destroyed |= {UUID(hex=one): record.id for one in record.body["ids"]}


def _alive(keys: list[UUID]) -> Iterator[UUID]:
    """Yield those keys that are there."""
    rest = iter(keys)
    while batch := list(islice(rest, LATELY)):
        yield from SubmissionKey.objects.filter(pk__in=batch).values_list("pk", flat=True)
