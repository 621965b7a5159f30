"""What stands about requests whose answer erases: read from the rows, judged by `rules.erasure`. Below the verbs."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Max

from requests_app.models import (
    Authority,
    DataSubjectRequest,
    Decision,
    DisclosurePackage,
    ErasureConfirmation,
    EvidenceEvent,
)
from requests_app.rules import erasure
from requests_app.rules.agenda import at_hour
from requests_app.rules.erasure import Erasure
from requests_app.rules.lifecycle import ENDED, State
from requests_app.rules.policy import Policy
from requests_app.rules.response_deadline import received_on

from .policies import policy_of

ACCESS = "access"
BEGINNINGS = ("filed", "identity_confirmed", "reopened")  # kinds of evidence after which a request is worked on
AT_WORK = frozenset({State.IN_PROGRESS, State.AWAITING_APPROVAL})


def erases(dsr: DataSubjectRequest) -> bool:
    """Whether the answer to this request is an erasure."""
    return dsr.right in policy_of(dsr.policy).erasing_rights


def _reported(submissions: Collection[UUID]) -> set[UUID]:
    """Of an account of a child that somebody reported there is nobody to ask: two of the team check it (B-VI)."""
    found = Authority.objects.filter(submission__in=submissions, kind=Authority.Kind.REPORT)
    return set(found.values_list("submission_id", flat=True))


def confirmation_of(dsr: DataSubjectRequest) -> ErasureConfirmation | None:
    """Return the second confirmation of the running clock."""
    return ErasureConfirmation.objects.filter(dsr=dsr, opened_at=dsr.opened_at).first()


def access_beside(dsr: DataSubjectRequest) -> DataSubjectRequest | None:
    """Return the request for access filed with it."""
    return DataSubjectRequest.objects.filter(submission=dsr.submission_id, right=ACCESS).exclude(pk=dsr.pk).first()


def facts_of(dsr: DataSubjectRequest, *, at: datetime) -> Erasure | None:
    """Return what stands about this erasure at this instant; None for what erases nothing."""
    if not erases(dsr):
        return None
    policy, confirmed, access = policy_of(dsr.policy), confirmation_of(dsr), access_beside(dsr)
    released = DisclosurePackage.objects.filter(dsr__submission=dsr.submission_id).exclude(dsr=dsr)
    return Erasure(
        now=at,
        today=received_on(at, policy.time_zone),
        due_on=dsr.due_on,
        wait_ends_on=_wait_ends_on(dsr, policy),
        access_opened_at=access.opened_at if access is not None and access.is_open else None,
        confirmed_at=confirmed.confirmed_at if confirmed else None,
        cooling_off_until=confirmed.cooling_off_until if confirmed else None,
        released_at=released.aggregate(at=Max("released_at"))["at"],
    )


def confirm_from(dsrs: Collection[DataSubjectRequest]) -> dict[UUID, datetime]:
    """Return from when the person is asked to confirm, for those erasures that are begun and not confirmed.

    What waits for its refusal to be approved asks nothing.
    """
    rows = {d.pk: d for d in dsrs if d.state in AT_WORK and d.right in policy_of(d.policy).erasing_rights}
    if not rows:
        return {}
    reported = _reported([dsr.submission_id for dsr in rows.values()])
    rows = {pk: dsr for pk, dsr in rows.items() if dsr.submission_id not in reported}
    for pk, opened_at in ErasureConfirmation.objects.filter(dsr__in=rows).values_list("dsr_id", "opened_at"):
        if pk in rows and rows[pk].opened_at == opened_at:
            del rows[pk]
    refusing = Decision.objects.filter(
        dsr__in=rows, dsr__state=State.AWAITING_APPROVAL, approved_at=None, returned_at=None, outcome="refuse"
    )
    for pk in refusing.values_list("dsr_id", flat=True):
        rows.pop(pk, None)
    begun = dict(
        EvidenceEvent.objects.filter(
            submission_id__in={dsr.submission_id for dsr in rows.values()}, dsr_id__in=rows, kind__in=BEGINNINGS
        )
        .order_by("dsr_id")
        .values_list("dsr_id")
        .annotate(at=Max("at"))
    )
    beside = {
        access.submission_id: access
        for access in DataSubjectRequest.objects.filter(
            submission__in={dsr.submission_id for dsr in rows.values()}, right=ACCESS
        )
    }
    return {
        pk: _asked_from(dsr, begun.get(pk, dsr.opened_at), beside.get(dsr.submission_id)) for pk, dsr in rows.items()
    }


def _asked_from(dsr: DataSubjectRequest, begun: datetime, access: DataSubjectRequest | None) -> datetime:
    if access is None:
        return begun
    policy = policy_of(dsr.policy)
    wait_ends = at_hour(_wait_ends_on(dsr, policy), policy.notice_hour, policy.time_zone)
    ended_at = access.answered_at if access.state in ENDED else None
    return max(begun, min(wait_ends, ended_at or datetime.max.replace(tzinfo=UTC)))


def _wait_ends_on(dsr: DataSubjectRequest, policy: Policy) -> date:
    return erasure.wait_ends_on(dsr.opened_on, dsr.due_on, policy.erasure_cooling_off_days)
