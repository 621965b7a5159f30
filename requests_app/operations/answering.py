"""A department answers its task: a statement, files, or that it holds nothing. What it sends is never unpacked."""

import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.connectors.people import STATEMENT
from requests_app.connectors.records import encode
from requests_app.models import FulfilmentStep, SourceTask, StepFile, TaskLink
from requests_app.models.keys import lookup_digests, seal

from . import evidence, files, scanning, streams
from .actors import Actor
from .evidence import Kind
from .refused import Refused
from .scanning import Infected
from .source_tasks import add_link, links_of, of_what, tell
from .step_answers import record_read
from .task_standing import Standing, locked
from .team import alarm_officers
from .transition import lock

LARGEST = 25 * 1024 * 1024  # bytes of one file
MOST_FILES = 20
LONGEST_STATEMENT = 20_000  # signs
LONGEST_NAME = 120
MOST_COLLEAGUES = 5
OCTETS = "application/octet-stream"  # what a file claims to be, nobody has looked at


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies in a sealed stream under its id already, and has no row yet."""

    pk: uuid.UUID
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a department sent, as it reads it again."""

    at: datetime
    statement: str
    files: tuple[StepFile, ...]

    @property
    def nothing(self) -> bool:
        return not self.statement and not self.files


def open_task(link: TaskLink, *, at: datetime) -> None:
    """Write down when somebody first looked whom it is about. Raises Refused where it is not open."""
    with transaction.atomic():
        locked(link, {Standing.OPEN, Standing.MINE}, at=at)
        TaskLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=at)


def answer(
    link: TaskLink, *, statement: str, uploads: Sequence[Upload], at: datetime, keep: Collection[uuid.UUID] = ()
) -> None:
    """Take the answer, or a corrected one: with neither a statement nor a file it says that nothing is held.

    `keep`: which files of an earlier answer stay. Raises Refused; whoever calls destroys the uploads then.
    """
    statement = statement.replace("\0", "").strip()
    if len(statement) > LONGEST_STATEMENT:
        raise Refused(_("Your answer is too long. Shorten it, or send it as a file."))
    for upload in uploads:
        _scan(link, upload, at=at)
    with transaction.atomic():
        link = locked(link, {Standing.OPEN, Standing.MINE}, at=at)
        step = _step(link)
        stay = list(StepFile.objects.filter(step=step, pk__in=keep))
        if len(stay) + len(uploads) > MOST_FILES:
            raise Refused(_("At most 20 files can be sent. Put some of them together."))
        gone = list(StepFile.objects.filter(step=step).exclude(pk__in=[row.pk for row in stay]))
        StepFile.objects.filter(pk__in=[row.pk for row in gone]).delete()
        stay += StepFile.objects.bulk_create(_row(step, upload, at) for upload in uploads)
        _record(link, statement, stay, at=at)
    for row in gone:
        files.destroy(row.pk)
    if not statement and not stay:
        files.destroy(step.pk)


def _step(link: TaskLink) -> FulfilmentStep:
    step = link.task.step
    assert step is not None  # of the page: it shows these forms for a step only
    return step


def _scan(link: TaskLink, upload: Upload, *, at: datetime) -> None:
    """Have a file scanned as it lies there, outside any transaction. Fails closed."""
    submission_id = link.task.dsr.submission_id
    try:
        with streams.Reader(submission_id, upload.pk) as reader:
            scanning.refuse_infected(streams.pieces(reader))
    except Infected:
        with transaction.atomic():
            dsr = lock(link.task.dsr)
            body = {"why": "infected", "task": str(link.task_id), "sha256": upload.sha256}
            event = evidence.append(
                submission_id, Kind.FILE_REFUSED, actor=Actor.department(link.pk), at=at, dsr_id=dsr.pk, body=body
            )
            sentence = f"The virus scanner refused a file that “{link.task.department}” sent. Nothing of it is kept."
            alarm_officers(sentence, submission=dsr.submission, dsr=dsr, occurrence=str(event.pk), at=at)
        raise


def _row(step: FulfilmentStep, upload: Upload, at: datetime) -> StepFile:
    return StepFile(
        pk=upload.pk,
        step=step,
        name_sealed=seal(step.dsr.submission_id, f"stepfile.name.{upload.pk}", plain_name(upload.name)),
        media_type=OCTETS,
        size=upload.size,
        sha256=upload.sha256,
        received_at=at,
    )


def plain_name(name: str) -> str:
    """Return a file's name without way, direction, line or length that could mislead whoever reads it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign for sign in last if sign.isprintable()).strip(" .")
    stem, dot, suffix = shown.rpartition(".")
    if not stem or len(suffix) > 10:
        return shown[:LONGEST_NAME] or "file"
    return stem[: LONGEST_NAME - len(suffix) - 1] + dot + suffix


def _record(link: TaskLink, statement: str, rows: Iterable[StepFile], *, at: datetime) -> None:
    """Finish the step, with its evidence; needs the transaction of the lock.

    The stream is written here, not before: two who answer at once must not overwrite each other. It is one short line.
    """
    task, step, dsr = link.task, _step(link), link.task.dsr
    line = encode({STATEMENT: statement}) if statement else b""
    with streams.Writer(dsr.submission_id, step.pk) as out:
        out.write(line)
    digests = [row.sha256 for row in rows]
    by, actor = link.email_digest, Actor.department(link.pk)
    SourceTask.objects.filter(pk=task.pk).update(answered_at=at, answered_by=by, next_at=None)
    answered: dict[str, str | int] = {"task": str(task.pk), "step": str(step.pk), "source": step.alias, "by": by,
                                      "statement": out.sha256, "files": " ".join(digests)}  # fmt: skip
    evidence.append(dsr.submission_id, Kind.TASK_ANSWERED, actor=actor, at=at, dsr_id=dsr.pk, body=answered)
    part = {"table": STATEMENT, "start": 0, "end": len(line), "records": 1}
    record_read(
        FulfilmentStep.objects.filter(pk=step.pk),
        step,
        parts=[part] if line else [],
        size=len(line),
        sha256=out.sha256,
        files=len(digests),
        actor=actor,
        at=at,
    )


def sent(link: TaskLink) -> Sent:
    """Return what was answered, for the link that answered it."""
    task, step = link.task, _step(link)
    assert task.answered_at is not None  # of `standing`
    statement = ""
    if step.records:
        with streams.Reader(step.dsr.submission_id, step.pk) as reader:
            statement = json.loads(reader.read())[STATEMENT]
    return Sent(task.answered_at, statement, tuple(StepFile.objects.filter(step=step).select_related("step__dsr")))


def pass_on(link: TaskLink, address: str, *, at: datetime) -> None:
    """Send a colleague a link of their own: only to a domain of those who were asked, so that no task leaves the house.

    Raises Refused.
    """
    with transaction.atomic():
        link = locked(link, {Standing.OPEN}, at=at)
        asked = links_of(link.task)
        domains = {_domain(one.address) for one in asked.exclude(role=TaskLink.Role.COLLEAGUE)}
        if _domain(address) not in domains:
            raise Refused(_("E-mail: the task can be given only to an address of your own organisation."))
        if asked.filter(email_digest__in=lookup_digests(address)).exclude(role=TaskLink.Role.LATER).exists():
            raise Refused(_("E-mail: this address has the task already."))
        if asked.filter(role=TaskLink.Role.COLLEAGUE).count() >= MOST_COLLEAGUES:
            raise Refused(_("Five colleagues have got this task already. Ask one of them."))
        colleague = add_link(link.task, address, role=TaskLink.Role.COLLEAGUE, at=at)
        tell(colleague, "task_given", occurrence="given", at=at)
        dsr, task = link.task.dsr, link.task
        body = {**of_what(task), "task": str(task.pk), "link": str(colleague.pk)}
        actor = Actor.department(link.pk)
        evidence.append(dsr.submission_id, Kind.TASK_GIVEN, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def _domain(address: str) -> str:
    local, _at, domain = address.strip().rpartition("@")
    return domain.lower() if local else ""
