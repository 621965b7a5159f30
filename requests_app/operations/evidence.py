"""The evidence chain: appended in the transaction of the change, verified by walking it."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import OuterRef, Subquery

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
    RECEIPT_PROPOSED = "receipt_proposed"
    RECEIPT_CORRECTED = "receipt_corrected"
    RECEIPT_WITHDRAWN = "receipt_withdrawn"
    QUESTION_ASKED = "question_asked"
    QUESTION_ANSWERED = "question_answered"
    MESSAGE_RECEIVED = "message_received"
    DEADLINE_EXTENDED = "deadline_extended"
    DEADLINE_PAUSED = "deadline_paused"
    DEADLINE_RESUMED = "deadline_resumed"
    DEADLINE_RECALCULATED = "deadline_recalculated"
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
    TRIED_AGAIN = "tried_again"
    CONTACT_ADDED = "contact_added"
    VERIFICATION_PROPOSED = "verification_proposed"
    VERIFICATION_APPROVED = "verification_approved"
    VERIFICATION_WITHDRAWN = "verification_withdrawn"
    SOURCE_ASKED = "source_asked"
    ON_FILE_CONFIRMED = "on_file_confirmed"
    ON_FILE_DENIED = "on_file_denied"
    SIGN_IN_REFUSED = "sign_in_refused"
    ERASURE_CONFIRMED = "erasure_confirmed"
    DOCUMENT_SUBMITTED = "document_submitted"
    DOCUMENT_ACCEPTED = "document_accepted"
    DOCUMENT_REJECTED = "document_rejected"
    DOCUMENT_DESTROYED = "document_destroyed"
    DOUBT_WITHDRAWN = "doubt_withdrawn"
    FILE_REFUSED = "file_refused"
    DEADLINE_RESTARTED = "deadline_restarted"
    AUTHORITY_FILED = "authority_filed"
    AUTHORITY_ASKED = "authority_asked"
    AUTHORITY_CONFIRMED = "authority_confirmed"
    AUTHORITY_REFUSED = "authority_refused"
    AUTHORITY_REVOKED = "authority_revoked"
    AUTHORITY_PROPOSED = "authority_proposed"
    AUTHORITY_ACCEPTED = "authority_accepted"
    AUTHORITY_ENDED = "authority_ended"
    AUTHORITY_TAKEN_OVER = "authority_taken_over"
    ADDRESS_VOUCHED = "address_vouched"
    ADDRESS_RESTORED = "address_restored"
    SENSITIVE_MARKED = "sensitive_marked"
    SENSITIVE_UNMARKED = "sensitive_unmarked"
    SOURCE_READ = "source_read"
    SOURCE_WITHHELD = "source_withheld"
    SOURCE_RETRIED = "source_retried"
    TASK_GIVEN = "task_given"
    TASK_ANSWERED = "task_answered"
    RECORD_HIDDEN = "record_hidden"
    RECORD_SHOWN = "record_shown"
    SOURCE_REVIEWED = "source_reviewed"
    PACKAGE_BUILT = "package_built"
    PACKAGE_REISSUED = "package_reissued"
    STILL_HELD = "still_held"
    NOT_HELD = "not_held"
    MESSAGES_DESTROYED = "messages_destroyed"
    CONTACT_DESTROYED = "contact_destroyed"
    CASE_DESTROYED = "case_destroyed"
    SOURCE_PLANNED = "source_planned"
    ITEMS_DECIDED = "items_decided"
    ERASURE_BEGUN = "erasure_begun"
    SOURCE_ERASED = "source_erased"
    SOURCE_TOLD = "source_told"
    ACT_ATTESTED = "act_attested"
    ACT_RETRIED = "act_retried"
    ERASURE_PROVED = "erasure_proved"
    ERASURE_RESUMED = "erasure_resumed"
    CERTIFICATE_ISSUED = "certificate_issued"
    CONSENT_TOLD = "consent_told"
    HOLD_SET = "hold_set"
    HOLD_REVIEWED = "hold_reviewed"
    HOLD_LIFTED = "hold_lifted"
    CHANGE_STATED = "change_stated"
    SUPPRESSED = "suppressed"
    COMPLAINT_LINKED = "complaint_linked"
    COMPLAINT_FILE_MADE = "complaint_file_made"
    SEVERAL_FOUND = "several_found"
    PEOPLE_CHOSEN = "people_chosen"
    RESTRICTION_BEGUN = "restriction_begun"
    RESTRICTION_REVIEWED = "restriction_reviewed"
    LIFTING_ANNOUNCED = "lifting_announced"
    RESTRICTION_LIFTED = "restriction_lifted"
    OBJECTION_WEIGHED = "objection_weighed"


def _hash(canonical: str) -> str:
    # The leaf hash of RFC 6962, 2.1: a zero byte keeps leaves apart from inner nodes.
    return hashlib.sha256(b"\0" + canonical.encode()).hexdigest()


def _canonical(values: Mapping[str, str | int]) -> str:
    # The subset of RFC 8785 that strings and integers need.
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """What an event will say, before it has its place in the chain."""

    submission_id: uuid.UUID
    kind: Kind
    actor: Actor
    at: datetime
    dsr_id: uuid.UUID | None = None
    body: Mapping[str, str | int] = field(default_factory=dict)


def append(
    submission_id: uuid.UUID,
    kind: Kind,
    *,
    actor: Actor,
    at: datetime,
    dsr_id: uuid.UUID | None = None,
    body: Mapping[str, str | int] | None = None,
) -> EvidenceEvent:
    """Append one event inside the caller's transaction; raises TransactionManagementError outside one."""
    return append_all([Entry(submission_id, Kind(kind), actor, at, dsr_id, body or {})])[0]


def append_all(entries: Sequence[Entry]) -> list[EvidenceEvent]:
    """Append the events of many chains in their order, in a constant number of statements.

    The submissions are locked first, in the order of their keys: chains never fork, and appenders never deadlock.
    Each submission carries its chain's length and head.
    """
    ids = {entry.submission_id for entry in entries}
    locked = Submission.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    ends = {
        pk: (length, head or GENESIS)
        for pk, length, head in locked.values_list("pk", "evidence_length", "evidence_head")
    }
    events = []
    for entry in entries:
        event = _event(entry, *ends[entry.submission_id])
        ends[entry.submission_id] = event.seq + 1, event.leaf_hash
        events.append(event)
    EvidenceEvent.objects.bulk_create(events)
    last = EvidenceEvent.objects.filter(submission=OuterRef("pk")).order_by("-seq")
    Submission.objects.filter(pk__in=ids).update(
        evidence_length=Subquery(last.values("seq")[:1]) + 1, evidence_head=Subquery(last.values("leaf_hash")[:1])
    )
    return events


def _event(entry: Entry, seq: int, prev: str) -> EvidenceEvent:
    canonical = _canonical(
        {
            **entry.body,
            "actor": f"{entry.actor.role}:{entry.actor.ref}",
            "at": entry.at.astimezone(UTC).isoformat(),
            "dsr": str(entry.dsr_id or ""),
            "kind": entry.kind.value,
            "prev": prev,
            "seq": seq,
            "submission": str(entry.submission_id),
        }
    )
    return EvidenceEvent(
        submission_id=entry.submission_id,
        seq=seq,
        dsr_id=entry.dsr_id,
        kind=entry.kind.value,
        at=entry.at,
        actor_role=entry.actor.role,
        actor_ref=entry.actor.ref,
        body=canonical,
        prev=prev,
        leaf_hash=_hash(canonical),
    )


def verify() -> Iterator[str]:
    """Walk every chain and yield one sentence per break. A submission without a first event is a break, too."""
    current: uuid.UUID | None = None
    seq, prev = 0, GENESIS
    found: dict[uuid.UUID, tuple[int, str]] = {}
    for event in EvidenceEvent.objects.order_by("submission_id", "seq").iterator():
        if event.submission_id != current:
            current, seq, prev = event.submission_id, 0, GENESIS
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
        found[event.submission_id] = seq, prev
    for pk, length, head in heads():
        # Events may be written while we walk: only an end that disagrees under the lock is a break.
        if found.get(pk) != (length, head):
            yield from _end(pk)


def _end(submission_id: uuid.UUID) -> Iterator[str]:
    with transaction.atomic():
        row = Submission.objects.select_for_update().only("evidence_length", "evidence_head").get(pk=submission_id)
        last = EvidenceEvent.objects.filter(submission_id=submission_id).order_by("-seq").first()
    if last is None:
        yield f"submission {submission_id}: has no evidence."
    elif (last.seq + 1, last.leaf_hash) != (row.evidence_length, row.evidence_head):
        yield (
            f"submission {submission_id}: the chain ends with event {last.seq}, "
            f"but {row.evidence_length} events were counted or its head is another one."
        )


def heads() -> Iterator[tuple[uuid.UUID, int, str]]:
    """Yield (submission, length, head) of every chain: what to keep outside, since it names nobody."""
    rows = Submission.objects.order_by("pk").values_list("pk", "evidence_length", "evidence_head")
    yield from rows.iterator()


def verify_against(kept: Iterable[tuple[uuid.UUID, int, str]]) -> Iterator[str]:
    """Yield one sentence per chain that no longer contains the end it had when `heads` was kept outside."""
    for pk, length, head in kept:
        if not EvidenceEvent.objects.filter(submission_id=pk, seq=length - 1, leaf_hash=head).exists():
            yield f"submission {pk}: event {length - 1} is not the one that was kept outside."


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
