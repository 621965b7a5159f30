"""What dates would be, and which would change under another policy. Reads only: nothing here is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from requests_app.models import DataSubjectRequest, PolicyVersion
from requests_app.rules.lifecycle import OPEN
from requests_app.rules.response_deadline import received_on
from requests_app.rules.what_if import Supposed, WhatIf, what_if

from . import calendars
from .counting import changes_of
from .policies import deadline_from, draft, laws_of, policy_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One open request whose dates would differ. The statutory dates are None where no law on file binds."""

    dsr: DataSubjectRequest
    due_on: date
    statutory_on: date | None


def simulate(
    version: PolicyVersion, *, at: datetime, right: str, supposed: Supposed | None = None, place: str = ""
) -> WhatIf:
    """Count as if this right had come in at this instant; `place` stands in for the controller's own holidays."""
    policy = policy_of(version)
    if place:
        policy = replace(policy, holidays=place)
    day = received_on(at, policy.time_zone)
    laws = laws_of(version, policy, at=at)
    calendar = calendars.of_policy(policy, day)
    return what_if(day, policy, laws, right=right, supposed=supposed or Supposed(), calendar=calendar)


def differing(text: str, *, regimes: Mapping[str, str] | None = None) -> Iterator[Difference]:
    """Yield the open requests that would have other dates under this policy file; raises PolicyError at once.

    They keep the version of their receipt whatever is published: this only shows what new ones will meet.
    """
    return _differing(draft(text, regimes=regimes))


def _differing(version: PolicyVersion) -> Iterator[Difference]:
    rows = DataSubjectRequest.objects.filter(state__in=sorted(OPEN)).select_related("submission", "policy")
    for dsr in rows.order_by("due_on", "submission__case_number", "right").iterator(chunk_size=2000):
        # What was extended or paused stays so: it was told to the person.
        dates = deadline_from(version, at=dsr.opened_at, right=dsr.right, changes=changes_of(dsr))
        if (dates.due_on, dates.statutory_on) != (dsr.due_on, dsr.statutory_on):
            yield Difference(dsr, dates.due_on, dates.statutory_on)
