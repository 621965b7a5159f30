"""What a person was asked for before a request goes on, and since when: a lapse before that would be unfair."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from requests_app.models import (
    DataSubjectRequest,
    EvidenceEvent,
    ProofDocument,
    ProofRequest,
    ReceiptCorrection,
    Submission,
)
from requests_app.rules.lifecycle import State

# Of requests: those whose document lies with us, and nobody has decided about it.
DOCUMENT_WITH_US = Exists(
    ProofDocument.objects.filter(proof__dsr=OuterRef("pk"), proof__end="", destroyed_at=None).exclude(
        result=ProofDocument.Result.REJECTED
    )
)
# Of requests: those for which a document was asked, and none is confirmed. A code moves them no further.
DOUBTED = {"proof_requests__end": ""}


@dataclass(frozen=True, slots=True)
class Awaited:
    """A document that was asked for; `with_us`: one came, and nobody has decided about it yet."""

    since: datetime
    with_us: bool


def asked_at(dsr: DataSubjectRequest) -> datetime | None:
    """Return when the person was asked to confirm, where staff entered or re-dated the request; else None."""
    if dsr.state != State.AWAITING_VERIFICATION or dsr.submission.channel == Submission.Channel.WEB:
        return None
    entries = EvidenceEvent.objects.filter(submission_id=dsr.submission_id, seq=0).values_list("at", flat=True)
    approvals = ReceiptCorrection.objects.filter(submission_id=dsr.submission_id, approved_at__isnull=False)
    known = [*entries, *approvals.values_list("approved_at", flat=True)]
    return max((at for at in known if at is not None), default=None)


def open_doubts(submission_id: UUID) -> "QuerySet[ProofRequest]":
    """Return what was asked for in a case and is not settled."""
    return ProofRequest.objects.filter(dsr__submission=submission_id, end="").order_by("dsr")


def open_doubt(dsr: DataSubjectRequest) -> ProofRequest | None:
    """Return the doubt about this request that is not settled."""
    return ProofRequest.objects.filter(dsr=dsr, end="").select_related("dsr").first()


def documents_awaited(dsrs: Collection[DataSubjectRequest]) -> dict[UUID, Awaited]:
    """Return which of these requests wait for a document, by one question or two however many they are."""
    waiting = [dsr.pk for dsr in dsrs if dsr.state == State.AWAITING_VERIFICATION]
    if not waiting:
        return {}
    doubts = ProofRequest.objects.filter(dsr__in=waiting, end="").prefetch_related("documents")
    return {doubt.dsr_id: _awaited(doubt, list(doubt.documents.all())) for doubt in doubts}


def _awaited(doubt: ProofRequest, documents: list[ProofDocument]) -> Awaited:
    # Whatever was sent before and is gone, the person was told of then, and asked once more.
    since, with_us = doubt.asked_at, False
    for document in documents:
        if document.result == ProofDocument.Result.REJECTED:
            since = max(since, document.reviewed_at or since)
        elif document.destroyed_at is not None:
            since = max(since, document.destroyed_at)
        else:
            with_us = True
    return Awaited(since, with_us)
