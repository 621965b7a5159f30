"""Giving a department its task, and recognising its links. Answering is `answering`, reminding `task_reminders`.

A link's secret is derived, not stored, and one address has one link: whoever answers is known by where it went.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime

from django.conf import settings
from django.db.models import QuerySet

from requests_app.connectors import Pending
from requests_app.models import DataSubjectRequest, FulfilmentStep, Message, SourceAct, SourceTask, TaskLink
from requests_app.models.keys import lookup_digests, seal
from requests_app.models.source_task import AboutWhom
from requests_app.rules.lifecycle import State
from requests_app.rules.policy import Text
from requests_app.rules.response_deadline import DAY, received_on
from requests_app.rules.task_clock import HALF, LAST, OVER, TaskClock, end_of, last_day, next_at

from . import evidence, messages
from .actors import Actor
from .evidence import Kind
from .notices import owe
from .owed_acts import fits
from .policies import policy_of

SAID: Mapping[str, str] = {"done": "did it", "nothing": "holds nothing of it", "could_not": "could not do it"}
MARKS: Mapping[str, str] = {HALF: "half_at", LAST: "last_at", OVER: "over_at"}


def give(share: FulfilmentStep | SourceAct, asked: Pending, *, about: AboutWhom, at: datetime) -> SourceTask:
    """Make the task of a step or of an act, or its next issue, with its links and their mails. What the department said
    of the act before stays as an internal note.

    Needs the caller's transaction with the request locked.
    """
    dsr, submission_id = share.dsr, share.dsr.submission_id
    of = {"act": share} if isinstance(share, SourceAct) else {"step": share}
    tz = policy_of(dsr.policy).time_zone
    ends_on = last_day(received_on(at, tz), asked.days, due_on=_due_on(dsr))
    before = SourceTask.objects.filter(**of).first()
    pk = before.pk if before else uuid.uuid4()
    told = {
        "name": about.name,
        "addresses": about.addresses,
        "details": about.details if asked.details else "",
        "to_do": [_words(line) for line in about.to_do],
    }
    task = SourceTask(
        pk=pk,
        **of,
        issue=before.issue + 1 if before else 1,
        department=asked.name or share.alias,
        asks={"question": _words(asked.question), "holds": [_words(one) for one in asked.holds]},
        language=asked.language,
        about_sealed=seal(submission_id, f"sourcetask.about.{pk}", json.dumps(told)),
        given_at=at,
        due_at=end_of(ends_on, tz),
    )
    task.next_at = next_at(clock_of(task))
    task.save(force_insert=before is None, force_update=before is not None)
    for address in asked.to:
        tell(add_link(task, address, role=TaskLink.Role.ASKED, at=at), "task_given", occurrence="given", at=at)
    for address in asked.escalate_to:
        add_link(task, address, role=TaskLink.Role.LATER, at=at)  # its mail is owed once the task is late
    body: dict[str, str | int] = {**of_what(task), "task": str(pk), "issue": task.issue, "until": str(ends_on),
                                  **(_kept(before, at=at) if before else {})}  # fmt: skip
    evidence.append(submission_id, Kind.TASK_GIVEN, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
    return task


def _kept(before: SourceTask, *, at: datetime) -> dict[str, str]:
    said = before.said
    if said is None or before.answered_at is None:
        return {}
    day = received_on(before.answered_at, policy_of(before.dsr.policy).time_zone)
    words = f"“{before.department}” {SAID[said.word]}, {day:%-d %B %Y}: {f'{said.statement} ({said.by})'.strip()}"
    author = Message.Author.INTERNAL
    return {"message": str(messages.write(before.dsr, author=author, text=words, actor=Actor.system(), at=at).pk)}


def of_what(task: SourceTask) -> dict[str, str | int]:
    """Return for the evidence of what it is the task."""
    share = task.share
    kind = {"act": str(share.pk), "what": share.act} if isinstance(share, SourceAct) else {"step": str(share.pk)}
    return {**kind, "source": share.alias}


def _words(text: Text) -> dict[str, str]:
    return {"en": text.en, "it": text.it}


def add_link(task: SourceTask, address: str, *, role: str, at: datetime) -> TaskLink:
    """Return the link of this address for the present issue, made where it was not there."""
    known = links_of(task).filter(email_digest__in=lookup_digests(address)).first()
    if known is not None:
        return known
    pk = uuid.uuid4()
    return TaskLink.objects.create(
        pk=pk,
        task=task,
        issue=task.issue,
        role=role,
        address_sealed=seal(task.dsr.submission_id, f"tasklink.address.{pk}", address.strip()),
        email_digest=lookup_digests(address)[0],
        added_at=at,
    )


def links_of(task: SourceTask) -> QuerySet[TaskLink]:
    """Return the links of the present issue."""
    return TaskLink.objects.filter(task=task, issue=task.issue).order_by("added_at", "pk")


def tell(link: TaskLink, kind: str, *, occurrence: str, at: datetime) -> None:
    """Owe this address a mail about its task: the organisation, the department, until when, and the link."""
    task, dsr = link.task, link.task.dsr
    context = {"department": task.department, "language": task.language, "until": last_on(task),
               "late": is_late(task, at=at), "does": task.act_id is not None}  # fmt: skip
    owe(
        kind,
        submission=dsr.submission,
        dsr=dsr,
        occurrence=occurrence,
        context=context,
        at=at,
        link=link,
    )


def clock_of(task: SourceTask) -> TaskClock:
    """Return the task as its clock sees it, nearer where the request itself is due earlier than it was."""
    policy = policy_of(task.dsr.policy)
    already = frozenset(kind for kind, mark in MARKS.items() if getattr(task, mark) is not None)
    return TaskClock(task.given_at, last_on(task), policy.time_zone, policy.notice_hour, already)


def last_on(task: SourceTask) -> date:
    """Return the last day on which an answer is in time."""
    given_for = received_on(task.due_at, policy_of(task.dsr.policy).time_zone) - DAY
    return last_day(given_for, 0, due_on=_due_on(task.dsr))


def _due_on(dsr: DataSubjectRequest) -> date | None:
    """What comes after the answer does not run against its day any more."""
    return dsr.due_on if dsr.is_open else None


def is_late(task: SourceTask, *, at: datetime) -> bool:
    """Whether its last day is over."""
    return at >= end_of(last_on(task), policy_of(task.dsr.policy).time_zone)


def link_secret(link: TaskLink) -> str:
    """Return the secret of a link: its id and 128 bits that only its mail holds."""
    text = f"task:{link.pk}:{link.issue}".encode()
    return link.pk.hex + hmac.new(settings.CODE_KEY.encode(), text, hashlib.sha256).digest()[:16].hex()


def link_for_secret(secret: str) -> TaskLink | None:
    """Return the link that a secret belongs to, or None for anything foreign or mutated."""
    try:
        link = with_task().filter(pk=uuid.UUID(hex=secret[:32])).first()
    except ValueError:
        return None
    if link is None or not hmac.compare_digest(link_secret(link).encode(), secret.encode()):
        return None
    return link


def with_task() -> QuerySet[TaskLink]:
    """Return all links, each with its task, of what it is, request and case."""
    of = [f"task__{share}__dsr__{one}" for share in ("step", "act") for one in ("submission", "policy")]
    return TaskLink.objects.select_related(*of)


def is_wanted(task: SourceTask) -> bool:
    """Whether the request is where it has to be for an answer to this task."""
    share, dsr = task.share, task.dsr
    if isinstance(share, SourceAct):
        return fits(share, dsr)
    return share.opened_at == dsr.opened_at and dsr.state == State.IN_PROGRESS


def with_department(act: SourceAct) -> SourceTask | None:
    """Return the task of an act that people of a department have now."""
    if act.status != SourceAct.Status.PENDING:
        return None
    return SourceTask.objects.filter(act=act, answered_at=None).first()
