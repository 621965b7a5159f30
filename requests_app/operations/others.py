"""The check of what the sources handed out for other people's data (GDPR 15(4)): it marks places, and decides nothing.

It runs behind the reading, slice by slice from where it came to; a step that is read anew is checked anew.
"""

import json
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from django.db import transaction

from requests_app.models import Contact, FulfilmentStep, Mark, Redaction, StepFile, Submission
from requests_app.models.keys import KeyDestroyed
from requests_app.rules.identity import CONTACT
from requests_app.rules.others import UNREAD, Found, Own, may_name_others, others_in, others_in_text
from requests_app.rules.redaction import Hidden, apply

from .authorities import sought
from .leases import LEASE
from .step_records import Read, open_stream, own_values
from .streams import Reader, lines

BATCH = 50
SLICE = 8 * 1024 * 1024  # bytes between two savings
MOST = 500  # marks that nobody has settled; then the check waits for people
FILE = "file"
GONE = (FileNotFoundError, KeyDestroyed, InvalidTag)


def check_due(now: datetime, *, budget: float) -> int:
    """Go on with the checks that are due, for about `budget` seconds; return how many slices were read."""
    began, done = time.monotonic(), 0
    due = FulfilmentStep.objects.filter(check_at__lte=now).order_by("check_at", "pk")
    for step in list(due.select_related("dsr__submission")[:BATCH]):
        while (spent := time.monotonic() - began) < budget and step.check_at is not None:
            if not _slice(step, now + timedelta(seconds=spent)):
                break
            done += 1
    return done


def own_of(step: FulfilmentStep) -> Own:
    """Return what is known to be the person's: their name, the addresses that were confirmed, and what the source says
    is their own contact. Raises what opening the stream does."""
    return _shown(step.dsr.submission).with_values(own_values(step))


def _shown(submission: Submission) -> Own:
    email, name = sought(submission)
    confirmed = Contact.objects.filter(
        submission=submission, role__in=(Contact.Role.ON_FILE, Contact.Role.SUBJECT), denied_at=None
    ).exclude(confirmed_at=None)
    contacts = [contact.address for contact in confirmed]
    return Own.of(names=[name], contacts=[*contacts, email] if submission.assurance >= CONTACT else contacts)


def found_in(record: Read, own: Own) -> list[Found]:
    """Return what the check finds in one record."""
    return others_in(record.line, own)


def left_in(record: Read, rows: Iterable[Redaction], own: Own) -> list[Found]:
    """Return what it finds in what these leave of the record."""
    hidden = [Hidden(row.column, row.passage) for row in rows]
    if not hidden or record.values is None:
        return [] if hidden else found_in(record, own)
    left = apply(record.values, hidden)
    return [] if left is None else others_in(json.dumps(left).encode(), own)


def found_in_name(file: StepFile, own: Own) -> list[str]:
    """Return the kinds of what it finds in the name of a file."""
    return list(dict.fromkeys(kind for kind, _ in others_in_text(file.name, own)))


def is_checked(step: FulfilmentStep) -> bool:
    """Whether the check came to the end of the stream, and to every file."""
    return step.checked_to >= step.size and not step.files.filter(marks=None, destroyed_at=None).exists()


def _slice(step: FulfilmentStep, at: datetime) -> bool:
    """Read on for one slice and save where it came to; False where another worker has it. `step` is kept up to date."""
    mine = FulfilmentStep.objects.filter(pk=step.pk, check_at=step.check_at, sha256=step.sha256)
    if not mine.update(check_at=at + LEASE):
        return False
    step.check_at = at + LEASE
    room = MOST - Mark.objects.filter(step=step, hidden=False).count()
    try:
        own = own_of(step)
        marks = _of_files(step, own)[: max(room, 0)]
        found, came_to = _read_on(step, own, room - len(marks))
    except GONE:  # nothing of it can be handed out either
        marks, found, came_to = [], [], step.size
    over = came_to >= step.size or len(marks) + len(found) >= room
    with transaction.atomic():
        mine = FulfilmentStep.objects.filter(pk=step.pk, check_at=step.check_at, sha256=step.sha256)
        if not mine.update(checked_to=came_to, check_at=None if over else at):
            return False
        Mark.objects.bulk_create(marks + found, ignore_conflicts=True)
    step.checked_to, step.check_at = came_to, None if over else at
    return True


def _of_files(step: FulfilmentStep, own: Own) -> list[Mark]:
    """A mark for each file that has none: nothing reads a file but people."""
    return [
        Mark(step=step, file=file, kinds=[FILE, *found_in_name(file, own)])
        for file in step.files.filter(marks=None, destroyed_at=None)
    ]


def _read_on(step: FulfilmentStep, own: Own, room: int) -> tuple[list[Mark], int]:
    marks: list[Mark] = []
    came_to = step.checked_to
    if came_to >= step.size or room <= 0:
        return marks, came_to
    with open_stream(step) as reader:
        for at, line in _some_lines(reader, came_to, step.size):
            if may_name_others(line) and (found := others_in(line, own)):
                if len(marks) == room:
                    return marks, at
                marks.append(Mark(step=step, position=at, kinds=list(dict.fromkeys(one.kind for one in found))))
            came_to = at + len(line)
    if came_to == step.checked_to:  # what follows the last line break is no record
        marks.append(Mark(step=step, position=came_to, kinds=[UNREAD]))
        came_to = step.size
    return marks, came_to


def _some_lines(reader: Reader, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    """The lines of one slice, which is as long as one line needs."""
    end, some = start + SLICE, False
    while not some:
        for at, line in lines(reader, start=start, end=min(end, size)):
            some = True
            yield at, line
        if end >= size:
            return
        end += SLICE
