"""One digest a morning for each member of the team; unassigned work is named to the officers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q

from requests_app.models import DataSubjectRequest, Notice
from requests_app.rules.lifecycle import OPEN, State

from .asking import DOCUMENT_WITH_US
from .being_erased import for_people
from .notices import owe
from .people_found import WAITS
from .policies import current, policy_of
from .team import APPROVER, HANDLER, OFFICER, members, tell

MOST_NAMED = 200  # unassigned requests told one by one; the digest counts the rest


def owe_digest(now: datetime) -> int:
    """Owe the digests from the policy's hour on, once a day; returns how many. A tick in between is one look-up."""
    version = current()
    if version is None:
        return 0
    policy = policy_of(version)
    local = now.astimezone(ZoneInfo(policy.time_zone))
    today = local.date()
    if (
        local.hour < policy.notice_hour
        or Notice.objects.filter(scope="staff", kind="staff_digest", occurrence=today.isoformat()).exists()
        or not (team := members(HANDLER, APPROVER, OFFICER))
    ):
        return 0
    workable = Q(state__in=sorted({State.IN_PROGRESS, State.AWAITING_APPROVAL}))
    unproved = Q(state=State.AWAITING_VERIFICATION)
    counts = DataSubjectRequest.objects.filter(state__in=sorted(OPEN)).aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(due_on__lt=today)),
        due_today=Count("pk", filter=Q(due_on=today)),
        not_assigned=Count("pk", filter=workable & Q(assignee=None)),
        waiting_for_a_code_or_a_document=Count("pk", filter=unproved & ~Q(DOCUMENT_WITH_US)),
        several_people_found=Count("pk", filter=WAITS),
        documents_to_look_at=Count("pk", filter=unproved & Q(DOCUMENT_WITH_US)),
    )
    counts["erasures_that_wait_for_us"] = for_people().values("dsr").distinct().count()
    # What the clock fails on has an alarm of its own, and could fail the digest as well, morning after morning.
    untaken = DataSubjectRequest.objects.filter(workable, assignee=None, failures=0).order_by("due_on")
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
        officers = members(OFFICER)
        for dsr in untaken.select_related("submission", "policy")[:MOST_NAMED]:
            tell(officers, "staff_unassigned", dsr, occurrence=f"{dsr.pk.hex}:{today}", at=now)
    return len(team)
