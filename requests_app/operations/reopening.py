"""Taking an ended request up again: what staff and the person share. Below the verbs."""

from collections.abc import Mapping
from datetime import datetime

from requests_app.models import DataSubjectRequest
from requests_app.rules.identity import CONTACT
from requests_app.rules.lifecycle import Action
from requests_app.rules.response_deadline import received_on

from .actors import Actor
from .circumstances import asked_of
from .lookups import owe_lookups
from .notices import owe
from .policies import dates_told, deadline_from, policy_of
from .transition import NOTICE, advance, reschedule


def asks_for_proof(dsr: DataSubjectRequest) -> bool:
    """Whether this right is begun only after a code was typed."""
    return asked_of(dsr).rung >= CONTACT


def take_up_again(
    dsr: DataSubjectRequest, *, waits: bool, actor: Actor, at: datetime, body: Mapping[str, str] | None = None
) -> DataSubjectRequest:
    """Start a new clock from this day; the old outcome and the first receipt stay in the chain.

    `waits`: until a code was typed; `body`: what else the evidence names. Needs the caller's transaction.
    """
    action = Action.REOPEN_UNVERIFIED if waits else Action.REOPEN
    deadline = deadline_from(dsr.policy, at=at, right=dsr.right)
    moved = advance(
        dsr,
        action,
        actor=actor,
        at=at,
        values={
            "opened_at": at,
            "opened_on": received_on(at, policy_of(dsr.policy).time_zone),
            "due_on": deadline.due_on,
            "statutory_on": deadline.statutory_on,
            "cautious_on": deadline.cautious_on,
            "answered_at": None,
            "waiting_since": None,
            "decided_by": None,
            "approved_by": None,
        },
        body={**(body or {}), "due_before": dsr.due_on.isoformat(), **dates_told(deadline)},
    )
    owe(
        NOTICE[action],
        submission=dsr.submission,
        dsr=moved,
        occurrence=f"{dsr.pk}:{at.isoformat()}",
        context={"due_on": deadline.due_on, "steps": deadline.steps},
        at=at,
    )
    if not waits:  # otherwise the code does it
        owe_lookups(dsr.submission, at=at)
    return reschedule(moved, at=at)
