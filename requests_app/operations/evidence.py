"""The evidence chain: appended in the transaction of the change, verified by walking it."""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from requests_app.models import EvidenceEvent, Submission

from .actors import Actor

GENESIS = "0" * 64


class Kind(StrEnum):
    """Everything that is evidence. Unknown kinds raise."""

    FILED = "filed"
    TOOK_EFFECT = "took_effect"
    EFFECT_REVERSED = "effect_reversed"
    CODE_ISSUED = "code_issued"
    CODE_REFUSED = "code_refused"
    IDENTITY_CONFIRMED = "identity_confirmed"
    ADDRESS_CHANGED = "address_changed"
    ASSIGNED = "assigned"
    QUESTION_ASKED = "question_asked"
    QUESTION_ANSWERED = "question_answered"
    NOTE_ADDED = "note_added"
    FILE_ATTACHED = "file_attached"
    DECISION_SUBMITTED = "decision_submitted"
    DECISION_RETURNED = "decision_returned"
    DECISION_APPROVED = "decision_approved"
    CARRIED_OUT = "carried_out"
    DOWNLOADED = "downloaded"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    REOPENED = "reopened"
    MILESTONE = "milestone"
    DEADLINE_MISSED = "deadline_missed"
    OTHER_CHANNEL_USED = "other_channel_used"
    NOT_REACHED = "not_reached"
    INTAKE_COMPLETED = "intake_completed"
    IDENTITY_REQUIRED = "identity_required"
    PACKAGE_DESTROYED = "package_destroyed"


def _hash(canonical: str) -> str:
    # The leaf hash of RFC 6962, 2.1: a zero byte keeps leaves apart from inner nodes.
    return hashlib.sha256(b"\0" + canonical.encode()).hexdigest()


def _canonical(values: Mapping[str, str | int]) -> str:
    # The subset of RFC 8785 that strings and integers need.
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def append(
    submission_id: uuid.UUID,
    kind: Kind,
    *,
    actor: Actor,
    at: datetime,
    dsr_id: uuid.UUID | None = None,
    body: Mapping[str, str | int] | None = None,
) -> EvidenceEvent:
    """Append one event inside the caller's transaction; raises TransactionManagementError outside one.

    The submission row is locked first, so chains never fork.
    """
    kind = Kind(kind)
    Submission.objects.select_for_update().only("pk").get(pk=submission_id)
    last = EvidenceEvent.objects.filter(submission_id=submission_id).order_by("-seq").first()
    seq, prev = (last.seq + 1, last.leaf_hash) if last else (0, GENESIS)
    canonical = _canonical(
        {
            **(body or {}),
            "actor": f"{actor.role}:{actor.ref}",
            "at": at.astimezone(UTC).isoformat(),
            "dsr": str(dsr_id or ""),
            "kind": kind.value,
            "prev": prev,
            "seq": seq,
            "submission": str(submission_id),
        }
    )
    return EvidenceEvent.objects.create(
        submission_id=submission_id,
        seq=seq,
        dsr_id=dsr_id,
        kind=kind.value,
        at=at,
        actor_role=actor.role,
        actor_ref=actor.ref,
        body=canonical,
        prev=prev,
        leaf_hash=_hash(canonical),
    )


def verify() -> Iterator[str]:
    """Walk every chain and yield one sentence per break. A submission without a first event is a break, too."""
    current: uuid.UUID | None = None
    seq, prev, seen = 0, GENESIS, set()
    for event in EvidenceEvent.objects.order_by("submission_id", "seq").iterator():
        if event.submission_id != current:
            current, seq, prev = event.submission_id, 0, GENESIS
            seen.add(current)
        place = f"submission {event.submission_id}, event {event.seq}"
        if event.seq != seq:
            yield f"{place}: event {seq} is missing."
        if event.prev != prev:
            yield f"{place}: does not follow the event before it."
        if _hash(event.body) != event.leaf_hash:
            yield f"{place}: the record was changed after it was written."
        elif not _columns_agree(event):
            yield f"{place}: its columns contradict the hashed record."
        seq, prev = event.seq + 1, event.leaf_hash
    for pk in Submission.objects.values_list("pk", flat=True).iterator():
        if pk not in seen:
            yield f"submission {pk}: has no evidence."


def _columns_agree(event: EvidenceEvent) -> bool:
    body = json.loads(event.body)
    return bool(
        body["kind"] == event.kind
        and body["seq"] == event.seq
        and body["submission"] == str(event.submission_id)
        and body["dsr"] == str(event.dsr_id or "")
        and body["prev"] == event.prev
        and body["actor"] == f"{event.actor_role}:{event.actor_ref}"
        and body["at"] == event.at.astimezone(UTC).isoformat()
    )
