"""The date moves only by a reasoned act, told in time: one extension, pauses; both are off as the policies ship."""

import json
import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from requests_app.models import EvidenceEvent, Extension, MilestoneRecord, Notice, Pause
from requests_app.operations import (
    deadline_change,
    decision,
    desk,
    evidence,
    identity,
    intake,
    person,
    policies,
    receipt,
    timeline,
)
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.operations.sweeps import SWEEPS
from tests.people import NOON, ana_files, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TEXT = (Path(__file__).parents[2] / "policies" / "ecp.toml").read_text(encoding="utf-8")
DAY = timedelta(days=1)
DUE = date(2026, 12, 7)  # filed on 22 November, fifteen days
LETTER = {"letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}


def policy(*, extension: int = 30, pause: str = "true", regimes: str = '["gdpr", "uk_gdpr"]') -> str:
    text = TEXT.replace("extension_days = { value = 0", f"extension_days = {{ value = {extension}")
    text = text.replace("pause_allowed = { value = false", f"pause_allowed = {{ value = {pause}")
    assert text != TEXT
    return text.replace('regimes = { value = ["gdpr", "uk_gdpr"]', f"regimes = {{ value = {regimes}")


def published(text: str) -> None:
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    policies.load(text, prepared_by=petra, approved_by=ada, at=NOON)


def fresh(dsr: Any) -> Any:
    return type(dsr).objects.select_related("submission", "policy").get(pk=dsr.pk)


def in_progress(text: str | None = None, **filing: Any) -> Any:
    published(policy() if text is None else text)
    submission = ana_files("access", **filing)
    code = identity.code_for(submission.identity_checks.get())
    assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=NOON)
    return submission.requests.select_related("submission", "policy").get()


def petra() -> Actor:
    return Actor.staff(staff("petra", "privacy officer"))


def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


def extended(dsr: Any, *, at: datetime = NOON) -> Extension:
    return deadline_change.extend_deadline(dsr, reason=" Nine systems hold data. ", actor=petra(), at=at)


def asked(text: str | None = None, **filing: Any) -> Any:
    dsr = in_progress(text, **filing)
    desk.ask(dsr, question="Which shop?", actor=bruno(), at=NOON)
    return fresh(dsr)


def paused(dsr: Any, *, days: int = 10, at: datetime = NOON, code: str = "clarification") -> Pause:
    last = at.date() + (days - 1) * DAY
    return deadline_change.pause_deadline(
        dsr, code=code, reason="Which shop you mean.", planned_last_on=last, actor=petra(), at=at
    )


def body(dsr: Any, kind: str) -> Any:
    return json.loads(EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind=kind).latest("seq").body)


def last_second(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 22, 59, 59, tzinfo=UTC)  # Rome in winter


def test_an_extension_counts_from_the_original_start_and_tells_ana_both_dates_and_the_reason() -> None:
    dsr = in_progress()
    extended(dsr)
    dsr = fresh(dsr)
    assert dsr.due_on == date(2027, 1, 6)  # 22 November and 45 days, not 7 December and a month
    assert (dsr.statutory_on, dsr.cautious_on) == (date(2027, 2, 22), date(2027, 1, 6))
    text = Notice.objects.get(kind="deadline_extended").text
    for words in ("6 January 2027", "7 December 2026", "Nine systems hold data.", "15 days and 30 more", "complain"):
        assert words in text
    said = body(dsr, "deadline_extended")
    assert (said["due_before"], said["due_on"]) == ("2026-12-07", "2027-01-06")
    assert "Nine" not in json.dumps(said)
    assert list(evidence.verify()) == []


def test_the_reason_is_sealed() -> None:
    row = extended(in_progress())
    assert b"Nine" not in bytes(row.reason_sealed)
    assert row.reason == "Nine systems hold data."


def test_on_the_last_day_it_can_still_be_told_and_a_second_later_no_more() -> None:
    dsr = in_progress()
    with pytest.raises(Refused, match="The date has passed"):
        extended(dsr, at=last_second(DUE) + timedelta(seconds=1))
    assert extended(dsr, at=last_second(DUE)).due_after == date(2027, 1, 6)


def test_a_period_is_extended_once_and_a_reopened_one_has_its_own() -> None:
    dsr = in_progress()
    extended(dsr)
    with pytest.raises(Refused, match="extended already"):
        extended(dsr)
    person.cancel(fresh(dsr), actor=Actor.person(), at=NOON)
    again = person.reopen(fresh(dsr), proved=True, actor=Actor.person(), at=NOON + DAY)
    assert again.due_on == DUE + DAY
    assert extended(again, at=NOON + DAY).due_after == date(2027, 1, 7)


def test_the_shipped_policies_extend_and_pause_nothing() -> None:
    dsr = asked(TEXT)
    with pytest.raises(Refused, match="allows no extension"):
        extended(dsr)
    with pytest.raises(Refused, match="allows no pause"):
        paused(dsr)
    assert fresh(dsr).due_on == DUE


def test_no_extension_goes_past_a_law_that_knows_none() -> None:
    dsr = in_progress(policy(regimes='["brazil"]'))
    with pytest.raises(Refused, match=r"Brazil \(LGPD\) asks for the answer by 07 December 2026"):
        extended(dsr)
    assert not Extension.objects.exists()


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_extension_needs_a_reason(reason: str) -> None:
    with pytest.raises(Refused, match="reason"):
        deadline_change.extend_deadline(in_progress(), reason=reason, actor=petra(), at=NOON)


def test_a_request_that_waits_for_its_code_or_has_ended_is_not_extended() -> None:
    published(policy())
    dsr = ana_files("access").requests.select_related("submission", "policy").get()
    with pytest.raises(Refused, match="while the request is being worked on"):
        extended(dsr)
    person.cancel(dsr, actor=Actor.person(), at=NOON)
    with pytest.raises(Refused, match="while the request is being worked on"):
        extended(fresh(dsr))


def test_only_a_privacy_officer_moves_a_date_and_anybody_of_the_team_lets_the_clock_go_on() -> None:
    dsr = asked()
    for actor in (bruno(), Actor.staff(staff("otto")), Actor.person(), Actor.system()):
        with pytest.raises(RoleMissing):
            deadline_change.extend_deadline(dsr, reason="Because.", actor=actor, at=NOON)
        with pytest.raises(RoleMissing):
            deadline_change.pause_deadline(
                dsr, code="clarification", reason="What.", planned_last_on=DUE, actor=actor, at=NOON
            )
    paused(dsr)
    with pytest.raises(RoleMissing):
        deadline_change.resume_deadline(dsr, actor=Actor.staff(staff("otto")), at=NOON)
    assert deadline_change.resume_deadline(dsr, actor=bruno(), at=NOON).last_on == NOON.date()


def test_each_milestone_is_armed_anew_by_the_new_date_once() -> None:
    dsr = in_progress()
    soon = datetime(2026, 12, 6, 9, tzinfo=UTC)  # 1 day before
    for _ in range(2):
        SWEEPS["enforce_deadlines"](soon)
    extended(dsr, at=soon)
    assert fresh(dsr).wake_at == datetime(2026, 12, 27, 7, tzinfo=UTC)  # 08:00 in Rome, ten days before
    for _ in range(2):
        SWEEPS["enforce_deadlines"](datetime(2027, 1, 7, 9, tzinfo=UTC))
    kinds = ["due_in_1", "due_in_10", "due_in_3", "due_in_5"]
    found = MilestoneRecord.objects.filter(dsr=dsr)
    assert sorted(found.filter(due_on=DUE).values_list("kind", flat=True)) == kinds
    after = sorted(found.filter(due_on=date(2027, 1, 6)).values_list("kind", flat=True))
    assert after == [*kinds, "due_today", "missed", "overdue_daily"]


def test_a_pause_stores_the_date_as_if_it_lasted_as_planned() -> None:
    dsr = asked()
    paused(dsr)  # 22 November to 1 December; the day of receipt never counted
    dsr = fresh(dsr)
    assert dsr.due_on == date(2026, 12, 16)
    text = Notice.objects.get(kind="deadline_paused").text
    for words in ("22 November 2026", "1 December 2026", "16 December 2026", "7 December 2026", "Which shop you mean."):
        assert words in text
    said = body(dsr, "deadline_paused")
    assert (said["reason"], said["first_on"], said["planned_last_on"]) == ("clarification", "2026-11-22", "2026-12-01")
    assert [s.code for s in timeline.deadline_for(dsr).steps] == ["received", "count", "pause", "due"]


def test_a_reply_lets_the_clock_go_on_with_the_true_last_day() -> None:
    dsr = asked()
    paused(dsr, at=NOON + DAY)
    later = NOON + 3 * DAY
    person.reply(dsr, text="The one in Turin.", file=None, actor=Actor.person(), at=later)
    row = Pause.objects.get()
    assert (row.first_on, row.last_on, row.ended_at) == (date(2026, 11, 23), date(2026, 11, 25), later)
    assert fresh(dsr).due_on == DUE + 3 * DAY  # 23, 24 and 25 do not count: both ends are disregarded
    text = Notice.objects.get(kind="deadline_resumed").text
    for words in ("23 November 2026 to 25 November 2026", "10 December 2026", "We had told you 17 December 2026."):
        assert words in text
    assert EvidenceEvent.objects.get(kind="deadline_resumed").actor_role == "person"
    assert list(evidence.verify()) == []


def test_the_sweep_ends_a_pause_on_the_morning_after_its_plan_and_once() -> None:
    dsr = asked()
    paused(dsr, days=3)  # until 24 November
    due_on = fresh(dsr).due_on
    SWEEPS["enforce_deadlines"](datetime(2026, 11, 25, 6, 59, tzinfo=UTC))
    assert Pause.objects.get().last_on is None
    for _ in range(2):
        SWEEPS["enforce_deadlines"](datetime(2026, 11, 29, 9, tzinfo=UTC))  # late, and as planned all the same
    assert Pause.objects.get().last_on == date(2026, 11, 24)
    assert fresh(dsr).due_on == due_on
    assert Notice.objects.filter(kind="deadline_resumed").count() == 1
    assert MilestoneRecord.objects.filter(kind="pause_over").count() == 1
    assert EvidenceEvent.objects.get(kind="deadline_resumed").actor_role == "system"


def test_a_decision_ends_the_pause_since_nothing_is_waited_for() -> None:
    dsr = asked()
    paused(dsr, days=12)
    decision.decide(fresh(dsr), outcome="done", **LETTER, actor=bruno(), at=NOON + 2 * DAY)
    assert Pause.objects.get().last_on == date(2026, 11, 24)
    assert fresh(dsr).state == "awaiting_approval"


def test_a_pause_is_refused_without_a_question_that_waits() -> None:
    with pytest.raises(Refused, match="Ask the person first"):
        paused(in_progress())


def test_a_pause_begins_on_the_last_day_and_never_after_it() -> None:
    dsr = asked()
    with pytest.raises(Refused, match="The date has passed"):
        paused(dsr, at=last_second(DUE) + timedelta(seconds=1))
    paused(dsr, at=last_second(DUE), days=2)
    assert fresh(dsr).due_on == DUE + 2 * DAY


def test_pauses_do_not_overlap() -> None:
    dsr = asked()
    paused(dsr)
    with pytest.raises(Refused, match="stands still already"):
        paused(fresh(dsr))
    person.reply(dsr, text="Turin.", file=None, actor=Actor.person(), at=NOON + DAY)
    desk.ask(dsr, question="Which year?", actor=bruno(), at=NOON + DAY)
    with pytest.raises(Refused, match="do not overlap"):
        paused(fresh(dsr), at=NOON + DAY)
    paused(fresh(dsr), at=NOON + 2 * DAY, days=2)
    assert fresh(dsr).due_on == DUE + 3 * DAY


@pytest.mark.parametrize(
    ("regimes", "code", "words"),
    [
        ('["uk_gdpr"]', "identity", "Under UK GDPR this starts the period anew"),
        ('["gdpr"]', "clarification", "No law that binds"),
        ('["gdpr"]', "cost_share", "No law that binds"),
    ],
)
def test_a_pause_needs_a_reason_that_a_law_knows(regimes: str, code: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        paused(asked(policy(regimes=regimes)), code=code)


def test_a_pause_is_planned_within_the_bounds_of_the_policy() -> None:
    dsr = asked()
    with pytest.raises(Refused, match="30 days at most: choose 21 December 2026"):
        paused(dsr, days=31)
    with pytest.raises(Refused, match="before today"):
        paused(dsr, days=0)
    with pytest.raises(Refused, match="GDPR asks for the answer by 22 December 2026"):
        paused(dsr, days=30)  # the GDPR does not stand still for a clarification
    assert not Pause.objects.exists()


def test_the_statutory_date_stands_still_only_for_what_its_law_knows() -> None:
    dsr = asked(policy(regimes='["uk_gdpr"]'))
    before = dsr.statutory_on
    paused(dsr, at=NOON + DAY, days=4)
    assert fresh(dsr).statutory_on == before + 7 * DAY  # 26 December is a Saturday, 28 a bank holiday
    assert fresh(dsr).cautious_on == DUE


def test_the_holder_bar_shows_the_days_of_a_pause() -> None:
    dsr = asked()
    paused(dsr, at=NOON + DAY)
    person.reply(dsr, text="Turin.", file=None, actor=Actor.person(), at=NOON + 3 * DAY)
    bar = timeline.holder_bar(fresh(dsr), until=date(2026, 11, 27))
    assert bar.days[:5] == ("paused", "paused", "paused", "us", "us")
    assert (bar.paused, bar.with_you, bar.left) == (3, 0, 13)
    assert len(bar.days) == (fresh(dsr).due_on - NOON.date()).days


def test_a_pause_and_an_extension_are_counted_together() -> None:
    dsr = asked()
    paused(dsr, at=NOON + DAY, days=5)
    extended(fresh(dsr), at=NOON + 2 * DAY)
    assert fresh(dsr).due_on == date(2027, 1, 11)
    person.reply(dsr, text="Turin.", file=None, actor=Actor.person(), at=NOON + 2 * DAY)
    assert fresh(dsr).due_on == date(2027, 1, 8)
    assert timeline.deadline_for(fresh(dsr)).due_on == date(2027, 1, 8)


def letter_received_on(day: date) -> Any:
    published(policy())
    filing = intake.Filing(
        form_key=uuid.uuid4(), rights=("access",), name="Ana Example", email="", details="", language="en",
        postal="Via Roma 1, Torino", received_on=day,
    )  # fmt: skip
    return intake.receive(filing, channel="post", actor=bruno(), at=NOON)


@pytest.mark.parametrize(
    ("true_day", "due_on"),
    [
        (date(2026, 11, 14), date(2026, 12, 29)),  # first due on 29 November: told in time, 45 days
        (date(2026, 11, 7), date(2026, 12, 22)),  # first due on the day of the telling itself
        (date(2026, 11, 6), date(2026, 11, 21)),  # told a day late: no extension, and overdue at once
    ],
)
def test_a_corrected_receipt_keeps_the_extension_only_if_it_was_told_in_time(true_day: date, due_on: date) -> None:
    submission = letter_received_on(date(2026, 11, 17))
    dsr = submission.requests.select_related("submission", "policy").get()
    assert extended(dsr).due_after == date(2027, 1, 1)
    correction = receipt.propose_correction(
        submission, received_on=true_day, reason="The postmark.", actor=bruno(), at=NOON
    )
    receipt.approve_correction(correction, actor=petra(), at=NOON)
    assert fresh(dsr).due_on == timeline.deadline_for(fresh(dsr)).due_on == due_on
    assert Extension.objects.count() == 1


@pytest.mark.parametrize(
    "values",
    [{"due_after": DUE}, {"extended_on": DUE + DAY}],
)
def test_the_database_refuses_an_extension_that_is_none_or_comes_late(values: Any) -> None:
    row = extended(in_progress())
    with pytest.raises(IntegrityError), transaction.atomic():
        Extension.objects.filter(pk=row.pk).update(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"planned_last_on": date(2026, 11, 21)},
        {"last_on": date(2026, 11, 23)},
        {"last_on": date(2026, 12, 2), "ended_at": NOON},
        {"reason": "cost_share"},
    ],
)
def test_the_database_refuses_a_pause_outside_its_plan(values: Any) -> None:
    row = paused(asked())
    with pytest.raises(IntegrityError), transaction.atomic():
        Pause.objects.filter(pk=row.pk).update(**values)


@pytest.mark.django_db(transaction=True)
def test_of_two_extensions_at_once_one_counts() -> None:
    dsr = in_progress()
    actor, start, outcomes = petra(), threading.Barrier(2), []

    def extend() -> None:
        try:
            start.wait(10)
            deadline_change.extend_deadline(dsr, reason="Many systems.", actor=actor, at=NOON)
            outcomes.append("extended")
        except Refused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=extend) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["extended", "refused"]
    assert fresh(dsr).due_on == date(2027, 1, 6)
    assert Notice.objects.filter(kind="deadline_extended").count() == 1
