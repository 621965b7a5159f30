"""How much is open, due and stuck: counts only, each from an index, whatever the size of the tables."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q

from requests_app.models import DataSubjectRequest, FulfilmentStep, Notice
from requests_app.rules.lifecycle import OPEN, State

from .asking import DOCUMENT_WITH_US
from .policies import current, policy_of

SOON = (1, 3, 5)  # days
WEEK = timedelta(days=7)
IS_OPEN = Q(state__in=sorted(OPEN))
WAITS_FOR_PERSON = IS_OPEN & (
    Q(waiting_since__isnull=False) | (Q(state=State.AWAITING_VERIFICATION) & ~Q(DOCUMENT_WITH_US))
)


@dataclass(frozen=True, slots=True)
class Workload:
    """Counts of requests, and the ages of the oldest notice and the oldest step that wait and that nobody has taken."""

    open: int
    overdue: int
    due_within: dict[int, int]
    set_aside: int
    oldest_unsent: timedelta | None
    oldest_step: timedelta | None


@dataclass(frozen=True, slots=True)
class Load:
    """What is on one desk, or on nobody's. `soon`: due from today up to a week ahead."""

    open: int = 0
    soon: int = 0
    overdue: int = 0
    person: int = 0


def due_by_handler(first: date, last: date) -> dict[tuple[date, int | None], int]:
    """Count the open requests that fall due between these days, both included, by day and assignee."""
    rows = DataSubjectRequest.objects.filter(IS_OPEN, due_on__range=(first, last)).order_by()
    return {(on, who): n for on, who, n in rows.values_list("due_on", "assignee").annotate(Count("pk"))}


def load_by_handler(today: date) -> dict[int | None, Load]:
    """Count the open requests of each assignee, and of nobody, in one statement."""
    rows = DataSubjectRequest.objects.filter(IS_OPEN).order_by()
    counted = rows.values_list("assignee").annotate(
        all=Count("pk"),
        soon=Count("pk", filter=Q(due_on__range=(today, today + WEEK))),
        overdue=Count("pk", filter=Q(due_on__lt=today)),
        person=Count("pk", filter=WAITS_FOR_PERSON),
    )
    return {who: Load(*numbers) for who, *numbers in counted}


def measure(at: datetime) -> Workload:
    """Count; five statements, and one more for the controller's zone."""
    version = current()
    zone = ZoneInfo(policy_of(version).time_zone) if version else ZoneInfo("UTC")
    today = at.astimezone(zone).date()
    pending = DataSubjectRequest.objects.filter(IS_OPEN)
    soon = {f"in_{n}": Count("pk", filter=Q(due_on__range=(today, today + timedelta(days=n)))) for n in SOON}
    near = pending.filter(due_on__lte=today + timedelta(days=max(SOON))).aggregate(
        overdue=Count("pk", filter=Q(due_on__lt=today)), **soon
    )
    oldest = Notice.objects.filter(next_try_at__isnull=False).aggregate(at=Min("created_at"))["at"]
    step = FulfilmentStep.objects.filter(next_try_at__lte=at).aggregate(at=Min("next_try_at"))["at"]
    return Workload(
        open=pending.count(),
        overdue=near["overdue"],
        due_within={n: near[f"in_{n}"] for n in SOON},
        set_aside=DataSubjectRequest.objects.filter(set_aside_at__isnull=False).count(),
        oldest_unsent=at - oldest if oldest else None,
        oldest_step=at - step if step else None,
    )
