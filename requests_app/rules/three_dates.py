"""Three dates of one request: promised, statutory and cautious."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import PLAIN, Calendar, Deadline, Rule, Step, compute, working_date


@dataclass(frozen=True, slots=True)
class Law:
    """A regime that binds, with its calendar and the local date of receipt in its own westernmost zone."""

    regime: Regime
    calendar: Calendar
    received_there_on: date


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
    received_on: date, promise: Rule, laws: Sequence[Law], *, right: str, calendar: Calendar = PLAIN
) -> ThreeDates:
    """Count all three. The cautious date ignores roll-over and pauses and takes the earlier local date (trap 6)."""
    promised = compute(received_on, promise, calendar=calendar)
    bound = [(law.regime.deadline(received_on, right=right, calendar=law.calendar), law.regime.title) for law in laws]
    statutory, regime = min(bound, key=lambda pair: pair[0].due_on, default=(None, ""))
    strict = [compute(received_on, _strict(promise), calendar=calendar)]
    for law in laws:
        day = min(received_on, law.received_there_on)
        strict.append(compute(day, _strict(law.regime.rule_for(right)), calendar=law.calendar))
    earliest = working_date(*(deadline.due_on for deadline in strict))
    return ThreeDates(promised, statutory, regime, next(d for d in strict if d.due_on == earliest))


def _strict(rule: Rule) -> Rule:
    """The reading that ends first: no roll-over, a missing day of the month is not moved forward."""
    return replace(rule, roll_over="none", missing_month_day="last_day")
