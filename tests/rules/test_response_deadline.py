"""The response clock: printed examples and the nine traps. What holds for any input: test_clock_properties."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from requests_app.management.commands.deadline_vectors import mismatches
from requests_app.rules.response_deadline import (
    DAY,
    Calendar,
    Pause,
    Rule,
    compute,
    last_second,
    opens_on,
    received_on,
    working_date,
)  # fmt: skip

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "deadlines.json").read_text())["vectors"]
MONTH, DAYS_15 = Rule("months", 1), Rule("calendar_days", 15)
many = settings(max_examples=200, deadline=None)
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def rolling(rule):
    return Rule(rule.unit, rule.count, rule.day_of_receipt, "next_working_day", rule.missing_month_day)


def due(day, rule, **kwargs):
    return compute(date.fromisoformat(day), rule, **kwargs).due_on.isoformat()


def pause(first, last):
    return Pause(date.fromisoformat(first), date.fromisoformat(last))


def codes(deadline):
    return [step.code for step in deadline.steps]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_every_dated_example_is_met(vector):
    assert list(mismatches(vector)) == []


def test_a_wrong_example_is_told_in_one_line_each():
    wrong = {**VECTORS[0], "expected": {"raw_end": "2025-10-03", "due_on": "2025-10-04"}}
    assert list(mismatches(wrong)) == ["UK-01: due_on expected 2025-10-04, got 2025-10-03"]
    assert list(mismatches({"id": "X"}))[0].startswith("X: unreadable")


def test_trap_1_an_extension_counts_from_the_original_start():
    extended = Rule("months", 1, roll_over="next_working_day", extension_count=2)
    assert due("2026-01-31", extended) == "2026-04-30"


def test_trap_2_identity_restarts_while_clarification_pauses():
    identity = opens_on(date(2026, 6, 1), date(2026, 6, 11))
    assert compute(identity, MONTH).due_on == date(2026, 7, 11)
    assert due("2026-06-01", MONTH, pauses=[pause("2026-06-05", "2026-06-11")]) == "2026-07-08"
    assert opens_on(date(2026, 6, 1)) == date(2026, 6, 1)


def test_trap_3_weekends_differ_and_make_up_days_are_working_days():
    gulf = Calendar(weekend=frozenset({5, 6}))
    assert due("2026-01-01", Rule("working_days", 2), calendar=gulf) == "2026-01-05"
    made_up = Calendar(makeup_working_days=frozenset({date(2026, 1, 3)}))
    assert due("2026-01-01", Rule("working_days", 2), calendar=made_up) == "2026-01-03"


def test_trap_4_a_missing_month_day_is_clamped_or_moved_forward():
    assert due("2027-01-31", MONTH) == "2027-02-28"
    assert due("2027-01-31", Rule("months", 1, missing_month_day="next_day")) == "2027-03-01"


@pytest.mark.parametrize(
    ("day", "tz", "utc"),
    [
        ("2026-03-28", "Asia/Beirut", "2026-03-28T21:59:59"),  # the next midnight does not exist
        ("2026-10-24", "Asia/Beirut", "2026-10-24T21:59:59"),  # the last hour comes twice
        ("2026-10-31", "America/Havana", "2026-11-01T03:59:59"),  # the next midnight comes twice
        ("2010-11-06", "America/St_Johns", "2010-11-07T03:29:59"),  # and the day comes back after it
        ("1919-03-30", "America/Toronto", "1919-03-31T04:29:59"),  # jump from 23:30 over midnight
        ("2011-12-30", "Pacific/Apia", "2011-12-30T09:59:59"),  # the day itself does not exist
        ("2026-03-29", "Europe/Rome", "2026-03-29T21:59:59"),
    ],
)
def test_trap_5_the_last_second_survives_any_clock_change(day, tz, utc):
    assert last_second(date.fromisoformat(day), tz) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_trap_6_receipt_is_the_controllers_date_and_alarms_take_the_earlier_one():
    instant = datetime(2026, 7, 1, 9, 59, tzinfo=UTC)  # 23:59 on 30 June in Honolulu
    there, here = received_on(instant, "Pacific/Honolulu"), received_on(instant, "Europe/Berlin")
    assert (there, here) == (date(2026, 6, 30), date(2026, 7, 1))
    dates = (compute(here, DAYS_15).due_on, compute(there, DAYS_15).due_on)
    assert working_date(*dates) == date(2026, 7, 15)


def test_trap_7_pauses_revive_nothing_count_once_and_are_clipped():
    late = compute(date(2026, 6, 1), DAYS_15, pauses=[pause("2026-06-17", "2026-06-30")])
    assert late.due_on == date(2026, 6, 16)
    assert "pauses_ignored" in codes(late)
    overlapping = [pause("2026-06-03", "2026-06-08"), pause("2026-06-05", "2026-06-10")]
    assert due("2026-06-01", DAYS_15, pauses=overlapping) == "2026-06-24"
    assert due("2026-06-10", MONTH, pauses=[pause("2026-06-05", "2026-06-14")]) == "2026-07-14"


def test_a_pause_in_the_days_of_roll_over_moves_nothing():
    month = Rule("months", 1, roll_over="next_working_day")
    assert due("2026-01-31", month, pauses=[pause("2026-03-01", "2026-03-10")]) == "2026-03-02"


def test_trap_8_paused_working_days_are_not_counted():
    rule = Rule("working_days", 5)
    over_a_weekend = [pause("2026-06-05", "2026-06-08")]  # Friday to Monday: two working days
    assert due("2026-06-01", rule, pauses=over_a_weekend) == "2026-06-10"


def test_trap_9_without_a_calendar_for_the_year_there_is_no_roll_over_but_an_alarm():
    known = Calendar(covers=frozenset({2025}))
    deadline = compute(date(2026, 1, 31), rolling(MONTH), calendar=known)
    assert deadline.due_on == date(2026, 2, 28)
    assert deadline.needs_alarm
    assert not compute(date(2026, 1, 31), rolling(MONTH)).needs_alarm
    assert compute(date(2025, 12, 1), Rule("working_days", 30), calendar=known).needs_alarm


def test_the_explanation_tells_every_step_in_order():
    deadline = compute(date(2026, 6, 1), rolling(MONTH), pauses=[pause("2026-06-05", "2026-06-15")])
    assert codes(deadline) == ["received", "count", "pause", "roll_over", "due"]
    assert deadline.steps[-1].params == {"on": date(2026, 7, 13)}


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: Rule("weeks", 1),
        lambda: Rule("months", 0),
        lambda: Pause(date(2026, 1, 2), date(2026, 1, 1)),
        lambda: Calendar(weekend=frozenset(range(1, 8))),
        lambda: received_on(datetime(2026, 1, 1), "UTC"),  # noqa: DTZ001
    ],
)
def test_nonsense_is_refused(mistake):
    with pytest.raises(ValueError, match=r"\w"):
        mistake()


@many
@given(days, st.sampled_from(["Europe/Rome", "Asia/Beirut", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe"]))
def test_the_last_second_is_the_last_of_its_local_day(day, tz):
    second = last_second(day, tz)
    assert received_on(second, tz) == day
    assert received_on(second + timedelta(seconds=1), tz) == day + DAY


def test_the_vectors_command_needs_no_secrets_and_agrees_with_every_example():
    bare = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    done = subprocess.run(
        [sys.executable, "manage.py", "deadline_vectors", "tests/vectors/deadlines.json"],
        cwd=Path(__file__).parent.parent.parent,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
