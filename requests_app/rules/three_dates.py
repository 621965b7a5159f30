"""Three dates of one request: promised, statutory and cautious."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import PLAIN, Calendar, Deadline, Pause, Rule, Step, compute, working_date


@dataclass(frozen=True, slots=True)
class Law:
    """A regime that binds, with its calendar and the local date of receipt in its own westernmost zone."""

    regime: Regime
    calendar: Calendar
    received_there_on: date


@dataclass(frozen=True, slots=True)
class Changes:
    """What reasoned acts did to a period: one extension of the promise, in its unit, and pauses by reason.

    `restarts`: the day on which something came that was asked for, by reason. It moves laws that know it, and never the
    promise or the day to work towards.
    """

    extension: int = 0
    extension_cite: str = ""
    pauses: Mapping[str, tuple[Pause, ...]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    restarts: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def all_pauses(self) -> tuple[Pause, ...]:
        """Of whatever reason: the promise stands still for each."""
        return tuple(pause for some in self.pauses.values() for pause in some)


UNCHANGED = Changes()


@dataclass(frozen=True, slots=True)
class ThreeDates:
    """`due_on` is what was promised; the law's date is absent where no law on file binds."""

    promised: Deadline
    statutory: Deadline | None
    regime: str  # the title of the law whose date comes first
    cautious: Deadline

    @property
    def due_on(self) -> date:
        """The last day on which an answer keeps the promise."""
        return self.promised.due_on

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the promised date was counted."""
        return self.promised.steps

    @property
    def statutory_on(self) -> date | None:
        """The last day on which an answer keeps every law that binds."""
        return self.statutory.due_on if self.statutory else None

    @property
    def cautious_on(self) -> date:
        """The day to work towards: never later than the statutory one."""
        return self.cautious.due_on


def three_dates(
    received_on: date,
    promise: Rule,
    laws: Sequence[Law],
    *,
    right: str,
    calendar: Calendar = PLAIN,
    changes: Changes = UNCHANGED,
) -> ThreeDates:
    """Count all three. The cautious date ignores roll-over and pauses and takes the earlier local date (trap 6).

    An extension of the promise extends each law that knows one, and no other; a pause counts where the law knows its
    reason. So the law's date shows whether the promise moved too far.
    """
    extended = bool(changes.extension)
    promise = replace(promise, extension_count=changes.extension)
    promised = compute(received_on, promise, calendar=calendar, pauses=changes.all_pauses)
    if extended:
        promised = _cited(promised, changes.extension_cite)
    bound = [
        (
            law.regime.deadline(
                received_on,
                right=right,
                calendar=law.calendar,
                restarts=changes.restarts,
                pauses={why: _of_law(law, some) for why, some in changes.pauses.items()},
                extended=extended,
            ),
            law.regime.title,
        )
        for law in laws
    ]
    statutory, regime = min(bound, key=lambda pair: pair[0].due_on, default=(None, ""))
    strict = [compute(received_on, strictest(promise), calendar=calendar)]
    for law in laws:
        day = min(received_on, law.received_there_on)
        strict.append(compute(day, strictest(law.regime.rule_for(right, extended=extended)), calendar=law.calendar))
    earliest = working_date(*(deadline.due_on for deadline in strict))
    return ThreeDates(promised, statutory, regime, next(d for d in strict if d.due_on == earliest))


def _of_law(law: Law, pauses: Sequence[Pause]) -> list[Pause]:
    return [replace(pause, cite=law.regime.sources.get("pauses", pause.cite)) for pause in pauses]


def _cited(deadline: Deadline, cite: str) -> Deadline:
    """The counting step names what the extension rests on, too."""
    named = [
        replace(s, cite="; ".join(filter(None, (s.cite, cite)))) if s.code == "count" else s for s in deadline.steps
    ]
    return replace(deadline, steps=tuple(named))


def strictest(rule: Rule) -> Rule:
    """The reading that ends first: no roll-over, a missing day of the month is not moved forward."""
    return replace(rule, roll_over="none", missing_month_day="last_day")
