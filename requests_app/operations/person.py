"""What the person does after filing: cancel, take up again, undo an effect, write."""

import hashlib
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models import DataSubjectRequest, EvidenceEvent, IdentityCheck, Message
from requests_app.rules.identity import NO_PROOF_RIGHTS
from requests_app.rules.lifecycle import Action, State

from . import consents, evidence, files, limits, messages, scanning
from .actors import Actor
from .asking import open_doubt
from .authorities import authority_of
from .erasing import confirmation_of
from .evidence import Kind
from .identity_codes import issue
from .notices import owe
from .pausing import end_pause
from .refused import Refused
from .reopening import asks_for_proof, take_up_again
from .stopping import tell_stopped
from .taking_back import take_back_effect
from .team import HANDLER, OFFICER, members, responsible, tell
from .transition import NOTICE, advance, lock

REOPENINGS = 2  # by the person, for one request: after that a new request or a message serves better
MESSAGES_A_DAY = 10  # unasked, over all requests of one submission
LONGEST_TEXT = 10_000  # characters


def cancel(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> DataSubjectRequest:
    """End the request at the person's wish; raises ActionNotAllowed where it has ended already.

    Raises Refused for what is in effect: cancelled, it would stay in effect and be carried out nowhere.
    """
    with transaction.atomic():
        dsr = lock(dsr)
        if consents.in_effect(dsr):
            raise Refused(_("This is in effect already. Undo it instead."))
        dsr = advance(dsr, Action.CANCEL, actor=actor, at=at, values={"answered_at": at, "waiting_since": None})
        owe(
            NOTICE[Action.CANCEL],
            submission=dsr.submission,
            dsr=dsr,
            occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
            context={},
            at=at,
        )
        if confirmation_of(dsr) is not None:  # every address that could have stopped it hears that it is stopped
            tell_stopped(dsr, at=at)
        return dsr


def may_reopen(dsr: DataSubjectRequest) -> bool:
    """Whether the person can take it up again: lapsed or cancelled, and not too often already."""
    if dsr.state not in {State.LAPSED, State.CANCELLED} or dsr.right in NO_PROOF_RIGHTS:
        return False
    authority = authority_of(dsr.submission)
    if authority is not None and authority.is_stopped:
        return False
    reopened = EvidenceEvent.objects.filter(
        submission_id=dsr.submission_id,
        dsr_id=dsr.pk,
        kind=Kind.REOPENED,
        actor_role__in=(Actor.person().role, Actor.agent().role),
    )
    return reopened.count() < REOPENINGS


def reopen(dsr: DataSubjectRequest, *, proved: bool, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Take up again what lapsed or what the person cancelled, with a new date from this day (H2).

    `proved`: a code was typed just now. Without it a right that needs proof waits for a new code, which is sent.
    Raises Refused for any other end, after too many times, or over the limit of codes.
    """
    with transaction.atomic():
        dsr = lock(dsr)
        if not may_reopen(dsr):
            raise Refused(_("This request cannot be opened again here. Make a new one, or write to us."))
        doubted = open_doubt(dsr) is not None  # that it ended settled nothing
        waits = asks_for_proof(dsr) and (doubted or not proved)
        dsr = take_up_again(dsr, waits=waits, actor=actor, at=at)
        if waits and not proved:
            issue(dsr.submission, purpose=IdentityCheck.Purpose.VERIFY, actor=actor, at=at)
        if not waits:
            tell(members(HANDLER, OFFICER), "staff_new", dsr, occurrence=f"{dsr.pk}:{at.isoformat()}", at=at)
        return dsr


def undo(dsr: DataSubjectRequest, *, actor: Actor, at: datetime, purposes: Collection[str] | None = None) -> None:
    """Reverse an opt-out or withdrawal, all of it or these purposes; raises Refused where nothing is in effect."""
    if not take_back_effect(dsr, purposes=purposes, how=consents.How.FORM, actor=actor, at=at):
        raise Refused(_("There is nothing to undo here."))


def reply(dsr: DataSubjectRequest, *, text: str, file: tuple[str, bytes] | None, actor: Actor, at: datetime) -> Message:
    """Store what the person writes, asked or not; whoever handles the request is told."""
    _refuse_unfit(dsr, text, file)
    if dsr.waiting_since is None:
        _refuse_unasked(dsr, file, at)  # before a file is stored; once more below, under the lock
    pk = uuid.uuid4()
    if file is not None:
        scanning.refuse_infected(file[1])
        files.write(dsr.submission_id, pk, file[1])
    with transaction.atomic():
        dsr = lock(dsr)
        asked = dsr.waiting_since is not None
        if not asked:
            _refuse_unasked(dsr, file, at)
        message = messages.write(
            dsr,
            author=Message.Author.PERSON,
            text=text,
            actor=actor,
            at=at,
            pk=pk,
            file_name=file[0] if file else "",
            file_sha256=hashlib.sha256(file[1]).hexdigest() if file else "",
        )
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(waiting_since=None)
        evidence.append(
            dsr.submission_id,
            Kind.QUESTION_ANSWERED if asked else Kind.MESSAGE_RECEIVED,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={"message": str(pk), "file": message.file_sha256},
        )
        end_pause(dsr, actor=actor, at=at)
        tell(responsible(dsr), "staff_answered", dsr, occurrence=str(pk), at=at)
        return message


def _refuse_unfit(dsr: DataSubjectRequest, text: str, file: tuple[str, bytes] | None) -> None:
    if not dsr.is_open and limits.standing(dsr) is None:  # whoever is told that a pause ends is heard (GDPR 18(3))
        raise Refused(_("This request has ended. File a new one, or ask us to reopen it."))
    if not text.strip() and file is None:
        raise Refused(_("Write a few words, or choose a file."))
    if len(text.strip()) > LONGEST_TEXT:
        raise Refused(_("The text is longer than 10000 characters. Shorten it, or send the rest as a file."))
    if file is not None and not file[1]:
        raise Refused(_("The file is empty. Choose another one."))
    if file is not None and len(file[1]) > files.LARGEST:
        raise Refused(_("The file is larger than 25 MB. Send a smaller one, or several."))


def _refuse_unasked(dsr: DataSubjectRequest, file: tuple[str, bytes] | None, at: datetime) -> None:
    # Who answers a question is always heard; who writes unasked is bounded, so that nobody can bury the desk.
    if file is not None and dsr.state == State.AWAITING_VERIFICATION:
        if open_doubt(dsr) is not None:
            raise Refused(_("Send the document on its own page, where only few people see it. A text can go here."))
        raise Refused(_("Type the code first; then you can send files. A text can go now."))
    written = Message.objects.filter(
        dsr__submission=dsr.submission_id, author=Message.Author.PERSON, written_at__gt=at - timedelta(days=1)
    )
    if written.count() >= MESSAGES_A_DAY:
        raise Refused(_("Ten messages have come from you within a day. We read them; please write again tomorrow."))
