"""Correct the receipt date of a request that staff entered. It starts the clock, so it takes two people."""

import uuid
from datetime import date, datetime
from typing import Any

from django.db import transaction

from requests_app.models import (
    DataSubjectRequest,
    EvidenceEvent,
    Extension,
    Pause,
    ProofRequest,
    ReceiptCorrection,
    Submission,
)
from requests_app.models.keys import seal
from requests_app.models.staff import same_person
from requests_app.rules.lifecycle import OPEN
from requests_app.rules.receipt_date import instant_of, why_not
from requests_app.rules.response_deadline import received_on as local_day

from . import evidence
from .actors import Actor
from .counting import dates_if_received
from .evidence import Kind
from .notices import owe
from .policies import dates_told
from .refused import Refused
from .team import require
from .transition import lock, reschedule


def pending(submission: Submission) -> ReceiptCorrection | None:
    """Return the proposal that waits for a second person."""
    return submission.receipt_corrections.filter(approved_at=None, withdrawn_at=None).first()


def affected(submission: Submission) -> list[DataSubjectRequest]:
    """Return the open requests whose clock runs from the receipt; a reopened one runs from its reopening."""
    rows = submission.requests.filter(state__in=sorted(OPEN), opened_at=submission.received_at)
    return list(rows.order_by("right"))


def entered_at(submission: Submission) -> datetime:
    """Return the instant at which staff entered the submission: its first evidence, not its receipt."""
    return EvidenceEvent.objects.get(submission_id=submission.pk, seq=0).at


def why_fixed(submission: Submission) -> str:
    """Return why the receipt of this submission cannot be corrected, or nothing."""
    if submission.channel == Submission.Channel.WEB:
        return "It was filed on the portal. Its receipt is the instant at which our server took it, and stands."
    if not affected(submission):
        return "No open request is counted from this date any more. What has ended was answered by the old one."
    return ""


def propose_correction(
    submission: Submission, *, received_on: date, reason: str, actor: Actor, at: datetime
) -> ReceiptCorrection:
    """Propose the true day of receipt. Raises Refused; nothing changes before a second person approves."""
    proposer = require(actor, "propose_correction")
    if not reason.strip():
        raise Refused("Say how you know the true day: the postmark, the mailbox, the note of the call.")
    with transaction.atomic():
        submission = _locked(submission)
        entry = entered_at(submission)
        if why := why_fixed(submission) or why_not(received_on, entered_at=entry, zone=submission.received_zone):
            raise Refused(why)
        if received_on == submission.received_on:
            raise Refused("This is the day that is recorded already.")
        if pending(submission) is not None:
            raise Refused("A correction waits for approval already. Withdraw it before you propose another.")
        pk = uuid.uuid4()
        correction = ReceiptCorrection.objects.create(
            pk=pk,
            submission=submission,
            reason_sealed=seal(submission.pk, f"receiptcorrection.reason.{pk}", reason.strip()),
            old_received_at=submission.received_at,
            old_received_on=submission.received_on,
            new_received_at=instant_of(received_on, entered_at=entry, zone=submission.received_zone),
            new_received_on=received_on,
            proposed_by=proposer,
            proposed_at=at,
        )
        _append(Kind.RECEIPT_PROPOSED, correction, actor=actor, at=at)
        return correction


def approve_correction(correction: ReceiptCorrection, *, actor: Actor, at: datetime) -> ReceiptCorrection:
    """Approve it, count every open request anew and tell the person, in one transaction."""
    approver = require(actor, "approve_correction")
    with transaction.atomic():
        submission, correction = _waiting(correction)
        if same_person(correction.proposed_by, approver):
            raise Refused("A second person approves: you proposed this correction yourself.")
        requests = affected(submission)
        if not requests:
            raise Refused(why_fixed(submission))
        ReceiptCorrection.objects.filter(pk=correction.pk).update(approved_by=approver, approved_at=at)
        Submission.objects.filter(pk=submission.pk).update(
            received_at=correction.new_received_at, received_on=correction.new_received_on
        )
        _append(Kind.RECEIPT_CORRECTED, correction, actor=actor, at=at)
        for dsr in requests:
            _count_anew(lock(dsr), correction, actor=actor, at=at)
        correction.refresh_from_db()
        return correction


def withdraw_correction(correction: ReceiptCorrection, *, actor: Actor, at: datetime) -> None:
    """Take a proposal back, or turn it down; the recorded day stays."""
    account = require(actor, "withdraw_correction")
    with transaction.atomic():
        _, correction = _waiting(correction)
        ReceiptCorrection.objects.filter(pk=correction.pk).update(withdrawn_by=account, withdrawn_at=at)
        _append(Kind.RECEIPT_WITHDRAWN, correction, actor=actor, at=at)


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update(of=("self",)).select_related("policy").get(pk=submission.pk)


def _waiting(correction: ReceiptCorrection) -> tuple[Submission, ReceiptCorrection]:
    submission = _locked(correction.submission)
    found = pending(submission)
    if found is None or found.pk != correction.pk:
        raise Refused("This correction does not wait any more: somebody was faster.")
    return submission, found


def _count_anew(dsr: DataSubjectRequest, correction: ReceiptCorrection, *, actor: Actor, at: datetime) -> None:
    counted = dates_if_received(dsr, correction.new_received_at)
    deadline = counted.dates
    # Pauses and the extension go over to the corrected clock; one that was told too late stays behind, and on record.
    for model in (Pause, ProofRequest, Extension) if counted.extension_holds else (Pause, ProofRequest):
        model.objects.filter(dsr=dsr, opened_at=dsr.opened_at).update(opened_at=correction.new_received_at)
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(
        opened_at=correction.new_received_at,
        opened_on=correction.new_received_on,
        due_on=deadline.due_on,
        statutory_on=deadline.statutory_on,
        cautious_on=deadline.cautious_on,
    )
    days = {"due_before": dsr.due_on.isoformat(), **dates_told(deadline)}
    _append(Kind.RECEIPT_CORRECTED, correction, actor=actor, at=at, dsr=dsr, more=days)
    owe(
        "receipt_corrected",
        submission=dsr.submission,
        dsr=dsr,
        occurrence=f"{correction.pk}:{dsr.pk.hex}",
        context={
            "old_on": correction.old_received_on,
            "new_on": correction.new_received_on,
            "due_before": dsr.due_on,
            "due_on": deadline.due_on,
            "steps": deadline.steps,
            "overdue": local_day(at, dsr.submission.received_zone) > deadline.due_on,
        },
        at=at,
    )
    reschedule(dsr, at=at)


def _append(
    kind: Kind,
    correction: ReceiptCorrection,
    *,
    actor: Actor,
    at: datetime,
    dsr: DataSubjectRequest | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    body = {
        "correction": str(correction.pk),
        "received_before": correction.old_received_on.isoformat(),
        "received_on": correction.new_received_on.isoformat(),
        **(more or {}),
    }
    evidence.append(correction.submission_id, kind, actor=actor, at=at, dsr_id=dsr.pk if dsr else None, body=body)
