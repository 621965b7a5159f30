"""What must hold for any receipt, rule, calendar and pauses: a few hundred inputs a day, millions in the long run."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from multiprocessing import get_context
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from requests_app.rules.regime import Period, Regime
from requests_app.rules.response_deadline import DAY, Calendar, Pause, Rule, compute, merge
from requests_app.rules.three_dates import Changes, Law, three_dates
from tests.rules import day_by_day

FIRST, LAST = date(2024, 1, 1).toordinal(), date(2030, 12, 31).toordinal()
UNITS = ("calendar_days", "working_days", "months")
LONGEST = {"calendar_days": 90, "working_days": 25, "months": 4}
WEEKENDS = ((6, 7), (5, 6), (7,), (5,), ())
LONG_RUN = 1_000_000


@dataclass(frozen=True)
class Case:
    """One input; `sooner` turns the clock of the person's zone back, `later` is another receipt."""

    day: date
    later: int
    sooner: int
    rule: Rule
    calendar: Calendar
    pauses: tuple[Pause, ...]
    holiday: date

    @cached_property
    def due(self):
        """The date of this very case, which most properties compare with another."""
        return compute(self.day, self.rule, calendar=self.calendar, pauses=self.pauses)


def case(random, unit):
    """Any case of this unit, from a source of chance; near things are likelier than far ones."""
    day = date.fromordinal(random.randint(FIRST, LAST))

    def near():
        return day + random.randint(-20, 150) * DAY

    rule = Rule(
        unit,
        random.randint(1, LONGEST[unit]),
        random.choice(("excluded", "period_opens_next_day")),
        random.choice(("none", "next_working_day")),
        random.choice(("last_day", "next_day")),
    )
    starts = [near() for _ in range(random.choice((0, 0, 1, 2, 4)))]
    holidays = frozenset(near() for _ in range(random.choice((0, 3, 12))))
    spans = tuple((first, first + random.randint(0, 22) * DAY) for first in [near()] * random.randint(0, 1))
    return Case(
        day=day,
        later=random.randint(1, 30),
        sooner=random.randint(0, 1),
        rule=rule,
        calendar=Calendar(
            frozenset(random.choice(WEEKENDS)), holidays, spans, frozenset(near() for _ in range(random.choice((0, 3))))
        ),
        pauses=tuple(Pause(first, first + random.randint(0, 40) * DAY) for first in starts),
        holiday=near(),
    )


cases = st.builds(case, st.randoms(use_true_random=False), st.sampled_from(UNITS))
some = settings(max_examples=200, deadline=None)
rolling, strict = {"roll_over": "next_working_day"}, {"roll_over": "none"}


def due(c, day=None, *, calendar=None, pauses=None, **changes):
    if day is calendar is pauses is None and not changes:
        return c.due
    rule = replace(c.rule, **changes) if changes else c.rule
    pauses = c.pauses if pauses is None else pauses
    return compute(day or c.day, rule, calendar=calendar or c.calendar, pauses=pauses)


def due_equals_the_count_day_by_day(c):
    rule = {name: getattr(c.rule, name) for name in Rule.__slots__}
    calendar = {
        "weekend": c.calendar.weekend,
        "holidays": c.calendar.holidays,
        "ranges": c.calendar.holiday_ranges,
        "makeup": c.calendar.makeup_working_days,
    }
    spans = [(p.first, p.last) for p in c.pauses]
    found = due(c)
    assert (found.raw_end, found.due_on) == day_by_day.count(c.day, rule, spans, calendar)


def due_is_after_receipt(c):
    assert due(c).due_on > c.day


def a_later_receipt_never_falls_due_earlier(c):
    later = c.day + c.later * DAY
    early = [p for p in c.pauses if p.first <= later]
    if c.rule.unit == "months" and early:
        # Months differ in length: of two receipts before or in one pause the later has up to three days less to run.
        # A further pause may begin in between and hit but one of them, so the early ones alone are looked at.
        first, second = due(c, pauses=early), due(c, later, pauses=early)
        assert second.raw_end >= first.raw_end - 3 * DAY
        return
    first, second = due(c), due(c, later)
    assert second.raw_end >= first.raw_end
    assert second.due_on >= first.due_on


def roll_over_adds_no_more_than_the_longest_closure(c):
    found = due(c, **rolling)
    assert found.due_on >= found.raw_end
    if found.due_on == found.raw_end:
        return
    around = [found.raw_end + n * DAY for n in range(-5, 60)]
    runs = (len(list(run)) for works, run in groupby(around, c.calendar.is_working) if not works)
    assert found.due_on - found.raw_end <= max(runs) * DAY


def another_holiday_never_makes_it_earlier(c):
    more = replace(c.calendar, holidays=c.calendar.holidays | {c.holiday})
    assert due(c, calendar=more).due_on >= due(c).due_on


def a_pause_never_makes_it_earlier(c):
    assert due(c).due_on >= due(c, pauses=()).due_on


def merging_is_idempotent_and_the_order_of_pauses_does_not_matter(c):
    merged = merge(c.pauses)
    assert merge(reversed(c.pauses)) == merge(merged) == merged
    assert due(c, pauses=merged).due_on == due(c, pauses=c.pauses[::-1]).due_on == due(c).due_on


def an_extension_is_a_longer_count_from_the_original_start(c):
    extended = replace(c.rule, count=1, extension_count=c.rule.count)
    found = compute(c.day, extended, calendar=c.calendar, pauses=c.pauses)
    assert found.due_on == due(c, count=c.rule.count + 1).due_on


def the_cautious_date_is_never_later_than_the_statutory_one(c):
    law = Regime(
        key="any", title="any", since=date.min, restarts=("identity",), pauses=("clarification",),
        periods={"answer": Period(c.rule, 1, ())}, weekend=(), holidays="", closures=(), makeup_working_days=(),
        western_zone="", sources={"restarts": "any"}, checked={},
    )  # fmt: skip
    bound = Law(law, c.calendar, c.day - c.sooner * DAY)
    dates = three_dates(c.day, Rule("calendar_days", 15), [bound], right="access")
    assert dates.cautious_on <= dates.statutory_on
    assert dates.cautious_on <= dates.due_on
    changed = law.deadline(
        c.day,
        right="access",
        calendar=c.calendar,
        pauses={"clarification": c.pauses},
        restarts={"identity": c.holiday},
        extended=bool(c.sooner),
    )
    assert dates.cautious_on <= changed.due_on
    moved = Changes(extension=c.sooner, pauses={"clarification": tuple(c.pauses)})
    moved_dates = three_dates(c.day, Rule("calendar_days", 15), [bound], right="access", changes=moved)
    assert moved_dates.cautious_on <= min(moved_dates.statutory_on, moved_dates.due_on)
    assert moved_dates.due_on >= dates.due_on + c.sooner * DAY


PROPERTIES = (
    due_equals_the_count_day_by_day,
    due_is_after_receipt,
    a_later_receipt_never_falls_due_earlier,
    roll_over_adds_no_more_than_the_longest_closure,
    another_holiday_never_makes_it_earlier,
    a_pause_never_makes_it_earlier,
    merging_is_idempotent_and_the_order_of_pauses_does_not_matter,
    an_extension_is_a_longer_count_from_the_original_start,
    the_cautious_date_is_never_later_than_the_statutory_one,
)


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_for_any_input(holds):
    @some
    @given(cases)
    def check(c):
        holds(c)

    check()


def hold_for_many(unit, seed, number):
    """Try `number` inputs of this unit; the message of a failure says how to see it again."""
    random = Random(seed)
    for at in range(number):
        c = case(random, unit)
        for holds in PROPERTIES:
            try:
                holds(c)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, input {at}, {holds.__name__}: {c}") from error
    return number


@pytest.mark.long
@pytest.mark.parametrize("unit", UNITS)
def test_for_a_million_inputs_of_each_unit(unit):
    """Some ten minutes for each unit on two processors. CLOCK_SEED repeats a run."""
    first = int(os.environ.get("CLOCK_SEED") or Random().getrandbits(48))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        shares = [pool.submit(hold_for_many, unit, first + n, LONG_RUN // 20) for n in range(20)]
        assert sum(share.result() for share in shares) == LONG_RUN
