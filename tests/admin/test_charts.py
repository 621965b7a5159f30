"""The marks of the charts stand where their numbers say."""

from datetime import date, timedelta

from requests_app.admin.charts import CEILING, FLOOR, WIDTH, due_bars, pace_lines
from requests_app.rules.workload import AnswerWeek, DueDay

SUNDAY = date(2026, 11, 22)


def days(*counts):
    return [DueDay(SUNDAY + timedelta(days=n), count) for n, count in enumerate(counts)]


def week(n, median, ninetieth):
    last = SUNDAY - timedelta(weeks=n)
    return AnswerWeek(last - timedelta(days=6), last, 1 if median else 0, 0, median, ninetieth)


def test_the_tallest_bar_reaches_the_ceiling_and_half_as_many_half_as_high():
    late, today, ahead = due_bars(2, days(4, 0))
    assert (today.y, today.height) == (CEILING, FLOOR - CEILING)
    assert late.height == today.height / 2
    assert (ahead.height, ahead.y) == (0, FLOOR)
    assert [bar.tone for bar in (late, today, ahead)] == ["late", "today", "ahead"]


def test_bars_stand_side_by_side_within_the_picture():
    bars = due_bars(1, days(*range(28)))
    assert all(one.x + one.width <= other.x for one, other in zip(bars, bars[1:], strict=False))
    assert bars[-1].x + bars[-1].width <= WIDTH


def test_only_mondays_are_labelled_and_never_next_to_today():
    assert [bar.on.isoformat() for bar in due_bars(0, days(*[1] * 28)) if bar.labelled] == [
        "2026-11-30", "2026-12-07", "2026-12-14",
    ]  # fmt: skip


def test_what_is_late_stands_apart_from_today():
    late, today, tomorrow = due_bars(1, days(1, 1))
    assert today.x - late.x > 1.5 * (tomorrow.x - today.x)


def test_nothing_due_draws_flat_bars_instead_of_dividing_by_nothing():
    assert {bar.height for bar in due_bars(0, days(0, 0))} == {0}


def test_an_answer_on_the_last_promised_day_lies_on_the_line_of_the_promise():
    lines = pace_lines([week(0, 6, 15)], 15)
    assert lines.ninetieth[0][0].y == lines.promise_y == CEILING
    assert lines.median[0][0].y == round(FLOOR - (FLOOR - CEILING) * 6 / 15, 1)


def test_a_late_answer_stands_above_the_promise():
    lines = pace_lines([week(0, 30, 30)], 15)
    assert lines.ninetieth[0][0].y < lines.promise_y


def test_a_week_without_answers_breaks_the_line():
    lines = pace_lines([week(2, 3, 4), week(1, None, None), week(0, 5, 6)], 15)
    assert [len(part) for part in lines.median] == [1, 1]


def test_the_last_week_has_its_date_below_it():
    weeks = [week(n, 3, 4) for n in range(11, -1, -1)]
    assert pace_lines(weeks, 15).ticks[-1][1] == SUNDAY
