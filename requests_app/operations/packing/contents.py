"""What goes into the package of one request: what the sources handed out, less what is hidden, and what lies beside."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from requests_app.connectors import Column, Table, tables_of
from requests_app.models import (
    AnswerFile,
    DataSubjectRequest,
    FulfilmentStep,
    Message,
    PolicyVersion,
    Redaction,
    StepFile,
    Submission,
)
from requests_app.operations.owed_steps import PORTABILITY, Status, steps_of
from requests_app.operations.policies import current, policy_of
from requests_app.operations.rendering import known_language
from requests_app.rules.disclosure import FACTS, PORTABLE, Fact
from requests_app.rules.policy import Answer, Policy
from requests_app.rules.redaction import Hidden

FOUND, NOTHING, WITHHELD, NOT_ASKED = "found", "nothing found", "withheld", "could not be asked"


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one table of one source. `columns`: the only ones that are handed out; None for all."""

    submission_id: UUID
    step: FulfilmentStep
    table: Table
    start: int
    end: int
    records: int
    hidden: Mapping[int, tuple[Hidden, ...]] = field(default_factory=dict)  # by the first byte of the record
    grounds: tuple[tuple[str, str], ...] = ()  # (ground, column) of each thing hidden
    columns: frozenset[str] | None = None

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """Those of the description that are handed out, in its order."""
        return tuple(c for c in self.table.columns if self.columns is None or c.name in self.columns)


@dataclass(frozen=True, slots=True)
class Source:
    """One source: what came of asking it, and what of that goes in."""

    step: FulfilmentStep
    result: str
    parts: tuple[Part, ...] = ()
    files: tuple[StepFile, ...] = ()
    hidden_files: tuple[StepFile, ...] = ()

    @property
    def alias(self) -> str:
        """The name by which the controller knows it."""
        return self.step.alias


@dataclass(frozen=True, slots=True)
class Contents:
    """All of one package, before it is written."""

    dsr: DataSubjectRequest
    submission: Submission
    policy: Policy
    answer: Answer | None
    language: str
    sources: tuple[Source, ...]
    attached: tuple[AnswerFile, ...]
    messages: tuple[Message, ...]

    @property
    def facts(self) -> list[Fact]:
        """What is known of each column that something was found in; nothing where the law asks for none (GDPR 20)."""
        return [
            _fact(source.alias, part.table, column)
            for source in self.sources
            for part in source.parts
            for column in part.shown_columns or (Column("every column"),)
        ]


def _fact(alias: str, table: Table, column: Column) -> Fact:
    told = frozenset(name for name in FACTS if str(getattr(column.about, name)).strip())
    return Fact(alias, table.name, column.name, told, column.about.provided)


def made_of(dsr: DataSubjectRequest) -> str:
    """Return the digest of what a package of this request is made of now: it is out of date once this differs."""
    steps = steps_of(dsr).order_by("pk")
    answering = _answering(dsr)
    seen = {
        "clock": dsr.opened_at.isoformat(),
        "language": known_language(dsr.submission),
        "policy": [dsr.policy.sha256, answering.sha256 if answering else ""],
        "steps": [
            [str(s.pk), s.status, s.sha256, s.withheld_ground, hashlib.sha256(bytes(s.withheld_sealed)).hexdigest()]
            for s in steps
        ],
        "files": [
            [str(f.pk), f.sha256, f.hidden_ground] for f in StepFile.objects.filter(step__in=steps).order_by("pk")
        ],
        "hidden": [[str(pk)] for pk in _redactions(steps).order_by("pk").values_list("pk", flat=True)],
        "attached": [[str(f.pk), f.sha256] for f in _attached(dsr).order_by("pk")],
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _answering(dsr: DataSubjectRequest) -> PolicyVersion | None:
    """The version whose words about the controller are told: the pinned one, or today's where that has none."""
    return dsr.policy if policy_of(dsr.policy).answer else current()


def _redactions(steps: Iterable[UUID | FulfilmentStep]) -> QuerySet[Redaction]:
    return Redaction.objects.filter(step__in=steps, undone_at=None)


def _attached(dsr: DataSubjectRequest) -> QuerySet[AnswerFile]:
    return AnswerFile.objects.filter(dsr=dsr, kind=AnswerFile.Kind.ATTACHED, destroyed_at=None)


def gather(dsr: DataSubjectRequest) -> Contents:
    """Read what goes in, but for the data themselves; the sources are asked for their descriptions.

    Raises RetryLater where a source cannot describe itself now.
    """
    policy, answering = policy_of(dsr.policy), _answering(dsr)
    asked_for_all = dsr.right != PORTABILITY
    messages = Message.objects.filter(dsr__submission=dsr.submission_id).select_related("dsr") if asked_for_all else ()
    return Contents(
        dsr=dsr,
        submission=dsr.submission,
        policy=policy,
        answer=policy_of(answering).answer if answering else None,
        language=known_language(dsr.submission),
        sources=tuple(_source(dsr, step) for step in steps_of(dsr).prefetch_related("files")),
        attached=tuple(_attached(dsr).order_by("attached_at", "pk")),
        messages=tuple(messages),
    )


def _source(dsr: DataSubjectRequest, step: FulfilmentStep) -> Source:
    step.dsr = dsr
    if step.status != Status.FOUND:
        return Source(step, _result(step))
    described = tables_of(step.alias)
    hidden: dict[str, list[Redaction]] = {}
    for row in _redactions([step.pk]):
        row.step = step
        hidden.setdefault(row.table, []).append(row)
    parts = tuple(
        part
        for stored in step.parts
        if (part := _part(dsr, step, stored, described, hidden.get(stored["table"], []))) is not None
    )
    # A file says of itself neither who provided it nor why it is held: no part of what portability hands out.
    files = list(step.files.filter(destroyed_at=None)) if dsr.right != PORTABILITY else []
    for file in files:
        file.step = step
    return Source(
        step,
        FOUND,
        parts,
        files=tuple(f for f in files if not f.hidden_ground),
        hidden_files=tuple(f for f in files if f.hidden_ground),
    )


def _result(step: FulfilmentStep) -> str:
    """In doubt it could not be asked: "something is held" is said only of what was read, "nothing" of an answer."""
    if step.status == Status.NOTHING:
        return NOTHING
    held = bool(step.records) or step.files.exists()
    return WITHHELD if step.status == Status.WITHHELD and held else NOT_ASKED


def _part(
    dsr: DataSubjectRequest,
    step: FulfilmentStep,
    stored: Mapping[str, object],
    described: Mapping[str, Table],
    hidden: Sequence[Redaction],
) -> Part | None:
    known = described.get(str(stored["table"]))
    table = known or Table(str(stored["table"]), ())
    columns = portable(table.columns) if dsr.right == PORTABILITY else None
    # Of a table that is described no more nobody can say that it is none of what portability hands out: then the
    # package lacks what is to be told of it, as that of an access does.
    if columns is not None and not columns and known is not None:
        return None
    start, end, records = (int(str(stored[name])) for name in ("start", "end", "records"))
    at: dict[int, tuple[Hidden, ...]] = {}
    for row in hidden:
        at[row.position] = (*at.get(row.position, ()), Hidden(row.column, row.passage))
    grounds = tuple((row.ground, row.column) for row in hidden)
    return Part(dsr.submission_id, step, table, start, end, records, at, grounds, columns)


def portable(columns: Sequence[Column]) -> frozenset[str]:
    """Return the names of those that portability hands out: provided, on consent or contract (GDPR 20(1))."""
    return frozenset(c.name for c in columns if c.about.provided and c.about.basis in PORTABLE)
