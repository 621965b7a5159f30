"""How much is open, due and stuck: counts only, each from an index, whatever the size of the tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q

from requests_app.models import DataSubjectRequest, Notice
from requests_app.rules.lifecycle import OPEN

from .policies import current, policy_of

SOON = (1, 3, 5)  # days


@dataclass(frozen=True, slots=True)
class Workload:
    """Counts of requests, and the age of the oldest notice that has not gone out."""

    open: int
    overdue: int
    due_within: dict[int, int]
    set_aside: int
    oldest_unsent: timedelta | None


def measure(at: datetime) -> Workload:
    """Count; four statements, and one more for the controller's zone."""
    version = current()
    zone = ZoneInfo(policy_of(version).time_zone) if version else ZoneInfo("UTC")
    today = at.astimezone(zone).date()
    pending = DataSubjectRequest.objects.filter(state__in=sorted(OPEN))
    soon = {f"in_{n}": Count("pk", filter=Q(due_on__range=(today, today + timedelta(days=n)))) for n in SOON}
    near = pending.filter(due_on__lte=today + timedelta(days=max(SOON))).aggregate(
        overdue=Count("pk", filter=Q(due_on__lt=today)), **soon
    )
    oldest = Notice.objects.filter(next_try_at__isnull=False).aggregate(at=Min("created_at"))["at"]
    return Workload(
        open=pending.count(),
        overdue=near["overdue"],
        due_within={n: near[f"in_{n}"] for n in SOON},
        set_aside=DataSubjectRequest.objects.filter(set_aside_at__isnull=False).count(),
        oldest_unsent=at - oldest if oldest else None,
    )
