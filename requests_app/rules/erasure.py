"""What stands before an erasure: it comes never back, so it must not be a weapon in the hand of a stranger.

Asked twice, the second time on its own; then days in which every known contact can stop it; and not before the person
saw what an access request of the same filing brings. The response clock stops for none of it.
Units: dates are the controller's local ones, instants aware. Source: GDPR 12(6), 17, 32; policy B-V(1), B-V(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
ACCESS_WAIT = 8 * DAY  # a filing that asks for access as well: the longest that its deletion waits before it is asked
REST = timedelta(hours=24)  # after files were released, so that whoever reads that mail can still stop what follows


class Need(StrEnum):
    """What is missing before an erasure may be approved."""

    ACCESS_FIRST = "access_first"
    SECOND_CONFIRMATION = "second_confirmation"
    COOLING_OFF = "cooling_off"
    RELEASED_JUST_NOW = "released_just_now"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What stands about one request that erases, at the instant `now`, which is the local day `today`.

    `wait_ends_on`: the day on which an open access request is waited for no longer (see `wait_ends_on`).
    `access_opened_at`: of the access request filed with it, where that is open: its receipt, or its reopening.
    `released_at`: when files of the same filing were released last.
    """

    now: datetime
    today: date
    due_on: date
    wait_ends_on: date
    access_opened_at: datetime | None = None
    confirmed_at: datetime | None = None
    cooling_off_until: date | None = None
    released_at: datetime | None = None


def wait_ends_on(opened_on: date, due_on: date, cooling_off_days: int) -> date:
    """The eighth day, or the last one that leaves room for the cooling-off where the period is short."""
    return max(opened_on, min(opened_on + ACCESS_WAIT, last_day_to_confirm(due_on, cooling_off_days)))


def last_day_to_confirm(due_on: date, cooling_off_days: int) -> date:
    """Confirmed on this day, the cooling-off has ended the day before the answer is due."""
    return due_on - (cooling_off_days + 1) * DAY


def cooling_off_until(confirmed_on: date, cooling_off_days: int) -> date:
    """The last day on which it can be stopped by the link; the day of the confirmation is not counted."""
    return confirmed_on + cooling_off_days * DAY


def waits_for_access(facts: Erasure) -> bool:
    """Whether the person is not asked yet, since what is erased cannot be shown any more."""
    return facts.access_opened_at is not None and facts.today < facts.wait_ends_on


def needs(facts: Erasure) -> tuple[Need, ...]:
    """Everything that is missing before the erasure may be approved."""
    found = []
    reopened_since = (
        facts.access_opened_at is not None
        and facts.confirmed_at is not None
        and facts.access_opened_at > facts.confirmed_at
    )
    if waits_for_access(facts) or reopened_since:
        found.append(Need.ACCESS_FIRST)
    if facts.confirmed_at is None or facts.cooling_off_until is None:
        found.append(Need.SECOND_CONFIRMATION)
    elif facts.today <= facts.cooling_off_until:
        found.append(Need.COOLING_OFF)
    if facts.released_at is not None and facts.now < facts.released_at + REST and facts.today < facts.due_on:
        found.append(Need.RELEASED_JUST_NOW)
    return tuple(found)
