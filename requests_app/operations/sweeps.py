"""What beat ticks: each sweep finds the rows that are due by now and does them, one transaction a row."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, F, Q

from requests_app.models import DataSubjectRequest, Heartbeat, Notice
from requests_app.rules.lifecycle import OPEN, State

from . import delivery, enforcement, orphans, retention
from .notices import owe
from .policies import current, policy_of
from .team import APPROVER, HANDLER, OFFICER, members, tell

log = logging.getLogger(__name__)
BATCH = 200
SET_ASIDE_AFTER = 5
AGE_WRITTEN_EVERY = timedelta(seconds=30)


def _beat(name: str, now: datetime) -> None:
    stale = Heartbeat.objects.filter(pk=name, last_at__lt=now - AGE_WRITTEN_EVERY).update(last_at=now)
    if not stale:
        Heartbeat.objects.get_or_create(pk=name, defaults={"last_at": now})


def deliver_notices(now: datetime) -> int:
    """Hand over the pointers that are due."""
    return delivery.deliver_due(now)


def run_steps(now: datetime) -> int:
    """Ask the data sources: none is connected in this release, so nothing is ever due."""
    return 0


def enforce_deadlines(now: datetime) -> int:
    """Do every milestone, lapse and breach that is due; a failing row is pushed back and never blocks the rest."""
    done = 0
    due = DataSubjectRequest.objects.filter(wake_at__lte=now).order_by("wake_at").select_related("submission", "policy")
    for dsr in due[:BATCH]:
        try:
            done += enforcement.enforce(dsr, at=now)
        except Exception:  # one poisoned row must not stop the clock of the others
            log.exception("enforcing request %s failed", dsr.pk)
            _push_back(dsr, now)
    done += digest(now)
    return done


def _push_back(dsr: DataSubjectRequest, now: datetime) -> None:
    failures = dsr.failures + 1
    aside = failures >= SET_ASIDE_AFTER
    with transaction.atomic():
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(
            failures=F("failures") + 1,
            wake_at=None if aside else now + timedelta(minutes=2**failures),
            set_aside_at=now if aside else None,
        )
        if aside:
            tell(
                members(OFFICER),
                "staff_alarm",
                dsr,
                occurrence=f"{dsr.pk.hex}:{now.date()}",
                at=now,
                context={"alarm": "The sweep failed five times on this request and has set it aside."},
            )


def apply_retention(now: datetime) -> int:
    """Destroy what its period has ended for, and what a crash or a restore left without a row."""
    return retention.apply(now) + orphans.sweep(now)


def digest(now: datetime) -> int:
    """Owe each active member of the team one digest a morning; unassigned work is named to the officers."""
    version = current()
    if version is None:
        return 0
    policy = policy_of(version)
    local = now.astimezone(ZoneInfo(policy.time_zone))
    if (
        local.hour < policy.notice_hour
        or Notice.objects.filter(scope="staff", kind="staff_digest", occurrence=local.date().isoformat()).exists()
    ):
        return 0
    today = local.date()
    workable = Q(state__in=sorted({State.IN_PROGRESS, State.AWAITING_APPROVAL}))
    counts = DataSubjectRequest.objects.filter(state__in=sorted(OPEN)).aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(due_on__lt=today)),
        due_today=Count("pk", filter=Q(due_on=today)),
        not_assigned=Count("pk", filter=workable & Q(assignee=None)),
        waiting_for_a_code=Count("pk", filter=Q(state=State.AWAITING_VERIFICATION)),
    )
    team = members(HANDLER, APPROVER, OFFICER)
    untaken = DataSubjectRequest.objects.filter(workable, assignee=None).select_related("submission", "policy")
    with transaction.atomic():
        for member in team:
            owe(
                "staff_digest",
                submission=None,
                staff=member,
                occurrence=today.isoformat(),
                context={
                    "day": today,
                    "counts": tuple((name.replace("_", " ").capitalize(), n) for name, n in counts.items()),
                },
                at=now,
            )
        for dsr in untaken[:BATCH]:
            tell(members(OFFICER), "staff_unassigned", dsr, occurrence=f"{dsr.pk.hex}:{today}", at=now)
    return len(team)


def _named(name: str, sweep: Callable[[datetime], int]) -> Callable[[datetime], int]:
    def run(now: datetime) -> int:
        done = sweep(now)
        _beat(name, now)
        return done

    return run


SWEEPS: dict[str, Callable[[datetime], int]] = {
    sweep.__name__: _named(sweep.__name__, sweep)
    for sweep in (deliver_notices, run_steps, enforce_deadlines, apply_retention)
}
