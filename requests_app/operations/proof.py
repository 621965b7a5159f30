"""Ask a person for a document, with the reason for the doubt; take what they send. Looking at it is `proof_review`.

The road of a request that waits for one: asked (in_progress -> awaiting_verification), sent, accepted by one person
of the identity role, confirmed by another (-> in_progress). Whatever was sent is destroyed once that is decided.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.connectors import pictures
from requests_app.connectors.pictures import Unfit, Why
from requests_app.models import DataSubjectRequest, EvidenceEvent, ProofDocument, ProofRequest
from requests_app.models.keys import document_digests, seal
from requests_app.rules.agenda import lapse_day
from requests_app.rules.identity import KEPT, NONE
from requests_app.rules.lifecycle import Action, State

from . import complaints, evidence, files, scanning
from .actors import Actor
from .asking import open_doubt
from .circumstances import asked_of
from .evidence import Kind
from .notices import owe
from .pausing import end_pause
from .refused import Refused
from .scanning import Infected
from .team import IDENTITY, holders, members, require, tell
from .transition import NOTICE, advance, lock, reschedule
from .wake import agenda_of

WAITING = 4  # documents of one request that nobody has decided about
TRIES_A_DAY = 10  # files for one request, taken or not

# How to mend each.
WORDS: Mapping[Why, Promise] = {
    Why.EMPTY: gettext_lazy("This file is empty. Choose it again, or take the picture once more."),
    Why.LARGE: gettext_lazy("This file is too large: at most 10 MB. Take the picture with less detail."),
    Why.KIND: gettext_lazy("Send a picture (JPEG or PNG) or a PDF. A screenshot of the picture works, too."),
    Why.PIXELS: gettext_lazy("This picture has too many points: at most 25 million. Take it with less detail."),
    Why.PAGES: gettext_lazy("This PDF has too many pages: at most 10. Send the page that shows who you are."),
    Why.BLANK: gettext_lazy("Nothing can be seen on it. Cover only what we do not need, and send it again."),
    Why.UNDECODABLE: gettext_lazy("We cannot open this file. A PDF must have no password. A new picture works best."),
}


def ask_for_document(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Ask for a document, because of a doubt that the person reads. The promised date stays as it is."""
    account = require(actor, Action.REQUIRE_IDENTITY)
    complaints.refuse_part(dsr, account)
    if asked_of(dsr).rung == NONE:
        raise Refused("This right takes effect without any proof: no document may be asked for it.")
    if not reason.strip():
        raise Refused("Write why you doubt who asks: the person reads it.")
    if holders(IDENTITY).count() < 2:
        raise Refused(f"Nobody could look at it: two accounts need the role “{IDENTITY}”.")
    with transaction.atomic():
        dsr = lock(dsr)
        if not dsr.submission.email_digest:
            raise Refused("This person gave no address, so there is no page to send it on. Compare by letter or phone.")
        end_pause(dsr, actor=actor, at=at)
        ProofRequest.objects.filter(dsr=dsr, end="").update(end=ProofRequest.End.REPLACED, ended_at=at)
        pk = uuid.uuid4()
        doubt = ProofRequest.objects.create(
            pk=pk,
            dsr=dsr,
            opened_at=dsr.opened_at,
            reason_sealed=seal(dsr.submission_id, f"proofrequest.reason.{pk}", reason.strip()),
            asked_by=account,
            asked_at=at,
        )
        dsr = advance(
            dsr,
            Action.REQUIRE_IDENTITY,
            actor=actor,
            at=at,
            values={"waiting_since": None},
            body={"proof": str(doubt.pk)},
        )
        owe(
            NOTICE[Action.REQUIRE_IDENTITY],
            submission=dsr.submission,
            dsr=dsr,
            occurrence=str(doubt.pk),
            context={"reason": reason.strip(), "due_on": dsr.due_on, "lapses_on": lapse_day(agenda_of(dsr))},
            at=at,
        )
        return dsr


def submit_document(dsr: DataSubjectRequest, *, content: bytes, actor: Actor, at: datetime) -> ProofDocument:
    """Take a document that was asked for: scanned, drawn anew, sealed. Raises Refused and says how to mend it."""
    _refuse_unasked(dsr, at=at)
    drawn = _looked_through(dsr, content, actor=actor, at=at)
    commitment = _commitment(drawn.pixels)
    pk = uuid.uuid4()
    files.write(dsr.submission_id, pk, pictures.pack(drawn.pages))
    with transaction.atomic():
        dsr = lock(dsr)
        doubt = _refuse_unasked(dsr, at=at)
        document = ProofDocument.objects.create(
            pk=pk,
            submission=dsr.submission,
            proof=doubt,
            kind=drawn.kind,
            pages=len(drawn.pages),
            nearly_blank=drawn.nearly_blank,
            commitment=commitment,
            submitted_at=at,
            destroy_at=at + KEPT,
        )
        evidence.append(
            dsr.submission_id,
            Kind.DOCUMENT_SUBMITTED,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={
                "proof": str(doubt.pk),
                "document": str(pk),
                "kind": drawn.kind,
                "pages": len(drawn.pages),
                "commitment": commitment,
            },
        )
        reschedule(dsr, at=at)  # it is with us now: nothing lapses meanwhile
        tell(members(IDENTITY), "staff_proof", dsr, occurrence=f"{pk}:review", at=at, context={"step": "review"})
        return document


def last_rejection(dsr: DataSubjectRequest) -> str:
    """Return why the newest document of the open doubt was not accepted; nothing where another one waits."""
    newest = ProofDocument.objects.filter(proof__dsr=dsr, proof__end="").order_by("submitted_at").last()
    rejected = newest is not None and newest.result == ProofDocument.Result.REJECTED
    return newest.explained.body if newest is not None and rejected and newest.explained else ""


def _refuse_unasked(dsr: DataSubjectRequest, *, at: datetime) -> ProofRequest:
    doubt = open_doubt(dsr)
    if doubt is None or dsr.state != State.AWAITING_VERIFICATION:
        raise Refused(_("No document is asked for here any more. Nothing was taken."))
    here = ProofDocument.objects.filter(proof=doubt)
    if here.filter(result="", destroyed_at=None).count() >= WAITING:
        raise Refused(_("Four documents from you wait for us already. We look at them first."))
    recent = {"submission_id": dsr.submission_id, "dsr_id": dsr.pk, "at__gt": at - timedelta(days=1)}
    tries = EvidenceEvent.objects.filter(kind__in=(Kind.DOCUMENT_SUBMITTED, Kind.FILE_REFUSED), **recent)
    if tries.count() >= TRIES_A_DAY:
        raise Refused(_("Ten files have come for this request within a day. Please try again tomorrow."))
    return doubt


def _looked_through(dsr: DataSubjectRequest, content: bytes, *, actor: Actor, at: datetime) -> pictures.Drawn:
    """Scan it, then draw it, outside any transaction. What is refused stands in the evidence, without its content."""
    try:
        pictures.check_size(content)
        scanning.refuse_infected(content)
        return pictures.draw(content)
    except Unfit as unfit:
        _record_refusal(dsr, unfit.why.value, actor=actor, at=at)
        raise Refused(str(WORDS[unfit.why])) from unfit
    except Infected:
        _record_refusal(dsr, "infected", actor=actor, at=at)
        raise


def _commitment(pixels: str) -> str:
    """Return the one under which the same picture is known already, so that it is found under a newer key as well."""
    digests = document_digests(pixels)
    known = ProofDocument.objects.filter(commitment__in=digests).values_list("commitment", flat=True)
    return known.first() or digests[0]


def _record_refusal(dsr: DataSubjectRequest, why: str, *, actor: Actor, at: datetime) -> None:
    with transaction.atomic():
        dsr = lock(dsr)
        event = evidence.append(
            dsr.submission_id, Kind.FILE_REFUSED, actor=actor, at=at, dsr_id=dsr.pk, body={"why": why}
        )
        if why == "infected":
            context = {"step": "infected"}
            tell(members(IDENTITY), "staff_proof", dsr, occurrence=str(event.pk), at=at, context=context)
