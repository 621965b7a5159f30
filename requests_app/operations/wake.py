"""From stored requests to their agendas."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from requests_app.models import DataSubjectRequest, DisclosurePackage, MilestoneRecord, Pause
from requests_app.rules.agenda import Agenda, next_wake_at
from requests_app.rules.identity import NO_PROOF_RIGHTS
from requests_app.rules.lifecycle import ENDED, OPEN, State

from .asking import Awaited, asked_at, documents_awaited
from .erasing import confirm_from
from .policies import policy_of


def agendas_of(dsrs: Collection[DataSubjectRequest]) -> dict[UUID, Agenda]:
    """Return what the pure agenda needs to know of these requests, in few statements however many they are."""
    already: dict[tuple[UUID, date], set[tuple[str, date]]] = defaultdict(set)
    recorded = MilestoneRecord.objects.filter(dsr__in=[dsr.pk for dsr in dsrs])
    for pk, due_on, kind, for_date in recorded.values_list("dsr_id", "due_on", "kind", "for_date"):
        already[pk, due_on].add((kind, for_date))
    packages = dict(
        DisclosurePackage.objects.filter(dsr__in=[dsr.pk for dsr in dsrs if dsr.state in ENDED]).values_list(
            "dsr_id", "expires_at"
        )
    )
    paused = _paused([dsr for dsr in dsrs if dsr.is_open and policy_of(dsr.policy).pause_allowed])
    asked = confirm_from(dsrs)
    awaited = documents_awaited(dsrs)
    return {
        dsr.pk: _agenda(
            dsr,
            frozenset(already[dsr.pk, dsr.due_on]),
            packages.get(dsr.pk),
            paused.get((dsr.pk, dsr.opened_at)),
            asked.get(dsr.pk),
            awaited.get(dsr.pk),
        )
        for dsr in dsrs
    }


def _paused(dsrs: Collection[DataSubjectRequest]) -> dict[tuple[UUID, datetime], date]:
    if not dsrs:
        return {}
    rows = Pause.objects.filter(dsr__in=[dsr.pk for dsr in dsrs], last_on=None)
    return {(pk, opened_at): last for pk, opened_at, last in rows.values_list("dsr_id", "opened_at", "planned_last_on")}


def _agenda(
    dsr: DataSubjectRequest,
    already: frozenset[tuple[str, date]],
    package_expires_at: datetime | None,
    paused_until: date | None,
    confirm_from: datetime | None,
    document: Awaited | None,
) -> Agenda:
    policy = policy_of(dsr.policy)
    with_us = document is not None and document.with_us
    return Agenda(
        due_on=dsr.due_on,
        tz=policy.time_zone,
        notice_hour=policy.notice_hour,
        milestones=tuple(sorted({*policy.milestones, 0}, reverse=True)),
        received_at=dsr.opened_at,
        state=dsr.state,
        verified=with_us or dsr.state not in {State.RECEIVED, State.AWAITING_VERIFICATION},
        never_lapses=dsr.right in NO_PROOF_RIGHTS,
        answered=dsr.state not in OPEN,
        already=already,
        package_expires_at=package_expires_at,
        answered_at=dsr.answered_at,
        asked_at=asked_at(dsr),
        proof_asked_at=document.since if document is not None and not with_us else None,
        paused_until=paused_until,
        confirm_from=confirm_from,
    )


def agenda_of(dsr: DataSubjectRequest) -> Agenda:
    """Return the agenda of one request."""
    return agendas_of([dsr])[dsr.pk]


def next_wake(dsr: DataSubjectRequest, *, at: datetime) -> datetime | None:
    """Return the next instant at which something is owed, or None."""
    return next_wake_at(agenda_of(dsr), at)
