"""Stored dates follow newer holidays by an explicit recalculation only; the promise never becomes later by one."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from requests_app.models import DataSubjectRequest, EvidenceEvent, MilestoneRecord, Notice
from requests_app.operations import calendars, evidence, person, recalculation, timeline
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.operations.sweeps import SWEEPS
from tests.operations.test_deadline_change import TEXT, fresh, petra, published
from tests.people import ana_files, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]

FILED = datetime(2026, 11, 25, 12, tzinfo=UTC)


def rolling(text: str = TEXT) -> str:
    """A promise of a month with roll-over, by the holidays of England, as the one law that binds."""
    for old, new in (
        ("response_days = { value = 15", "response_days = { value = 1"),
        ('counting = { value = "calendar_days"', 'counting = { value = "months"'),
        ('roll_over = { value = "none"', 'roll_over = { value = "next_working_day"'),
        ("notice_hour =", 'holidays = { value = "GB-ENG", source = "test" }\nnotice_hour ='),
        ('regimes = { value = ["gdpr", "uk_gdpr"]', 'regimes = { value = ["uk_gdpr"]'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    return text


def filed(text: str) -> Any:
    published(text)
    return fresh(ana_files("access", at=FILED).requests.get())


def stored_with_an_older_package(dsr: Any, **dates: date) -> Any:
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(**dates)
    return fresh(dsr)


def found() -> list[Any]:
    return [(d.dsr.pk, d.before, d.after) for d in recalculation.preview(at=FILED)]


def test_with_the_same_holidays_nothing_differs_and_nothing_is_recalculated() -> None:
    dsr = filed(rolling())
    assert found() == []
    with pytest.raises(Refused, match="nothing to recalculate"):
        recalculation.recalculate(dsr, actor=petra(), at=FILED)


def test_a_newer_package_moves_no_stored_date_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    dsr = filed(rolling())
    assert dsr.due_on == dsr.statutory_on == date(2026, 12, 29)  # from Christmas over Boxing Day and its substitute
    real = calendars.of_policy
    monkeypatch.setattr(calendars, "of_policy", lambda policy, day: _with(real(policy, day), date(2026, 12, 29)))
    SWEEPS["enforce_deadlines"](FILED)
    assert fresh(dsr).due_on == date(2026, 12, 29)
    explained = timeline.deadline_for(fresh(dsr))
    assert (explained.due_on, explained.steps[-1].code) == (date(2026, 12, 29), "stands")
    assert explained.steps[-1].params["counted"] == date(2026, 12, 30)
    assert found() == []  # a later promise is taken by a reasoned extension only


def test_the_laws_date_follows_the_holidays_in_both_directions() -> None:
    for older in (date(2026, 12, 28), date(2026, 12, 30)):
        dsr = stored_with_an_older_package(filed(rolling()), statutory_on=older)
        recalculation.recalculate(dsr, actor=petra(), at=FILED)
        dsr = fresh(dsr)
        assert (dsr.due_on, dsr.statutory_on) == (date(2026, 12, 29), date(2026, 12, 29))
        said = json.loads(EvidenceEvent.objects.get(dsr_id=dsr.pk, kind="deadline_recalculated").body)
        assert (said["statutory_before"], said["statutory_on"]) == (older.isoformat(), "2026-12-29")
        assert said["calendar"] == calendars.SOURCE
    assert not Notice.objects.filter(kind="deadline_earlier").exists()
    assert list(evidence.verify()) == []


def test_an_earlier_promise_is_taken_and_told_and_arms_the_milestones_anew() -> None:
    dsr = stored_with_an_older_package(filed(rolling()), due_on=date(2026, 12, 31))
    assert found() == [(dsr.pk, (date(2026, 12, 31), *_rest(dsr)), (date(2026, 12, 29), *_rest(dsr)))]
    recalculation.recalculate(dsr, actor=petra(), at=FILED)
    assert fresh(dsr).due_on == date(2026, 12, 29)
    text = Notice.objects.get(kind="deadline_earlier").text
    assert "29 December 2026" in text
    assert "31 December 2026" in text
    SWEEPS["enforce_deadlines"](datetime(2026, 12, 30, 9, tzinfo=UTC))
    assert not MilestoneRecord.objects.filter(dsr=dsr, due_on=date(2026, 12, 31)).exists()
    assert found() == []


def test_a_promise_never_becomes_later_and_never_a_day_that_is_over() -> None:
    dsr = stored_with_an_older_package(filed(rolling()), due_on=date(2026, 12, 28))
    assert found() == []
    stored_with_an_older_package(dsr, due_on=date(2026, 12, 31))
    assert list(recalculation.preview(at=datetime(2026, 12, 30, 12, tzinfo=UTC))) == []
    assert len(list(recalculation.preview(at=datetime(2026, 12, 29, 12, tzinfo=UTC)))) == 1


def test_an_ended_request_keeps_its_dates() -> None:
    dsr = stored_with_an_older_package(filed(rolling()), statutory_on=date(2026, 12, 28))
    person.cancel(dsr, actor=Actor.person(), at=FILED)
    assert found() == []
    with pytest.raises(Refused, match="it has ended"):
        recalculation.recalculate(fresh(dsr), actor=petra(), at=FILED)


def test_only_a_privacy_officer_recalculates() -> None:
    dsr = stored_with_an_older_package(filed(rolling()), statutory_on=date(2026, 12, 28))
    for actor in (Actor.staff(staff("bruno", "handler")), Actor.staff(staff("ada")), Actor.system()):
        with pytest.raises(RoleMissing):
            recalculation.recalculate(dsr, actor=actor, at=FILED)
    assert fresh(dsr).statutory_on == date(2026, 12, 28)


def test_the_command_shows_first_and_then_does_it_in_somebodys_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests_app.clock.now", lambda: FILED)
    dsr = stored_with_an_older_package(filed(rolling()), statutory_on=date(2026, 12, 28))
    call_command("recalculate", "--dry-run")
    said = capsys.readouterr().out
    line = f"{dsr.submission.case_label} access: 2026-12-29 2026-12-28 2026-12-25 -> 2026-12-29 2026-12-29 2026-12-25"
    assert said.splitlines() == [line, "1 would change."]
    assert fresh(dsr).statutory_on == date(2026, 12, 28)
    with pytest.raises(CommandError, match="no active staff account"):
        call_command("recalculate", "--by", "nobody")
    call_command("recalculate", "--by", "petra")
    assert "1 recalculated." in capsys.readouterr().out
    assert fresh(dsr).statutory_on == date(2026, 12, 29)
    call_command("recalculate", "--by", "petra")
    assert capsys.readouterr().out == "0 recalculated.\n"


def _rest(dsr: Any) -> tuple[date, date]:
    return dsr.statutory_on, dsr.cautious_on


def _with(calendar: Any, day: date) -> Any:
    return type(calendar)(
        calendar.weekend,
        calendar.holidays | {day},
        calendar.holiday_ranges,
        calendar.makeup_working_days,
        calendar.covers,
    )
