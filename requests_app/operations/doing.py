"""A department says that it did what it was told to do, or why it could not. Nobody of the team says it for it.

What it says is sealed; about whom it was is destroyed at once, since nobody has to know it any more.
"""

import json
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.connectors import Outcome
from requests_app.models import SourceAct, SourceTask, TaskLink
from requests_app.models.keys import seal

from . import consent_told, evidence
from .actors import Actor
from .erasure_carried import gone_by_hand
from .evidence import Kind
from .owed_acts import DEPARTMENT, Act, Status
from .refused import Refused
from .task_standing import Standing, locked
from .team import alarm_responsible

LONGEST_STATEMENT = 4_000  # signs
LONGEST_NAME = 120


class Word(StrEnum):
    """What a department can say."""

    DONE = "done"
    NOTHING = "nothing"  # it holds nothing of it: there was nothing to do
    COULD_NOT = "could_not"


def say(link: TaskLink, word: Word, *, statement: str, by: str, at: datetime) -> None:
    """Take what a department did and when, or why it could not, and who says so. Raises Refused."""
    statement, by = (text.replace("\0", "").strip() for text in (statement, by))
    if not by:
        raise Refused(_("Write who of you says so."))
    if not statement and word != Word.NOTHING:
        raise Refused(_("Write what you did and when, or why you could not."))
    if len(statement) > LONGEST_STATEMENT or len(by) > LONGEST_NAME:
        raise Refused(_("Your answer is too long. Shorten it."))
    with transaction.atomic():
        link = locked(link, {Standing.OPEN}, at=at)
        task, act, dsr = link.task, link.task.act, link.task.dsr
        assert act is not None  # of the page: it shows this form for an act only
        said = json.dumps({"word": word.value, "statement": statement, "by": by}, ensure_ascii=False)
        SourceTask.objects.filter(pk=task.pk).update(
            answered_at=at,
            answered_by=link.email_digest,
            next_at=None,
            about_sealed=b"",
            said_sealed=seal(dsr.submission_id, f"sourcetask.said.{task.pk}", said),
        )
        body: dict[str, str | int] = {"task": str(task.pk), "act": str(act.pk), "source": act.alias,
                                      "by": link.email_digest, "word": word.value}  # fmt: skip
        actor = Actor.department(link.pk)
        evidence.append(dsr.submission_id, Kind.TASK_ANSWERED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        if word != Word.COULD_NOT:
            _done(task, act, word, at)
            return
        SourceAct.objects.filter(pk=act.pk).update(status=Status.BY_HAND)
        sentence = (
            f"“{task.department}” says that it could not do what the data source {act.alias} was told, and why. "
            "Read it on the page of the case."
        )
        alarm_responsible(sentence, dsr, occurrence=f"{task.pk.hex}:could_not:{task.issue}", at=at)


def _done(task: SourceTask, act: SourceAct, word: Word, at: datetime) -> None:
    """Its word answers the act, as that of a department and of nobody else; whether anything is left is asked after."""
    answer = {**act.answer, DEPARTMENT: task.department}
    if act.act == Act.RECTIFY:
        answer["outcome"] = (Outcome.CHANGED if word == Word.DONE else Outcome.NOT_FOUND).value
    done = {"status": Status.DONE, "next_try_at": None, "finished_at": at, "failure_code": "", "answer": answer}
    SourceAct.objects.filter(pk=act.pk).update(**done, attested_by=None)
    if act.act == Act.ERASE:
        gone_by_hand(act, at=at)
    elif act.act == Act.WITHDRAW:
        consent_told.settle(act.dsr, at=at)
