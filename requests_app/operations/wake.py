"""From a stored request to its agenda."""

from datetime import datetime

from requests_app.models import DataSubjectRequest, DisclosurePackage
from requests_app.rules.agenda import Agenda, next_wake_at
from requests_app.rules.identity import NO_PROOF_RIGHTS
from requests_app.rules.lifecycle import ENDED, State

from .policies import policy_of


def agenda_of(dsr: DataSubjectRequest) -> Agenda:
    """Return what the pure agenda needs to know of this request."""
    policy = policy_of(dsr.policy)
    package = DisclosurePackage.objects.filter(dsr=dsr).first() if dsr.state in ENDED else None
    return Agenda(
        due_on=dsr.due_on,
        tz=policy.time_zone,
        notice_hour=policy.notice_hour,
        milestones=tuple(sorted({*policy.milestones, 0}, reverse=True)),
        received_at=dsr.opened_at,
        state=dsr.state,
        verified=dsr.state not in {State.RECEIVED, State.AWAITING_VERIFICATION},
        never_lapses=dsr.right in NO_PROOF_RIGHTS,
        answered=dsr.state in ENDED,
        already=frozenset(dsr.milestones.filter(due_on=dsr.due_on).values_list("kind", "for_date")),
        package_expires_at=package.expires_at if package else None,
        answered_at=dsr.answered_at,
    )


def next_wake(dsr: DataSubjectRequest, *, at: datetime) -> datetime | None:
    """Return the next instant at which something is owed, or None."""
    return next_wake_at(agenda_of(dsr), at)
