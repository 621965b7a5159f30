"""Move the date of a request by a reasoned act: extend it once, let the clock stand still, let it go on.

Each is told to the person before the original date, in the transaction that moves it; both are off in the shipped
policies (H2).
"""

import uuid
from datetime import date, datetime
from typing import Any

from django.db import transaction

from requests_app.models import DataSubjectRequest, Extension, Pause
from requests_app.models.keys import seal
from requests_app.rules.deadline_change import (
    REASONS,
    why_beyond_the_law,
    why_not_extended,
    why_not_for,
    why_not_paused,
    why_not_until,
)
from requests_app.rules.response_deadline import received_on
from requests_app.rules.three_dates import Changes, ThreeDates

from . import complaints, evidence
from .actors import Actor
from .counting import changes_of, dates_of, extension_of, pauses_of
from .evidence import Kind
from .notices import owe
from .pausing import end_pause, open_pause, store
from .policies import dates_told, policy_of, regimes_of
from .refused import Refused
from .team import require
from .transition import lock


def no_extension(dsr: DataSubjectRequest, *, at: datetime) -> str:
    """Say why the period cannot be extended now, or nothing."""
    policy = policy_of(dsr.policy)
    return why_not_extended(
        policy,
        state=dsr.state,
        today=received_on(at, policy.time_zone),
        last_on=min(dsr.due_on, dsr.statutory_on or dsr.due_on),
        already=bool(policy.extension_days) and extension_of(dsr) is not None,
    )


def no_pause(dsr: DataSubjectRequest, *, at: datetime) -> str:
    """Say why the clock cannot stand still from today on, or nothing."""
    policy = policy_of(dsr.policy)
    rows = pauses_of(dsr) if policy.pause_allowed else []
    return why_not_paused(
        policy,
        state=dsr.state,
        today=received_on(at, policy.time_zone),
        due_on=dsr.due_on,
        asked=dsr.waiting_since is not None,
        paused=any(row.last_on is None for row in rows),
        last_pause=max((row.last_on for row in rows if row.last_on), default=None),
    )


def reasons_for(dsr: DataSubjectRequest) -> list[str]:
    """Return for what the laws of this request let the clock stand still."""
    laws = regimes_of(dsr.policy).values()
    return [reason for reason in REASONS if not why_not_for(reason, laws)]


def extend_deadline(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> Extension:
    """Extend the period once, from its original start, and tell the person why. On the due date it is still in time."""
    account = require(actor, "extend_deadline")
    complaints.refuse_part(dsr, account)
    if not reason.strip():
        raise Refused("Write the reason: the person reads it.")
    with transaction.atomic():
        dsr = lock(dsr)
        if why := no_extension(dsr, at=at):
            raise Refused(why)
        policy = policy_of(dsr.policy)
        before = changes_of(dsr)
        dates = dates_of(
            dsr, Changes(policy.extension_days, policy.source("extension_days"), before.pauses, before.restarts)
        )
        if why := why_beyond_the_law(policy, dates):
            raise Refused(why)
        pk = uuid.uuid4()
        row = Extension.objects.create(
            pk=pk,
            dsr=dsr,
            opened_at=dsr.opened_at,
            reason_sealed=seal(dsr.submission_id, f"extension.reason.{pk}", reason.strip()),
            due_before=dsr.due_on,
            due_after=dates.due_on,
            extended_on=received_on(at, policy.time_zone),
            extended_by=account,
            extended_at=at,
        )
        _record(Kind.DEADLINE_EXTENDED, dsr, dates, {"extension": str(pk)}, actor=actor, at=at)
        _tell("deadline_extended", dsr, dates, {"reason": reason.strip()}, occurrence=str(pk), at=at)
        return row


def pause_deadline(
    dsr: DataSubjectRequest, *, code: str, reason: str, planned_last_on: date, actor: Actor, at: datetime
) -> Pause:
    """Let the clock stand still from today until the person answers, at the latest until the planned last day."""
    account = require(actor, "pause_deadline")
    complaints.refuse_part(dsr, account)
    if not reason.strip():
        raise Refused("Write what is outstanding: the person reads it.")
    with transaction.atomic():
        dsr = lock(dsr)
        policy = policy_of(dsr.policy)
        today = received_on(at, policy.time_zone)
        if why := (
            no_pause(dsr, at=at)
            or why_not_for(code, regimes_of(dsr.policy).values())
            or why_not_until(policy, first_on=today, planned_last_on=planned_last_on)
        ):
            raise Refused(why)
        pk = uuid.uuid4()
        row = Pause.objects.create(
            pk=pk,
            dsr=dsr,
            opened_at=dsr.opened_at,
            reason=code,
            reason_sealed=seal(dsr.submission_id, f"pause.reason.{pk}", reason.strip()),
            first_on=today,
            planned_last_on=planned_last_on,
            paused_by=account,
            paused_at=at,
        )
        dates = dates_of(dsr)
        if why := why_beyond_the_law(policy, dates):
            raise Refused(why)
        days = {"first_on": today, "planned_last_on": planned_last_on}
        said = {name: day.isoformat() for name, day in days.items()}
        _record(Kind.DEADLINE_PAUSED, dsr, dates, {"pause": str(pk), "reason": code, **said}, actor=actor, at=at)
        _tell("deadline_paused", dsr, dates, {**days, "reason": reason.strip()}, occurrence=str(pk), at=at)
        return row


def resume_deadline(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> Pause:
    """Let the clock go on: today is the last day that does not count."""
    require(actor, "resume_deadline")
    with transaction.atomic():
        dsr = lock(dsr)
        ended = end_pause(dsr, actor=actor, at=at) if dsr.is_open else None
        if ended is None:
            raise Refused("The clock is running.")
        return ended


def is_paused(dsr: DataSubjectRequest) -> bool:
    """Whether the clock of an open request stands still."""
    return dsr.is_open and open_pause(dsr) is not None


def _record(
    kind: Kind, dsr: DataSubjectRequest, dates: ThreeDates, more: dict[str, str], *, actor: Actor, at: datetime
) -> None:
    body = {**more, "due_before": dsr.due_on.isoformat(), **dates_told(dates)}
    evidence.append(dsr.submission_id, kind, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def _tell(
    kind: str, dsr: DataSubjectRequest, dates: ThreeDates, more: dict[str, Any], *, occurrence: str, at: datetime
) -> None:
    before = dsr.due_on
    store(dsr, due_on=dates.due_on, statutory_on=dates.statutory_on, cautious_on=dates.cautious_on, at=at)
    context = {"due_before": before, "due_on": dates.due_on, "steps": dates.steps, **more}
    owe(kind, submission=dsr.submission, dsr=dsr, occurrence=occurrence, context=context, at=at)
