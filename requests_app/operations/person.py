"""What the person does after filing: cancel, undo an effect, reply."""

import hashlib
import uuid
from datetime import datetime

from django.db import transaction

from requests_app.models import ConsentRecord, DataSubjectRequest, Message
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import Action

from . import evidence, files
from .actors import Actor
from .evidence import Kind
from .notices import owe
from .refused import Refused
from .team import responsible, tell
from .transition import advance, lock


def cancel(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> DataSubjectRequest:
    """End the request at the person's wish; raises ActionNotAllowed where it has ended already."""
    with transaction.atomic():
        dsr = advance(dsr, Action.CANCEL, actor=actor, at=at, values={"answered_at": at, "waiting_since": None})
        owe(
            "cancelled",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
            context={},
            at=at,
        )
        return dsr


def undo(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> None:
    """Reverse an opt-out or withdrawal: as easy as making it (P8, P9)."""
    with transaction.atomic():
        dsr = lock(dsr)
        undone = ConsentRecord.objects.filter(dsr=dsr, reversed_at=None).update(reversed_at=at)
        if not undone:
            raise Refused("There is nothing to undo here.")
        evidence.append(dsr.submission_id, Kind.EFFECT_REVERSED, actor=actor, at=at, dsr_id=dsr.pk)
        owe(
            "effect_undone",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=str(dsr.pk),
            context={"effective_at": at},
            at=at,
        )
        if dsr.is_open:
            advance(dsr, Action.CANCEL, actor=actor, at=at, values={"answered_at": at})


def reply(dsr: DataSubjectRequest, *, text: str, file: tuple[str, bytes] | None, actor: Actor, at: datetime) -> Message:
    """Store the person's answer; whoever handles the request is told."""
    if not dsr.is_open:
        raise Refused("This request has ended. File a new one, or ask us to reopen it.")
    if not text.strip() and file is None:
        raise Refused("Write a few words, or choose a file.")
    if file is not None and len(file[1]) > files.LARGEST:
        raise Refused("The file is larger than 25 MB. Send a smaller one, or several.")
    pk = uuid.uuid4()
    if file is not None:
        files.write(dsr.submission_id, pk, file[1])
    with transaction.atomic():
        dsr = lock(dsr)
        message = Message.objects.create(
            pk=pk,
            dsr=dsr,
            author=Message.Author.PERSON,
            body_sealed=seal(dsr.submission_id, f"message.body.{pk}", text.strip()),
            file_name_sealed=seal(dsr.submission_id, f"message.file_name.{pk}", file[0] if file else ""),
            file_sha256=hashlib.sha256(file[1]).hexdigest() if file else "",
            written_at=at,
        )
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(waiting_since=None)
        evidence.append(
            dsr.submission_id,
            Kind.QUESTION_ANSWERED,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={"message": str(pk), "file": message.file_sha256},
        )
        tell(responsible(dsr), "staff_answered", dsr, occurrence=str(pk), at=at)
        return message
