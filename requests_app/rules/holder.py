"""The holder bar: who held a request on each day of its period.

Units: local days of the controller's zone `tz`. Errors: ValueError for a naive instant.
It explains, and moves no date (H2: the response clock and the holder clock are two).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from requests_app.rules.response_deadline import DAY, Pause, last_second, received_on

Holder = Literal["us", "you"]
Segment = Literal["us", "you", "paused", "left"]


@dataclass(frozen=True, slots=True)
class Spell:
    """From `since` (aware) on, until the next spell, this side held the request."""

    holder: Holder
    since: datetime


@dataclass(frozen=True, slots=True)
class HolderBar:
    """One segment per day, day 1 (the day after receipt) to the due day; `late` days come on top."""

    days: tuple[Segment, ...]
    with_us: int
    with_you: int
    left: int
    late: int
    paused: int = 0


def days(
    spells: Iterable[Spell], received: date, until: datetime, tz: str, due_on: date, pauses: Sequence[Pause] = ()
) -> HolderBar:
    """Give each day to whoever held the request at its end, or at `until` on the last day.

    `until` is now, or the instant of the answer; days after it are left. Before the first spell
    it is with us; of two spells that begin at one instant the later listed holds. A day of a pause is nobody's.
    """
    ordered = sorted(spells, key=lambda spell: spell.since)
    last_day = received_on(until, tz)
    bar: list[Segment] = []
    for number in range(1, (due_on - received).days + 1):
        day = received + number * DAY
        if day > last_day:
            bar.append("left")
            continue
        if any(pause.first <= day <= pause.last for pause in pauses):
            bar.append("paused")
            continue
        moment = min(last_second(day, tz), until)
        bar.append(next((s.holder for s in reversed(ordered) if s.since <= moment), "us"))
    late = max((last_day - due_on).days, 0)
    return HolderBar(tuple(bar), bar.count("us"), bar.count("you"), bar.count("left"), late, bar.count("paused"))
