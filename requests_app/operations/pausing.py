"""What the team, the person's reply and the clock share: storing moved dates, and ending a pause. Below the verbs."""

from datetime import date, datetime

from requests_app.models import DataSubjectRequest, Pause
from requests_app.rules.response_deadline import received_on

from . import evidence
from .actors import Actor
from .counting import dates_of
from .evidence import Kind
from .notices import owe
from .policies import dates_told, policy_of
from .transition import reschedule


def open_pause(dsr: DataSubjectRequest) -> Pause | None:
    """Return the pause that has not ended, of the running clock."""
    if not policy_of(dsr.policy).pause_allowed:
        return None
    return Pause.objects.filter(dsr=dsr, opened_at=dsr.opened_at, last_on=None).first()


def store(dsr: DataSubjectRequest, *, due_on: date, statutory_on: date | None, cautious_on: date, at: datetime) -> None:
    """Store the three dates; the milestones of a new date are armed anew, since it is part of their key."""
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(
        due_on=due_on, statutory_on=statutory_on, cautious_on=cautious_on
    )
    reschedule(dsr, at=at)


def end_pause(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> Pause | None:
    """End the open pause, if there is one, with its true last day, and count anew. The caller holds the locks.

    It ends today, or on its planned last day where that has passed. The date moves to earlier days only.
    """
    pause = open_pause(dsr)
    if pause is None:
        return None
    today = received_on(at, policy_of(dsr.policy).time_zone)
    last_on = max(pause.first_on, min(today, pause.planned_last_on))
    Pause.objects.filter(pk=pause.pk).update(last_on=last_on, ended_at=at)
    dates = dates_of(dsr)
    due_on = min(dates.due_on, dsr.due_on)
    evidence.append(
        dsr.submission_id,
        Kind.DEADLINE_RESUMED,
        actor=actor,
        at=at,
        dsr_id=dsr.pk,
        body={
            **dates_told(dates),
            "pause": str(pause.pk),
            "first_on": pause.first_on.isoformat(),
            "last_on": last_on.isoformat(),
            "due_before": dsr.due_on.isoformat(),
            "due_on": due_on.isoformat(),
        },
    )
    before = dsr.due_on
    store(dsr, due_on=due_on, statutory_on=dates.statutory_on, cautious_on=dates.cautious_on, at=at)
    dsr.refresh_from_db(fields=["due_on", "statutory_on", "cautious_on", "wake_at"])
    owe(
        "deadline_resumed",
        submission=dsr.submission,
        dsr=dsr,
        occurrence=str(pause.pk),
        context={
            "first_on": pause.first_on,
            "last_on": last_on,
            "due_before": before,
            "due_on": due_on,
            "steps": dates.steps,
        },
        at=at,
    )
    pause.refresh_from_db()
    return pause
