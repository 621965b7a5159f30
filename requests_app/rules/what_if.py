"""What the dates would be: one receipt, one policy, the laws that bind, and what is supposed beyond.

Units: whole local days of the controller. A supposed pause runs from the day of our question to the day of the answer,
both disregarded. Source: each step cites its own; what a policy or a law does not know changes nothing (H2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from requests_app.rules.policy import Policy
from requests_app.rules.promise import promise_of
from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import Calendar, Deadline, Pause, compute
from requests_app.rules.three_dates import Law, strictest


@dataclass(frozen=True, slots=True)
class Supposed:
    """`reason` is that of the pause, in the words of the regime files; `extended`: the longer period was announced."""

    pause: Pause | None = None
    reason: str = ""
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """One date, and what was supposed in vain: policy or law does not know it. `regime` is None for the promise."""

    deadline: Deadline
    regime: Regime | None
    no_pause: bool
    no_extension: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The promise, each law that binds, the earliest of these, and the day to work towards."""

    promised: Counted
    laws: tuple[Counted, ...]
    cautious: Deadline

    @property
    def statutory(self) -> Counted | None:
        """The law whose date comes first."""
        return min(self.laws, key=lambda law: law.deadline.due_on, default=None)


def what_if(
    received_on: date, policy: Policy, laws: Sequence[Law], *, right: str, supposed: Supposed, calendar: Calendar
) -> WhatIf:
    """Count them all. The cautious date ignores pauses and roll-over, and knows an extension that was announced."""
    promise = promise_of(policy)
    if supposed.extended:
        promise = replace(promise, extension_count=policy.extension_days)
    stood = [supposed.pause] if supposed.pause and policy.pause_allowed else []
    promised = Counted(
        compute(received_on, promise, calendar=calendar, pauses=stood),
        None,
        no_pause=supposed.pause is not None and not policy.pause_allowed,
        no_extension=supposed.extended and not policy.extension_days,
    )
    strictly = [compute(received_on, strictest(promise), calendar=calendar)]
    for law in laws:
        rule = law.regime.rule_for(right, extended=supposed.extended)
        strictly.append(compute(min(received_on, law.received_there_on), strictest(rule), calendar=law.calendar))
    bound = tuple(_by_law(law, received_on, right=right, supposed=supposed) for law in laws)
    return WhatIf(promised, bound, min(strictly, key=lambda deadline: deadline.due_on))


def _by_law(law: Law, received_on: date, *, right: str, supposed: Supposed) -> Counted:
    regime, pause, why = law.regime, supposed.pause, supposed.reason
    deadline = regime.deadline(
        received_on,
        right=right,
        calendar=law.calendar,
        restarts={why: pause.last} if pause else {},  # what came in on the last day (trap 2)
        pauses={why: [pause]} if pause else {},
        extended=supposed.extended,
    )
    known = received_on >= regime.since and why in (*regime.restarts, *regime.pauses)
    return Counted(
        deadline,
        regime,
        no_pause=pause is not None and not known,
        no_extension=supposed.extended and not regime.period_for(right).extension,
    )
