"""Figures of a period, for the team in full, and for everybody rounded once the quarter is over (P36)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, Subquery

from requests_app.models import DataSubjectRequest, Decision, Extension, PublishedFigures, Submission
from requests_app.models.request import RIGHTS
from requests_app.rules.figures import (
    LEAST_FOR_SHARE,
    Fact,
    Figures,
    Line,
    figures,
    public,
    public_share,
    quarter_before,
)
from requests_app.rules.lifecycle import State

from .policies import current, policy_of

DAY = timedelta(days=1)
OUTCOMES = {
    State.FULFILLED: "done",
    State.EXECUTING: "done",
    State.PARTLY_FULFILLED: "partly",
    State.REFUSED: "refused",
    State.CANCELLED: "cancelled",
    State.LAPSED: "lapsed",
}
SETTLED = 10  # days after a quarter until it is published: what was entered late is in it


def of_period(first: date, last: date) -> Figures:
    """Count what was received and what ended from the first to the last of these local days."""
    return figures(_facts(first, last), rights=[key for key, _label in RIGHTS])


def _facts(first: date, last: date) -> Iterator[Fact]:
    # Instants are compared with a day to spare on both sides; which local day it was is settled below.
    midnight = datetime.combine(first, datetime.min.time(), ZoneInfo("UTC"))
    ended = Q(answered_at__gte=midnight - DAY, answered_at__lt=midnight + (last - first) + 3 * DAY)
    received = Q(submission__received_on__range=(first, last))
    approved = Decision.objects.filter(dsr=OuterRef("pk"), approved_at__isnull=False).order_by("-approved_at")
    rows = DataSubjectRequest.objects.filter(received | ended).annotate(
        extended=Exists(Extension.objects.filter(dsr=OuterRef("pk"))),
        ground=Subquery(approved.values("ground")[:1]),
    )
    names = (
        "right", "state", "opened_on", "due_on", "answered_at", "submission__received_on", "submission__received_zone",
        "submission__assurance", "extended", "ground",
    )  # fmt: skip
    for right, state, opened_on, due_on, at, received_on, zone, rung, extended, ground in rows.values_list(
        *names
    ).iterator():
        on = at.astimezone(ZoneInfo(zone)).date() if at else None
        fact = Fact(right, received=first <= received_on <= last)
        if on is None or not first <= on <= last:
            yield fact
            continue
        outcome = OUTCOMES.get(state, "")
        yield Fact(right, fact.received, outcome, (on - opened_on).days, on > due_on, extended, ground or "", rung)


def publish_due(now: datetime) -> int:
    """Publish the quarter before, once, some days after its end; returns how many were."""
    version = current()
    if version is None:
        return 0
    today = now.astimezone(ZoneInfo(policy_of(version).time_zone)).date()
    first, last = quarter_before(today - timedelta(days=SETTLED))
    if PublishedFigures.objects.filter(pk=first).exists():
        return 0
    if not Submission.objects.filter(received_on__lte=last).exists():  # the portal was not in use yet
        return 0
    known = of_period(first, last)
    body = {"total": _public(known.total), "rights": {right: _public(line) for right, line in known.rights.items()}}
    _row, made = PublishedFigures.objects.get_or_create(
        pk=first, defaults={"last": last, "body": body, "published_at": now}
    )
    return int(made)


def _public(line: Line) -> dict[str, Any]:
    return {
        "received": public(line.received),
        "answered": public(line.answered),
        "on_time_percent": public_share(line.on_time, line.answered),
        "refused": public(line.outcomes["refused"] + line.outcomes["partly"]),
        "median_days": line.median if line.answered >= LEAST_FOR_SHARE else None,
    }


def published() -> list[PublishedFigures]:
    """Return what was published, the newest quarter first."""
    return list(PublishedFigures.objects.order_by("-first")[:8])
