"""What Ana's request owes, and when; and who held it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from requests_app.rules.agenda import Agenda, at_hour, next_wake_at, owed
from requests_app.rules.holder import Spell, days
from requests_app.rules.response_deadline import Pause

TZ = "Europe/Rome"
RECEIVED = datetime(2026, 6, 1, 10, tzinfo=UTC)
ANA = Agenda(date(2026, 6, 16), TZ, RECEIVED, "in_progress", verified=True)
NEW = replace(ANA, state="awaiting_verification", verified=False)


def at(day, hour=6, month=6):  # 06:00 UTC is 08:00 in Rome in summer
    return datetime(2026, month, day, hour, tzinfo=UTC)


def told(inp, now):
    return [item.kind for item in owed(inp, now) if not item.superseded]


def kept(inp, now):
    return [item.kind for item in owed(inp, now) if item.superseded]


def record(inp, now):
    return replace(inp, already=inp.already | {item.key for item in owed(inp, now)})


def live(inp, days_long=40):
    """Wake exactly when told to, and list what was told."""
    told_at, now = [], inp.received_at
    while (wake := next_wake_at(inp, now)) and wake < inp.received_at + timedelta(days=days_long):
        now = wake
        told_at += [(item.kind, item.at) for item in owed(inp, now) if not item.superseded]
        inp = record(inp, now)
    return told_at


def test_each_milestone_comes_once_at_eight_local():
    assert live(ANA, 16) == [
        ("due_in_10", at(6)), ("due_in_5", at(11)), ("due_in_3", at(13)), ("due_in_1", at(15)),
        ("due_today", at(16)), ("missed", at(16, 22)), ("overdue_daily", at(17)),
    ]  # fmt: skip


def test_after_the_end_the_privacy_officer_hears_daily():
    assert [kind for kind, _ in live(ANA, 17)][-3:] == ["missed", "overdue_daily", "overdue_daily"]


def test_after_a_long_silence_only_the_most_urgent_is_told_and_all_are_recorded():
    assert told(ANA, at(14)) == ["due_in_3"]
    assert kept(ANA, at(14)) == ["due_in_10", "due_in_5"]
    assert told(ANA, at(25)) == ["missed", "overdue_daily"]
    assert [i.for_date for i in owed(ANA, at(25)) if i.kind == "overdue_daily"] == [date(2026, 6, 25)]
    assert owed(record(ANA, at(25)), at(25)) == []


def test_an_item_says_how_late_it_is():
    assert owed(ANA, at(6, 9))[0].lateness(at(6, 9)) == timedelta(hours=3)


def test_milestones_that_had_passed_at_receipt_are_not_owed():
    short = replace(ANA, due_on=date(2026, 6, 5))
    assert [kind for kind, _ in live(short, 4)] == ["due_in_3", "due_in_1", "due_today"]


def test_an_unverified_request_is_reminded_twice_and_lapses_the_day_before_the_end():
    ended = replace(NEW, state="lapsed")
    assert live(NEW) == [("reminder_verify_2", at(3)), ("reminder_verify_5", at(6)), ("lapse", at(15))]
    assert next_wake_at(ended, at(15)) is None


def test_a_late_sweep_lapses_without_reminding_first():
    assert told(NEW, at(20)) == ["lapse"]
    assert kept(NEW, at(20)) == ["reminder_verify_2", "reminder_verify_5"]


def test_who_was_asked_after_the_lapse_had_come_does_not_lapse():
    asked_late = replace(NEW, asked_at=at(15))
    assert "lapse" not in told(asked_late, at(20))
    assert "missed" in told(asked_late, at(20))
    assert told(replace(NEW, asked_at=at(15) - timedelta(seconds=1)), at(20)) == ["lapse"]


def test_what_never_lapses_is_missed_like_any_other():
    stubborn = replace(NEW, never_lapses=True)
    kinds = [kind for kind, _ in live(stubborn, 17)]
    assert "lapse" not in kinds
    assert "missed" in kinds


def test_an_erasure_not_confirmed_a_second_time_is_asked_thrice_and_lapses_the_day_before_the_end():
    asked = replace(ANA, confirm_from=at(4, 9))
    assert live(asked) == [
        ("confirm_erasure_0", at(4, 9)), ("confirm_erasure_2", at(6)), ("confirm_erasure_5", at(9)), ("lapse", at(15)),
    ]  # fmt: skip
    assert [i.lateness(at(4, 11)) for i in owed(asked, at(4, 11))] == [timedelta(hours=2)]


def test_who_is_asked_at_the_receipt_itself_is_asked_all_the_same():
    assert told(replace(ANA, confirm_from=RECEIVED), RECEIVED) == ["confirm_erasure_0"]


def test_once_confirmed_an_erasure_has_its_milestones_like_any_other():
    asked = record(replace(ANA, confirm_from=at(4, 9)), at(9))
    assert told(replace(asked, confirm_from=None), at(11)) == ["due_in_5"]


def test_an_erasure_waiting_for_its_code_is_not_asked_a_second_time_yet():
    assert "confirm_erasure_0" not in told(replace(NEW, confirm_from=at(2)), at(12))


def test_who_is_asked_after_the_lapse_had_come_keeps_the_request():
    late = replace(ANA, confirm_from=at(15))
    assert "lapse" not in told(late, at(20))
    assert "missed" in told(late, at(20))


def test_too_short_for_a_lapse_means_milestones():
    assert told(replace(NEW, due_on=date(2026, 6, 2)), at(2)) == ["due_today"]


def test_an_answer_ends_everything_but_a_breach_not_yet_recorded():
    assert next_wake_at(replace(ANA, answered=True), at(5)) is None
    assert owed(replace(ANA, state="refused"), at(30)) == []
    assert told(replace(ANA, answered_at=at(18)), at(30)) == ["missed"]
    assert owed(replace(ANA, answered_at=at(16)), at(30)) == []


def test_a_package_is_announced_three_days_before_it_ends_but_not_after():
    done = replace(ANA, state="fulfilled", answered=True, package_expires_at=at(30, 12))
    assert next_wake_at(done, at(20)) == at(27)
    assert told(done, at(28)) == ["package_ending"]
    assert kept(done, at(30, 13)) == ["package_ending"]
    assert next_wake_at(record(done, at(28)), at(28)) is None


def test_an_hour_that_does_not_exist_is_the_moment_after_the_jump():
    assert at_hour(date(2026, 3, 29), 0, "Asia/Beirut") == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert at_hour(date(2026, 3, 29), 2, TZ) == datetime(2026, 3, 29, 1, tzinfo=UTC)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(-1, 30), st.integers(0, 1500), st.integers(0, 23),
    st.sampled_from(["received", "awaiting_verification", "in_progress", "fulfilled"]), st.booleans(),
)  # fmt: skip
def test_whatever_is_recorded_the_next_wake_is_later_and_nothing_is_owed_before_it(length, hours, hour, state, never):
    inp = Agenda(
        date(2026, 6, 2) + timedelta(days=length), "Asia/Beirut", RECEIVED, state, notice_hour=hour, never_lapses=never
    )
    now = RECEIVED + timedelta(hours=hours)
    done = record(inp, now)
    assert owed(done, now) == []
    wake = next_wake_at(done, now)
    if wake is not None:
        assert wake > now
        assert owed(done, wake - timedelta(seconds=1)) == []
        assert owed(done, wake) != []


def test_the_holder_bar_gives_each_day_to_who_held_it_at_its_end():
    spells = [Spell("us", RECEIVED), Spell("you", at(3)), Spell("us", at(6))]
    bar = days(spells, date(2026, 6, 1), at(8), TZ, date(2026, 6, 10))
    assert bar.days == ("us", "you", "you", "you", "us", "us", "us", "left", "left")
    assert (bar.with_us, bar.with_you, bar.left, bar.late) == (4, 3, 2, 0)


def test_late_days_come_on_top_and_silence_is_ours():
    bar = days([], date(2026, 6, 1), at(20), TZ, date(2026, 6, 10))
    assert (bar.with_us, bar.left, bar.late) == (9, 0, 10)


def test_a_pause_is_over_on_the_morning_after_its_planned_end_and_late_all_the_same():
    paused = replace(ANA, paused_until=date(2026, 6, 4))
    assert "pause_over" not in told(paused, at(5, hour=5))
    assert "pause_over" in told(paused, at(5))
    assert "pause_over" in told(paused, at(12))
    assert "pause_over" not in told(record(paused, at(5)), at(12))


def test_the_days_of_a_pause_are_nobodys():
    bar = days(
        [Spell("us", RECEIVED)],
        date(2026, 6, 1),
        at(6),
        TZ,
        date(2026, 6, 16),
        [Pause(date(2026, 6, 3), date(2026, 6, 9))],
    )
    assert bar.days[:6] == ("us", "paused", "paused", "paused", "paused", "left")
    assert (bar.with_us, bar.with_you, bar.paused, bar.left) == (1, 0, 4, 10)
