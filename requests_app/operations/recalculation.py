"""Count open requests anew after the holidays changed: looked at first, then request by request, and on record.

A request keeps its policy version; what can differ is the calendar. The laws' date and the cautious one follow it in
both directions. The promised date only moves to an earlier day that has not come yet: a later one would need a
reasoned extension, and a day that is over already would make a breach that nobody could have avoided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from requests_app.models import DataSubjectRequest
from requests_app.rules.lifecycle import OPEN
from requests_app.rules.response_deadline import received_on

from . import evidence
from .actors import Actor
from .counting import dates_of
from .evidence import Kind
from .notices import owe
from .pausing import store
from .policies import dates_told, policy_of
from .refused import Refused
from .team import require
from .transition import lock

Dates = tuple[date, date | None, date | None]  # promised, statutory, cautious


@dataclass(frozen=True, slots=True)
class Difference:
    """An open request whose stored dates are not those of today's calendar."""

    dsr: DataSubjectRequest
    before: Dates
    after: Dates


def preview(*, at: datetime) -> Iterator[Difference]:
    """Yield what a recalculation would change, the earliest date first. Nothing is written."""
    rows = (
        DataSubjectRequest.objects.filter(state__in=sorted(OPEN))
        .select_related("submission")
        .prefetch_related("policy")
    )
    for dsr in rows.order_by("due_on", "pk").iterator(chunk_size=500):
        if (found := _difference(dsr, at=at)) is not None:
            yield found


def recalculate(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> Difference:
    """Store the dates as today's calendar gives them, with evidence; tell the person where the promise moves."""
    require(actor, "recalculate")
    with transaction.atomic():
        dsr = lock(dsr)
        found = _difference(dsr, at=at) if dsr.is_open else None
        if found is None:
            raise Refused("There is nothing to recalculate: the dates are those of today's calendar, or it has ended.")
        dates = dates_of(dsr)
        due_on = found.after[0]
        named = zip(("due", "statutory", "cautious"), found.before, strict=True)
        body = {f"{name}_before": day.isoformat() if day else "" for name, day in named}
        body |= dates_told(dates) | {"due_on": due_on.isoformat(), "counted_on": dates.due_on.isoformat()}
        evidence.append(dsr.submission_id, Kind.DEADLINE_RECALCULATED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        store(dsr, due_on=due_on, statutory_on=dates.statutory_on, cautious_on=dates.cautious_on, at=at)
        if due_on != found.before[0]:
            owe(
                "deadline_earlier",
                submission=dsr.submission,
                dsr=dsr,
                occurrence=f"{dsr.pk.hex}:{due_on}:{at.isoformat()}",
                context={"due_before": found.before[0], "due_on": due_on, "steps": dates.steps},
                at=at,
            )
        return found


def _difference(dsr: DataSubjectRequest, *, at: datetime) -> Difference | None:
    dates = dates_of(dsr)
    today = received_on(at, policy_of(dsr.policy).time_zone)
    due_on = dates.due_on if today <= dates.due_on < dsr.due_on else dsr.due_on
    before = (dsr.due_on, dsr.statutory_on, dsr.cautious_on)
    after = (due_on, dates.statutory_on, dates.cautious_on)
    return None if before == after else Difference(dsr, before, after)
