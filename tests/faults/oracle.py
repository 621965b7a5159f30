"""What notice each request must have had, to whom and when. Shares no code with the portal: its dates are its own.

The promise (policy B-V(4)): an answer by the end of the fifteenth day after the day of receipt, in UTC. Day 0 is the
day of receipt. All hours are 08:00 but for the missed date, which is told at the beginning of day 16.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tests.faults.workload import ERASING, NO_PROOF, Asked, Plan, asked_from

ANSWER_DAY = 15
REMINDERS = (2, 5)
BEFORE_THE_END = {"due_in_10": 5, "due_in_5": 10, "due_in_3": 12, "due_in_1": 14, "due_today": 15}
LAPSE_DAY = 14
OFFICERS, HANDLERS, TEAM = ("petra",), ("bruno", "petra"), ("ada", "bruno", "petra")


@dataclass(frozen=True, slots=True)
class Expected:
    """A notice about a right (empty: about the filing), and the first instant at which it can be written."""

    form_key: str
    right: str
    kind: str
    recipient: str
    at: datetime

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What notices are counted by."""
        return (self.form_key, self.right, self.kind, self.recipient)


@dataclass(frozen=True, slots=True)
class Milestone:
    """What the evidence must say of one milestone."""

    form_key: str
    right: str
    kind: str
    late: timedelta


@dataclass(slots=True)
class Verdict:
    """What one filing, or the whole workload, must have led to."""

    notices: list[Expected]
    milestones: list[Milestone]
    states: dict[tuple[str, str], str]
    due: dict[tuple[str, str], date]


def judge(plans: Sequence[Plan], looks: Sequence[datetime]) -> Verdict:
    """All that must have happened by the last look."""
    verdict = Verdict([], [], {}, {})
    for plan in plans:
        _Filing(plan, looks, verdict).judge()
    for day in sorted({look.date() for look in looks if look.hour >= 8}):
        first = min(look for look in looks if look.date() == day and look.hour >= 8)
        verdict.notices += [Expected("", "", "staff_digest", name, first) for name in TEAM]
    return verdict


class _Filing:
    def __init__(self, plan: Plan, looks: Sequence[datetime], verdict: Verdict) -> None:
        self.plan, self.looks, self.verdict = plan, looks, verdict
        self.received = plan.filed_at.date()

    def judge(self) -> None:
        plan = self.plan
        self.tell("", "acknowledgement", plan.filed_at)
        if any(asked.right not in NO_PROOF for asked in plan.asked):
            self.tell("", "code", plan.filed_at)
        waiting = [a for a in plan.asked if a.right not in NO_PROOF and not self.ended(a, plan.verified_at)]
        if plan.verified_at and waiting:
            self.tell("", "code", plan.verified_at)  # a new one was asked for
        for asked in plan.asked:
            self.one(asked)

    def one(self, asked: Asked) -> None:
        plan, key = self.plan, (str(self.plan.form_key), asked.right)
        free = asked.right in NO_PROOF
        begun = plan.filed_at if free else plan.verified_at
        if begun is not None and self.ended(asked, begun):
            begun = None  # cancelled before it was confirmed
        self.verdict.due[key] = self.received + timedelta(days=ANSWER_DAY)
        if free:
            self.tell(asked.right, "effect", plan.filed_at)
        if begun is not None:
            self.tell(asked.right, "staff_new", begun, HANDLERS)
        if not free:
            self.reminders(asked, begun)
        working = begun
        if begun is not None and asked.right in ERASING:
            working = self.confirmed(asked, begun)
        lapsed_at = None if working else self.lapse(asked)
        if working is not None:
            self.milestones(asked, working)
        if lapsed_at is not None:
            self.tell(asked.right, "lapsed", lapsed_at)
            self.missed(asked, lapsed_at)
        if asked.ended_at is not None:
            self.tell(asked.right, "cancelled" if asked.ending == "cancelled" else "decision_done", asked.ended_at)
        self.verdict.states[key] = self.state(asked, begun, lapsed_at)

    def state(self, asked: Asked, begun: datetime | None, lapsed_at: datetime | None) -> str:
        if asked.ending:
            return "cancelled" if asked.ending == "cancelled" else "fulfilled"
        if lapsed_at is not None:
            return "lapsed"
        return "in_progress" if begun else "awaiting_verification"

    def reminders(self, asked: Asked, begun: datetime | None) -> None:
        moments = [self.morning(day) for day in REMINDERS]
        for n, moment in enumerate(moments):
            look = self.look(moment)
            if look is None or self.ended(asked, look) or (begun is not None and begun <= look):
                continue
            later = [m for m in (*moments[n + 1 :], self.morning(LAPSE_DAY)) if m <= look]
            if not later:
                self.tell(asked.right, "reminder_verify", look)
            self.record(asked, f"reminder_verify_{REMINDERS[n]}", moment, look)

    def confirmed(self, asked: Asked, begun: datetime) -> datetime | None:
        """What an erasure is told until it is confirmed a second time; when that was."""
        confirmed_at = None if self.ended(asked, asked.confirmed_at) else asked.confirmed_at
        access = next((other for other in self.plan.asked if other.right == "access"), None)
        since = asked_from(self.plan.filed_at, begun, access)
        lapse = self.morning(LAPSE_DAY)
        mornings = {n: datetime.combine(since.date() + timedelta(days=n), time(8), UTC) for n in REMINDERS}
        moments = {0: since} | {n: moment for n, moment in mornings.items() if moment < lapse}
        for n, moment in moments.items():
            look = self.look(moment)
            if look is None or self.ended(asked, look) or (confirmed_at is not None and confirmed_at <= look):
                continue
            if not [m for m in (*moments.values(), lapse) if moment < m <= look]:
                self.tell(asked.right, "erasure_question", look)
            self.record(asked, f"confirm_erasure_{n}", moment, look)
        if confirmed_at is not None:
            self.tell("", "code", confirmed_at)  # for this act alone
            self.tell("", "code", confirmed_at)  # by which it can be stopped
            self.tell(asked.right, "erasure_confirmed", confirmed_at)
        return confirmed_at

    def lapse(self, asked: Asked) -> datetime | None:
        moment = self.morning(LAPSE_DAY)
        look = self.look(moment)
        if look is None or self.ended(asked, look):
            return None
        self.record(asked, "lapse", moment, look)
        return look

    def milestones(self, asked: Asked, begun: datetime) -> None:
        end = self.midnight_after_the_end
        moments = {kind: self.morning(day) for kind, day in BEFORE_THE_END.items()}
        for kind, moment in moments.items():
            look = self.look(max(moment, begun))
            if look is None or self.ended(asked, look):
                continue
            if not [m for m in (*moments.values(), end) if moment < m <= look]:
                self.tell(asked.right, "staff_due", look, OFFICERS)
            self.record(asked, kind, moment, look)
        self.missed(asked, asked.ended_at)
        told: set[datetime] = set()
        for look in self.looks:
            mornings = [m for m in self.mornings_overdue() if max(m, begun) <= look]
            if mornings and not self.ended(asked, look) and mornings[-1] not in told:
                told.add(mornings[-1])
                self.tell(asked.right, "staff_overdue", look, OFFICERS)
                self.record(asked, "overdue_daily", mornings[-1], look)

    def missed(self, asked: Asked, ended_at: datetime | None) -> None:
        moment = self.midnight_after_the_end
        look = self.look(moment if ended_at is None else max(moment, min(ended_at, moment)))
        if look is None or (ended_at is not None and ended_at < moment):
            return
        self.tell(asked.right, "staff_overdue", look, OFFICERS)
        self.record(asked, "missed", moment, look)
        if ended_at is None or ended_at > look:
            self.tell(asked.right, "missed", look)

    def mornings_overdue(self) -> list[datetime]:
        return [self.morning(day) for day in range(ANSWER_DAY + 1, ANSWER_DAY + 10)]

    @property
    def midnight_after_the_end(self) -> datetime:
        return datetime.combine(self.received + timedelta(days=ANSWER_DAY + 1), time(0), UTC)

    def morning(self, day: int) -> datetime:
        return datetime.combine(self.received + timedelta(days=day), time(8), UTC)

    def look(self, moment: datetime) -> datetime | None:
        return next((look for look in self.looks if look >= moment), None)

    def ended(self, asked: Asked, at: datetime | None) -> bool:
        return at is not None and asked.ended_at is not None and asked.ended_at <= at

    def tell(self, right: str, kind: str, at: datetime, recipients: Sequence[str] = ("person",)) -> None:
        self.verdict.notices += [Expected(str(self.plan.form_key), right, kind, name, at) for name in recipients]

    def record(self, asked: Asked, kind: str, moment: datetime, look: datetime) -> None:
        self.verdict.milestones.append(Milestone(str(self.plan.form_key), asked.right, kind, look - moment))
