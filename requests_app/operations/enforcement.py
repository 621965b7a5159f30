"""The clock's verb: milestones, breach, lapse. Each is recorded once, however often the sweep runs.

One path for one request and for two hundred: what is owed comes from the pure agenda, and is written in a number of
statements that does not grow with the requests. Only a lapse, which
changes a state, and the end of a pause go row by row.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from requests_app.models import DataSubjectRequest, MilestoneRecord
from requests_app.models.keys import held
from requests_app.rules.agenda import (
    CONFIRM,
    LAPSE,
    MISSED,
    OVERDUE,
    PACKAGE_ENDING,
    PAUSE_OVER,
    PROOF_REMINDER,
    REMINDER,
    Agenda,
    Item,
    lapse_day,
    next_wake_at,
    owed,
)
from requests_app.rules.erasure import last_day_to_confirm
from requests_app.rules.response_deadline import received_on

from . import evidence
from .actors import Actor
from .evidence import Entry, Kind
from .lapsing import lapse
from .notices import Owed, owe_all
from .pausing import end_pause
from .policies import policy_of
from .team import OFFICER, members
from .transition import lock_all, reschedule_all
from .wake import agendas_of

Due = tuple[DataSubjectRequest, Agenda, list[Item]]


class Stuck(Exception):
    """All that is owed is recorded, and yet it would be woken at once: it would be taken for ever."""


def enforce(pks: Collection[UUID], *, at: datetime) -> int:
    """Do what these requests owe by now, all or none; returns how many milestones were written."""
    with transaction.atomic():
        rows = lock_all(pks)
        agendas = agendas_of(rows)
        due = [(dsr, agendas[dsr.pk], owed(agendas[dsr.pk], at)) for dsr in rows]
        with held({dsr.submission_id for dsr in rows}):
            _record(due, at=at)
            _tell(due, at=at)
            reschedule_all(
                {dsr.pk: _next_wake(agenda, items, at=at) for dsr, agenda, items in due}, failures=0, failure_code=""
            )
            for dsr, agenda, items in due:
                if any(item.kind == LAPSE for item in items) and (agenda.unverified or agenda.unconfirmed):
                    lapse(dsr, actor=Actor.system(), at=at)
                elif any(item.kind == PAUSE_OVER for item in items):
                    end_pause(dsr, actor=Actor.system(), at=at)
        return sum(len(items) for _, _, items in due)


def _next_wake(agenda: Agenda, items: Sequence[Item], *, at: datetime) -> datetime | None:
    wake_at = next_wake_at(replace(agenda, already=agenda.already | {item.key for item in items}), at)
    if wake_at is not None and wake_at <= at:
        raise Stuck
    return wake_at


def _record(due: Sequence[Due], *, at: datetime) -> None:
    MilestoneRecord.objects.bulk_create(
        MilestoneRecord(dsr=dsr, kind=item.kind, due_on=dsr.due_on, for_date=item.for_date, recorded_at=at)
        for dsr, _, items in due
        for item in items
    )
    evidence.append_all(
        [
            Entry(
                dsr.submission_id,
                Kind.DEADLINE_MISSED if item.kind == MISSED else Kind.MILESTONE,
                actor=Actor.system(),
                at=at,
                dsr_id=dsr.pk,
                body={
                    "milestone": item.kind,
                    "for": item.for_date.isoformat(),
                    "due_on": dsr.due_on.isoformat(),
                    "late_seconds": int(item.lateness(at).total_seconds()),
                    "superseded": str(item.superseded).lower(),
                },
            )
            for dsr, _, items in due
            for item in items
        ]
    )


def _tell(due: Sequence[Due], *, at: datetime) -> None:
    officers = members(OFFICER)
    owe_all(
        [
            notice
            for dsr, agenda, items in due
            for item in items
            if not item.superseded and item.kind not in {LAPSE, PAUSE_OVER}
            for notice in _notices(dsr, agenda, item, officers, at=at)
        ],
        at=at,
    )


def _notices(dsr: DataSubjectRequest, agenda: Agenda, item: Item, officers: list[User], *, at: datetime) -> list[Owed]:
    key = f"{dsr.pk.hex}:{dsr.due_on}:{item.for_date}"
    if item.kind.startswith(REMINDER):
        lapses_on = dsr.due_on - timedelta(days=1)
        return [Owed("reminder_verify", dsr.submission, dsr, None, f"{key}:{item.kind}", {"lapses_on": lapses_on})]
    if item.kind.startswith(CONFIRM):
        days = policy_of(dsr.policy).erasure_cooling_off_days
        asks = {
            "lapses_on": dsr.due_on - timedelta(days=1),
            "confirm_by": last_day_to_confirm(dsr.due_on, days),
            "late": received_on(at, agenda.tz) > last_day_to_confirm(dsr.due_on, days),
            "cooling_off_days": days,
        }
        return [Owed("erasure_question", dsr.submission, dsr, None, f"{key}:{item.kind}", asks)]
    if item.kind.startswith(PROOF_REMINDER):
        until = {"lapses_on": lapse_day(agenda)}
        return [Owed("reminder_proof", dsr.submission, dsr, None, f"{key}:{item.kind}", until)]
    if item.kind == PACKAGE_ENDING and agenda.package_expires_at is not None:
        ends_on = received_on(agenda.package_expires_at, agenda.tz)
        return [Owed("package_ending", dsr.submission, dsr, None, key, {"ends_on": ends_on})]
    days_late = (received_on(at, agenda.tz) - dsr.due_on).days
    overdue = item.kind in {MISSED, OVERDUE}
    context = {
        "due_on": dsr.due_on,
        "days_left": max(0, -days_late),
        "days_late": max(0, days_late),
        "late_hours": int(item.lateness(at).total_seconds() // 3600),  # a reminder that comes late says so
        "ended": not dsr.is_open,
    }
    taken = dsr.assignee is not None and dsr.assignee.is_active and not overdue
    staff = [dsr.assignee] if taken else officers
    kind = "staff_overdue" if overdue else "staff_due"
    notices = [Owed(kind, dsr.submission, dsr, member, f"{key}:{item.kind}", context) for member in staff]
    # Whose request has ended was answered, late: the breach stays on record, but nothing is owed to them any more.
    if item.kind == MISSED and dsr.is_open:
        notices.append(Owed("missed", dsr.submission, dsr, None, key, {"due_on": dsr.due_on, "days_late": days_late}))
    return notices
