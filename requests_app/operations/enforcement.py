"""The clock's verbs: milestones, breach, lapse. Each is recorded once, however often the sweep runs."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from requests_app.models import DataSubjectRequest, MilestoneRecord
from requests_app.rules.agenda import Item, owed
from requests_app.rules.lifecycle import Action, State

from . import evidence
from .actors import Actor
from .evidence import Kind
from .notices import known_language, owe
from .policies import policy_of
from .team import OFFICER, members, responsible, tell
from .transition import advance, lock, reschedule
from .wake import agenda_of

MISSING = {
    "en": "your e-mail address was never confirmed with the code that we sent to it.",
    "it": "il Suo indirizzo e-mail non è mai stato confermato con il codice che Le abbiamo inviato.",
}


def _ends_on(dsr: DataSubjectRequest) -> date:
    return dsr.package.expires_at.astimezone(ZoneInfo(policy_of(dsr.policy).time_zone)).date()


def enforce(dsr: DataSubjectRequest, *, at: datetime) -> int:
    """Do what this request owes by now; returns how many milestones were written."""
    with transaction.atomic():
        dsr = lock(dsr)
        items = owed(agenda_of(dsr), at)
        for item in items:
            MilestoneRecord.objects.create(
                dsr=dsr, kind=item.kind, due_on=dsr.due_on, for_date=item.for_date, recorded_at=at
            )
            evidence.append(
                dsr.submission_id,
                Kind.DEADLINE_MISSED if item.kind == "missed" else Kind.MILESTONE,
                actor=Actor.system(),
                at=at,
                dsr_id=dsr.pk,
                body={
                    "milestone": item.kind,
                    "for": item.for_date.isoformat(),
                    "due_on": dsr.due_on.isoformat(),
                    "late_seconds": max(0, int((at - item.at).total_seconds())),
                    "superseded": str(item.superseded).lower(),
                },
            )
            if not item.superseded:
                dsr = _act(dsr, item, at=at)
        reschedule(dsr, at=at)
        return len(items)


def _act(dsr: DataSubjectRequest, item: Item, *, at: datetime) -> DataSubjectRequest:
    key = f"{dsr.pk.hex}:{dsr.due_on}:{item.for_date}"
    days_late = (at.astimezone(ZoneInfo(policy_of(dsr.policy).time_zone)).date() - dsr.due_on).days
    if item.kind == "lapse":
        return _lapse(dsr, at=at)
    if item.kind.startswith("reminder_verify"):
        owe(
            "reminder_verify",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=f"{key}:{item.kind}",
            context={"lapses_on": dsr.due_on - timedelta(days=1)},
            at=at,
        )
        return dsr
    if item.kind == "package_ending":
        owe(
            "package_ending",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=key,
            context={"ends_on": _ends_on(dsr)},
            at=at,
        )
        return dsr
    if item.kind == "missed":
        owe(
            "missed",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=key,
            context={"due_on": dsr.due_on, "days_late": days_late},
            at=at,
        )
    kind = "staff_overdue" if item.kind in {"missed", "overdue_daily"} else "staff_due"
    tell(
        members(OFFICER) if kind == "staff_overdue" else responsible(dsr),
        kind,
        dsr,
        occurrence=f"{key}:{item.kind}",
        at=at,
        context={
            "due_on": dsr.due_on,
            "days_left": max(0, -days_late),
            "days_late": max(0, days_late),
            "late_hours": int((at - item.at).total_seconds() // 3600),  # a reminder that comes late says so
        },
    )
    return dsr


def _lapse(dsr: DataSubjectRequest, *, at: datetime) -> DataSubjectRequest:
    # H2: an identity never shown ends on due_on - 1 with a reasoned letter, which answers it.
    if dsr.state != State.AWAITING_VERIFICATION:
        return dsr
    dsr = advance(dsr, Action.LAPSE, actor=Actor.system(), at=at, values={"answered_at": at})
    owe(
        "lapsed",
        submission=dsr.submission,
        dsr=dsr,
        occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
        context={"missing": MISSING[known_language(dsr.submission)]},
        at=at,
    )
    return dsr
