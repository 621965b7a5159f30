"""What a request owes, and when: reminders, milestones, the lapse, the record of a missed date.

Units: dates in `tz` (the controller's zone), instants aware and UTC. Errors: ValueError for a naive
instant, ZoneInfoNotFoundError for an unknown zone.
Source: policy B-V(4), fifteen days (P12); no request ends in silence (P13).
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from requests_app.rules.identity import TIME_TO_SHOW
from requests_app.rules.response_deadline import DAY, last_second, received_on

ENDED = frozenset({"executing", "fulfilled", "partly_fulfilled", "refused", "cancelled", "lapsed"})
PACKAGE_NOTICE_DAYS = 3
REMINDER, PROOF_REMINDER = REMINDERS = ("reminder_verify_", "reminder_proof_")
DUE_IN, DUE_TODAY = "due_in_", "due_today"
LAPSE, MISSED, OVERDUE, PACKAGE_ENDING = "lapse", "missed", "overdue_daily", "package_ending"
PAUSE_OVER = "pause_over"
CONFIRM = "confirm_erasure_"


@dataclass(frozen=True, slots=True)
class Agenda:
    """One request as the clock sees it; `already` holds the (kind, for_date) keys recorded for this `due_on`.

    `asked_at`: when the person could first confirm, where that was later than receipt (entered by staff).
    `proof_asked_at`: when the person was asked last for a document that they have not sent.
    `paused_until`: the planned last day of a pause that has not ended.
    `confirm_from`: from when the person is asked to confirm an erasure a second time; None once they did, or for
    what erases nothing.
    `answered_at`, where known, keeps a missed date owed after a late answer: no answer wipes out a breach.
    """

    due_on: date
    tz: str
    received_at: datetime
    state: str
    notice_hour: int = 8
    milestones: tuple[int, ...] = (10, 5, 3, 1, 0)
    verified: bool = False
    never_lapses: bool = False
    answered: bool = False
    already: frozenset[tuple[str, date]] = frozenset()
    reminder_days: tuple[int, ...] = (2, 5)
    package_expires_at: datetime | None = None
    answered_at: datetime | None = None
    asked_at: datetime | None = None
    proof_asked_at: datetime | None = None
    paused_until: date | None = None
    confirm_from: datetime | None = None

    @property
    def ended(self) -> bool:
        """Nothing is promised to the person any more."""
        return self.answered or self.answered_at is not None or self.state in ENDED

    @property
    def unverified(self) -> bool:
        """The person still has to show who they are."""
        return self.state == "awaiting_verification" and not self.verified

    @property
    def unconfirmed(self) -> bool:
        """The person still has to say a second time that their data are to be erased."""
        return self.confirm_from is not None and not self.unverified


@dataclass(frozen=True, slots=True)
class Item:
    """One thing owed at `at`; superseded = record it, but send nothing, a more urgent one stands for it."""

    kind: str
    for_date: date
    at: datetime
    superseded: bool = False

    @property
    def key(self) -> tuple[str, date]:
        """Recorded once under this key."""
        return (self.kind, self.for_date)

    def lateness(self, now: datetime) -> timedelta:
        """How late it is by `now`, never negative; the notice says so."""
        return max(now - self.at, timedelta())


def at_hour(day: date, hour: int, tz: str) -> datetime:
    """Local full hour of a day as UTC; an hour that the clocks skip counts as the moment after the jump."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(tz)).astimezone(UTC)


def due_items(inp: Agenda) -> list[Item]:
    """Everything with a fixed date, recorded or not, in order; the daily overdue alarm apart.

    Moments that had passed at receipt are not owed at all (a period shorter than the milestone).
    An unverified request, and an erasure not confirmed a second time, cost staff nothing: they have reminders and a
    lapse, no milestones. What never lapses, or came too late to lapse, has milestones like any other.
    """
    items: list[Item] = []
    if not inp.ended:
        lapse = _lapse(inp)
        before = lapse.at if lapse else last_second(inp.due_on, inp.tz)
        if inp.unverified:
            items += _reminders(inp, before)
        if inp.unconfirmed and inp.confirm_from is not None:
            items += _questions(inp, inp.confirm_from, before)
        items += [lapse] if lapse else _milestones(inp)
        if inp.paused_until is not None:
            items.append(_item(inp, PAUSE_OVER, inp.paused_until + DAY))
    elif inp.answered_at is not None and received_on(inp.answered_at, inp.tz) > inp.due_on:
        items.append(_missed(inp))
    if inp.package_expires_at is not None:
        day = received_on(inp.package_expires_at, inp.tz) - PACKAGE_NOTICE_DAYS * DAY
        items.append(_item(inp, PACKAGE_ENDING, day))
    owed_ever = (i for i in items if i.at > inp.received_at or i.kind.startswith(CONFIRM))
    return sorted(owed_ever, key=lambda i: (i.at, i.kind))


def owed(inp: Agenda, now: datetime) -> list[Item]:
    """What is due by `now` and not recorded, in order, however long nobody looked.

    Of the reminders, and of the milestones before the end, only the latest that has passed is told; the
    others are recorded as superseded, all of them once the lapse or the missed date has come. `missed`
    is never superseded. Of the daily alarms only the latest day's is owed. A package that is gone needs no
    warning: its notice is superseded.
    """
    passed = [item for item in due_items(inp) if item.at <= now]
    daily = _daily(inp, now)
    marked = [replace(item, superseded=_superseded(inp, item, passed, now)) for item in passed]
    if daily is not None and daily.at <= now:
        marked.append(daily)
    return [item for item in marked if item.key not in inp.already]


def next_wake_at(inp: Agenda, now: datetime) -> datetime | None:
    """Earliest instant of anything not recorded yet; None if nothing will ever be owed.

    Later than `now` once all that is owed by now is recorded; else not later than `now`, so nothing is lost.
    """
    pending = [item.at for item in due_items(inp) if item.key not in inp.already]
    daily = _daily(inp, now)
    if daily is not None and daily.key in inp.already:
        daily = _item(inp, OVERDUE, daily.for_date + DAY)
    if daily is not None:
        pending.append(daily.at)
    return min(pending, default=None)


def lapse_day(inp: Agenda) -> date | None:
    """The day on which it lapses if nothing comes; None for what does not lapse."""
    lapse = _lapse(inp)
    return lapse.for_date if lapse else None


def _item(inp: Agenda, kind: str, day: date) -> Item:
    return Item(kind, day, at_hour(day, inp.notice_hour, inp.tz))


def _lapse(inp: Agenda) -> Item | None:
    """The day before the end, so that the letter goes out in time; not if that was over before the person was asked.

    A document takes longer than a code: asked for too late, it is ours to bear, and the request does not lapse.
    """
    item = _item(inp, LAPSE, inp.due_on - DAY)
    asked_at = max(inp.received_at, inp.asked_at or inp.received_at, inp.confirm_from or inp.received_at)
    if inp.proof_asked_at is not None:
        asked_at = max(asked_at, inp.proof_asked_at + TIME_TO_SHOW)
    lapses = (inp.unverified or inp.unconfirmed) and not inp.never_lapses and item.at > asked_at
    return item if lapses else None


def _reminders(inp: Agenda, before: datetime) -> list[Item]:
    kind = PROOF_REMINDER if inp.proof_asked_at else REMINDER
    first = received_on(inp.proof_asked_at or inp.received_at, inp.tz)
    items = [_item(inp, f"{kind}{days}", first + days * DAY) for days in inp.reminder_days]
    return [item for item in items if item.at < before]


def _questions(inp: Agenda, since: datetime, before: datetime) -> list[Item]:
    """The second confirmation, asked for at once and on the same days after it as the first."""
    day = received_on(since, inp.tz)
    later = [_item(inp, f"{CONFIRM}{days}", day + days * DAY) for days in inp.reminder_days]
    return [Item(f"{CONFIRM}0", day, since), *(item for item in later if since < item.at < before)]


def _milestones(inp: Agenda) -> list[Item]:
    before = [_item(inp, f"{DUE_IN}{days}" if days else DUE_TODAY, inp.due_on - days * DAY) for days in inp.milestones]
    return [*before, _missed(inp)]


def _missed(inp: Agenda) -> Item:
    """At the start of the day after, which need not be 00:00 on the clock."""
    return Item(MISSED, inp.due_on + DAY, last_second(inp.due_on, inp.tz) + timedelta(seconds=1))


def _daily(inp: Agenda, now: datetime) -> Item | None:
    """The latest daily alarm that has come, or the first one to come; None for what cannot be overdue."""
    if inp.ended or _lapse(inp) is not None:
        return None
    today = received_on(now, inp.tz)
    latest = today if at_hour(today, inp.notice_hour, inp.tz) <= now else today - DAY
    return _item(inp, OVERDUE, max(latest, inp.due_on + DAY))


def _superseded(inp: Agenda, item: Item, passed: list[Item], now: datetime) -> bool:
    if item.kind == PACKAGE_ENDING:
        return inp.package_expires_at is not None and inp.package_expires_at <= now
    if item.kind in (MISSED, LAPSE, PAUSE_OVER):
        return False
    for asking in (REMINDERS, CONFIRM):
        if item.kind.startswith(asking):
            return any(i.at > item.at and (i.kind == LAPSE or i.kind.startswith(asking)) for i in passed)
    return any(i.at > item.at and (i.kind in (MISSED, DUE_TODAY) or i.kind.startswith(DUE_IN)) for i in passed)
