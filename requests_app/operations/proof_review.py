"""Look at a document, for a purpose that is logged; accept or reject it; confirm it as a second person.

Only the identity role sees one. Nobody decides about what they did not open. Each decision ends what was looked at:
the files go with the next sweep.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from requests_app.connectors import pictures
from requests_app.models import DataSubjectRequest, Message, ProofDocument, ProofRequest, Submission
from requests_app.models.staff import same_person
from requests_app.rules.identity import CONTACT, DOCUMENT
from requests_app.rules.lifecycle import Action, State
from requests_app.rules.response_deadline import received_on

from . import evidence, files, messages
from .access import looked, record_look
from .actors import Actor
from .asking import open_doubt, open_doubts
from .counting import dates_of, restarts_on_identity
from .evidence import Kind
from .notices import owe
from .owed_steps import wake_steps
from .pausing import store
from .policies import policy_of
from .refused import Refused
from .team import IDENTITY, members, refuse_own, require, responsible, tell
from .transition import NOTICE, advance, lock, reschedule

OPEN_FOR = timedelta(minutes=15)  # the pictures, after the purpose was given
SHORTEST_PURPOSE = 5


@dataclass(frozen=True, slots=True)
class Page:
    """One picture, drawn by us."""

    content: bytes
    kind: str


def look_at(document: ProofDocument, *, purpose: str, actor: Actor, at: datetime) -> None:
    """Open a document for this account, for some minutes; who, when and what for is written down."""
    require(actor, "look_at_document")
    if len(purpose.strip()) < SHORTEST_PURPOSE:
        raise Refused("Say what you look at it for.")
    if is_closed(document, at=at):
        raise Refused("This document is closed: it is decided about, and destroyed within the hour.")
    record_look(document.submission, what=_name(document), purpose=purpose, actor=actor, at=at)


def is_closed(document: ProofDocument, *, at: datetime) -> bool:
    """Whether nobody may see it any more: with the decision, not only with the sweep that destroys it."""
    doubt = document.proof
    return document.destroyed_at is not None or document.destroy_at <= at or bool(doubt.end) or not doubt.dsr.is_open


def is_open_for(document: ProofDocument, *, actor: Actor, at: datetime) -> bool:
    """Whether this account said lately what it looks at the document for."""
    require(actor, "look_at_document")
    since = at - OPEN_FOR
    if is_closed(document, at=at):
        return False
    return looked(document.submission, what=_name(document), actor=actor, since=since)


def read_page(document: ProofDocument, *, number: int, actor: Actor, at: datetime) -> Page:
    """Return one page. Raises Refused without a purpose; OSError, KeyDestroyed or InvalidTag where it is gone."""
    if not is_open_for(document, actor=actor, at=at):
        raise Refused("Say what you look at it for.")
    pages = pictures.unpack(files.read(document.submission_id, document.pk))
    if not 1 <= number <= len(pages):
        raise Refused("This document has no such page.")
    content = pages[number - 1]
    return Page(content, pictures.kind_of(content))


def sent_before_by(document: ProofDocument) -> list[Submission]:
    """Return the cases of other people in which the same picture was sent; what is destroyed is found, too."""
    same = ProofDocument.objects.filter(commitment=document.commitment).exclude(submission=document.submission_id)
    rows = Submission.objects.filter(pk__in=same.values("submission"))
    own = document.submission.email_digest
    return list((rows.exclude(email_digest=own) if own else rows).order_by("received_at"))


def review(document: ProofDocument, *, accept: bool, reason: str, actor: Actor, at: datetime) -> ProofDocument:
    """Accept a document, or not. The reason is a note where it is accepted; otherwise the person reads it."""
    account = require(actor, "review_document")
    if not reason.strip():
        raise Refused(
            "Write what you compared it with." if accept else "Write why it does not do: the person reads it."
        )
    result = ProofDocument.Result.ACCEPTED if accept else ProofDocument.Result.REJECTED
    with transaction.atomic():
        dsr, document = _waiting(document, actor=actor)
        refuse_own(dsr.submission, account)
        if document.result:
            raise Refused("Somebody was faster: this document is reviewed already.")
        author = Message.Author.INTERNAL if accept else Message.Author.STAFF
        message = messages.write(dsr, author=author, text=reason, actor=actor, at=at)
        values = {"result": result, "reviewed_by": account, "reviewed_at": at, "explained": message}
        if not accept:
            values["destroy_at"] = at
        ProofDocument.objects.filter(pk=document.pk).update(**values)
        kind = Kind.DOCUMENT_ACCEPTED if accept else Kind.DOCUMENT_REJECTED
        told = {"document": str(document.pk), "message": str(message.pk)}
        evidence.append(dsr.submission_id, kind, actor=actor, at=at, dsr_id=dsr.pk, body=told)
        if accept:
            others = [member for member in members(IDENTITY) if not same_person(member, account)]
            context = {"step": "confirm"}
            tell(others, "staff_proof", dsr, occurrence=f"{document.pk}:confirm", at=at, context=context)
        else:
            owe(
                "proof_rejected",
                submission=dsr.submission,
                dsr=dsr,
                occurrence=str(document.pk),
                context={"reason": reason.strip(), "due_on": dsr.due_on},
                at=at,
            )
        reschedule(dsr, at=at)
        document.refresh_from_db()
        return document


def confirm(document: ProofDocument, *, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Confirm, as a second person, what was accepted: the case is shown to be theirs, and goes on."""
    account = require(actor, "confirm_document")
    with transaction.atomic():
        dsr, document = _waiting(document, actor=actor)
        if document.result != ProofDocument.Result.ACCEPTED or document.reviewed_by is None:
            raise Refused("A document is reviewed before it is confirmed.")
        if same_person(document.reviewed_by, account):
            raise Refused("A second person confirms: you reviewed this document yourself.")
        refuse_own(dsr.submission, account)
        if dsr.submission.assurance < CONTACT:
            raise Refused("A document alone verifies nobody: the address has to be confirmed by a code, too.")
        ProofDocument.objects.filter(pk=document.pk).update(confirmed_by=account, confirmed_at=at)
        Submission.objects.filter(pk=dsr.submission_id).update(assurance=DOCUMENT)
        shown_on = received_on(document.submitted_at, policy_of(dsr.policy).time_zone)
        for doubt in list(open_doubts(dsr.submission_id)):
            clock = {"opened_at": doubt.dsr.opened_at, "shown_on": shown_on}
            _settle(doubt, ProofRequest.End.CONFIRMED, at=at, **clock)
            _go_on(lock(doubt.dsr), doubt, document, actor=actor, at=at)
        wake_steps(dsr.submission_id, at=at)
        dsr.refresh_from_db()
        return dsr


def withdraw_doubt(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Give a doubt up: the request goes on with what was shown before. The reason is kept as an internal note."""
    require(actor, Action.WITHDRAW_DOUBT)
    if not reason.strip():
        raise Refused("Say why the doubt is gone.")
    with transaction.atomic():
        dsr = lock(dsr)
        doubt = open_doubt(dsr)
        if doubt is None:
            raise Refused("Nothing is asked for here: there is no doubt to withdraw.")
        note = messages.write(dsr, author=Message.Author.INTERNAL, text=reason, actor=actor, at=at)
        told = {"proof": str(doubt.pk), "message": str(note.pk)}
        _settle(doubt, ProofRequest.End.WITHDRAWN, at=at)
        if dsr.state == State.AWAITING_VERIFICATION:
            dsr = advance(dsr, Action.WITHDRAW_DOUBT, actor=actor, at=at, body=told)
            _tell_settled(dsr, doubt, confirmed=False, at=at)
        else:
            evidence.append(dsr.submission_id, Kind.DOUBT_WITHDRAWN, actor=actor, at=at, dsr_id=dsr.pk, body=told)
        wake_steps(dsr.submission_id, at=at)
        return dsr


def _name(document: ProofDocument) -> str:
    return f"document {document.pk.hex[:16]}"


def _waiting(document: ProofDocument, *, actor: Actor) -> tuple[DataSubjectRequest, ProofDocument]:
    """Lock the case and return both as they stand. Raises Refused where nothing is to be decided here."""
    dsr = lock(document.proof.dsr)
    found = ProofDocument.objects.select_related("proof", "submission", "reviewed_by").get(pk=document.pk)
    if found.destroyed_at is not None or found.proof.end or dsr.state != State.AWAITING_VERIFICATION:
        raise Refused("There is nothing to decide about this document any more.")
    if not looked(found.submission, what=_name(found), actor=actor, since=found.submitted_at):
        raise Refused("Look at the document first.")
    return dsr, found


def _settle(doubt: ProofRequest, end: ProofRequest.End, *, at: datetime, **values: object) -> None:
    ProofRequest.objects.filter(pk=doubt.pk).update(end=end, ended_at=at, **values)
    ProofDocument.objects.filter(proof=doubt, destroyed_at=None).update(destroy_at=at)


def _go_on(
    dsr: DataSubjectRequest, doubt: ProofRequest, document: ProofDocument, *, actor: Actor, at: datetime
) -> None:
    if dsr.state != State.AWAITING_VERIFICATION:
        return
    body: dict[str, str | int] = {"document": str(document.pk), "proof": str(doubt.pk), "rung": DOCUMENT}
    dsr = advance(dsr, Action.CONFIRM_IDENTITY, actor=actor, at=at, body=body)
    _restart(dsr, doubt, actor=actor, at=at)
    _tell_settled(dsr, doubt, confirmed=True, at=at)
    context = {"step": "done"}
    tell(responsible(dsr), "staff_proof", dsr, occurrence=f"{document.pk}:{dsr.pk.hex}", at=at, context=context)


def _restart(dsr: DataSubjectRequest, doubt: ProofRequest, *, actor: Actor, at: datetime) -> None:
    """UK GDPR 12A counts from the day on which the proof came. What we promised does not move."""
    if not restarts_on_identity(dsr):
        return
    dates = dates_of(dsr)
    if dates.statutory_on == dsr.statutory_on or dsr.cautious_on is None:
        return
    body = {
        "proof": str(doubt.pk),
        "statutory_before": dsr.statutory_on.isoformat() if dsr.statutory_on else "",
        "statutory_on": dates.statutory_on.isoformat() if dates.statutory_on else "",
        "due_on": dsr.due_on.isoformat(),
    }
    evidence.append(dsr.submission_id, Kind.DEADLINE_RESTARTED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    store(dsr, due_on=dsr.due_on, statutory_on=dates.statutory_on, cautious_on=dsr.cautious_on, at=at)


def _tell_settled(dsr: DataSubjectRequest, doubt: ProofRequest, *, confirmed: bool, at: datetime) -> None:
    owe(
        NOTICE[Action.WITHDRAW_DOUBT],
        submission=dsr.submission,
        dsr=dsr,
        occurrence=str(doubt.pk),
        context={"confirmed": confirmed, "due_on": dsr.due_on},
        at=at,
    )
