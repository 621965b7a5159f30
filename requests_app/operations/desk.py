"""What one member of staff may do alone: assign, ask, note, attach, serve by another channel, reveal."""

import hashlib
import uuid
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from requests_app.models import AnswerFile, DataSubjectRequest, Message, Notice, Submission
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import State

from . import complaints, evidence, files, messages, scanning
from .access import record_look
from .actors import Actor
from .authorities import authority_of
from .evidence import Kind
from .notices import owe
from .owed_steps import owe_package
from .refused import Refused
from .team import require, roles_of
from .transition import lock


def assign(dsr: DataSubjectRequest, *, assignee: User, actor: Actor, at: datetime) -> None:
    """Give the request to a member of the team; their reminders follow."""
    require(actor, "assign")
    if not roles_of(assignee):
        raise Refused("Choose somebody of the privacy team: this account has no role in it.")
    complaints.refuse_part(dsr, assignee)
    with transaction.atomic():
        dsr = lock(dsr)
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(assignee=assignee)
        evidence.append(
            dsr.submission_id, Kind.ASSIGNED, actor=actor, at=at, dsr_id=dsr.pk, body={"assignee": str(assignee.pk)}
        )


def ask(dsr: DataSubjectRequest, *, question: str, actor: Actor, at: datetime) -> Message:
    """Ask the person something; the response clock goes on (PROMISES: two clocks), the holder clock turns."""
    complaints.refuse_part(dsr, require(actor, "ask"))
    if not question.strip():
        raise Refused("Write the question that the person shall read.")
    with transaction.atomic():
        dsr = lock(dsr)
        if not dsr.is_open:
            raise Refused("This request has ended: reopen it before you ask.")
        message = messages.write(dsr, author=Message.Author.STAFF, text=question, actor=actor, at=at)
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(waiting_since=at)
        evidence.append(
            dsr.submission_id, Kind.QUESTION_ASKED, actor=actor, at=at, dsr_id=dsr.pk, body={"message": str(message.pk)}
        )
        owe(
            "question",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=str(message.pk),
            context={"question": question.strip()},
            at=at,
        )
        return message


def note(dsr: DataSubjectRequest, *, text: str, actor: Actor, at: datetime) -> Message:
    """Add an internal note, which the person does not see."""
    require(actor, "note")
    if not text.strip():
        raise Refused("Write the note.")
    with transaction.atomic():
        dsr = lock(dsr)
        message = messages.write(dsr, author=Message.Author.INTERNAL, text=text, actor=actor, at=at)
        evidence.append(
            dsr.submission_id, Kind.NOTE_ADDED, actor=actor, at=at, dsr_id=dsr.pk, body={"message": str(message.pk)}
        )
        return message


def attach(dsr: DataSubjectRequest, *, name: str, content: bytes, actor: Actor, at: datetime) -> AnswerFile:
    """Attach a file of the answer while the decision is not submitted; it is sealed before the row exists."""
    account = require(actor, "attach")
    complaints.refuse_part(dsr, account)
    if not content:
        raise Refused("The file is empty. Choose the file again.")
    if len(content) > files.LARGEST:
        raise Refused("The file is larger than 25 MB. Split it.")
    scanning.refuse_infected(content)
    pk = uuid.uuid4()
    files.write(dsr.submission_id, pk, content)
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.state != State.IN_PROGRESS:
            raise Refused("Files are attached before the decision is submitted. Return it for change first.")
        digest = hashlib.sha256(content).hexdigest()
        row = AnswerFile.objects.create(
            pk=pk,
            dsr=dsr,
            name_sealed=seal(dsr.submission_id, f"answerfile.name.{pk}", name or "answer"),
            size=len(content),
            sha256=digest,
            attached_by=account,
            attached_at=at,
        )
        evidence.append(
            dsr.submission_id,
            Kind.FILE_ATTACHED,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={"file": str(pk), "sha256": digest, "size": len(content)},
        )
        owe_package(dsr, at=at)  # which holds it
        return row


def record_other_channel(notice: Notice, *, channel: str, actor: Actor, at: datetime) -> None:
    """Record by which other channel a notice was served that the e-mail pointer could not announce."""
    require(actor, "record_other_channel")
    if notice.submission_id is None:
        raise Refused("Only a notice to a person is served by another channel.")
    with transaction.atomic():
        served = Notice.objects.filter(pk=notice.pk, other_channel="").update(other_channel=channel, served_at=at)
        if not served:
            raise Refused("The channel is recorded already.")
        evidence.append(
            notice.submission_id,
            Kind.OTHER_CHANNEL_USED,
            actor=actor,
            at=at,
            dsr_id=notice.dsr_id,
            body={"notice": str(notice.pk), "channel": channel},
        )


def reveal(submission: Submission, *, purpose: str, actor: Actor, at: datetime) -> dict[str, str]:
    """Return the contact data in the clear; the look and its purpose are logged."""
    require(actor, "reveal")
    if len(purpose.strip()) < 5:
        raise Refused("Say what you need the contact data for.")
    record_look(submission, what="reveal", purpose=purpose, actor=actor, at=at)
    shown = {column: submission.opened(column) for column in ("name", "email", "postal", "details")}
    others = [
        f"{contact.address} ({contact.get_role_display()})" for contact in submission.contacts.order_by("added_at")
    ]
    authority = authority_of(submission)
    if authority and (postal := authority.opened("postal")):
        others.append(f"{postal} (the postal address of the person for whom it was filed)")
    return shown | {"others": "\n".join(others)}
