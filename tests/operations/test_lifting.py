"""Whoever was restricted is released, all of them and nobody else, whatever died or was reopened on the way."""

import json
from datetime import timedelta
from typing import Any

import pytest

from requests_app.connectors import PermanentFailure, RetryLater
from requests_app.models import Notice, Restriction, SourceAct
from requests_app.models.keys import seal
from requests_app.operations import decision, erasure_plan, kept, person, restriction, restriction_told, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.operations.test_restriction import (
    ASKED,
    DAY,
    DONE,
    MINUTE,
    REVIEW,
    SOON,
    THEN,
    Shop,
    announced,
    answered,
    asked_for,
    recipients_are_told,
    restricted,
    status,
)
from tests.people import published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LATER, LIFTED = THEN + 8 * DAY, THEN + 9 * DAY
HOUR = timedelta(hours=1)
REFUSED = {**DONE, "outcome": "refuse", "ground": "groundless_repetition", "facts": "As said.", "scope": "All of it."}
PEOPLE = "requests_app.connectors.people.DepartmentPeople"


class Two(Shop):
    """Marks whoever it is told of; how it goes with an end is up to the test."""

    errors: list[Exception] = []  # raised once each, after it has released them

    def restrict(self, references: Any, *, restricted: bool, request_id: str) -> Any:
        Shop.told.append(restricted)
        (Shop.restricted.update if restricted else Shop.restricted.difference_update)(references)
        if not restricted and Shop.meanwhile is not None:
            Shop.meanwhile()
        if not restricted and Two.errors:
            raise Two.errors.pop()
        return []


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    published_policy()
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Two"}}
    Shop.restricted, Shop.told, Shop.error, Shop.meanwhile, Two.errors = set(), [], None, None, []


def lifting(bruno: Actor, ada: Actor) -> Restriction:
    """Ana was restricted, told that it ends, and somebody lifts it; no source knows it yet."""
    row = restricted(bruno)
    answered(row, bruno, ada)
    announced(row, bruno)
    restriction.lift(row, actor=bruno, at=LATER)
    return row


def restricted_as(other: Any, *references: str) -> None:
    """What another worker does: it keeps whom it is about, tells the source and writes down that it did."""
    act = SourceAct.objects.get(dsr=other, alias="shop", act="restrict")
    sealed = seal(other.submission_id, act.place, json.dumps(references))
    SourceAct.objects.filter(pk=act.pk).update(references_sealed=sealed, status="done", next_try_at=None)
    Shop.restricted.update(references)


def another(bruno: Actor) -> Any:
    """Ana asks for a restriction once more, by another address."""
    other = asked_for(email="ana@work.example")
    restriction.restrict(other, **ASKED, review_on=REVIEW, actor=bruno, at=SOON)
    SourceAct.objects.filter(dsr=other).update(next_try_at=LIFTED + DAY)
    return other


def reopened(row: Restriction, petra: Actor, *, at: Any) -> Any:
    row.dsr.refresh_from_db()
    return decision.reopen(row.dsr, reason="She was right.", actor=petra, at=at)


class TestAnotherRestriction:
    def test_is_owed_anew_in_the_same_breath_in_which_the_end_is_written_down(
        self, bruno: Actor, ada: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = another(bruno)
        row = lifting(bruno, ada)
        Shop.meanwhile = lambda: restricted_as(other, "C-1")

        def dies(*_acts: object, **_at: object) -> None:
            raise MemoryError

        monkeypatch.setattr(restriction_told, "tell_anew", dies)
        sweeps.carry_out_acts(LATER)
        assert status(row.dsr, "lift") == "waiting"  # as if nobody had told it: it is told once more

    def test_is_told_anew_where_the_answer_to_an_earlier_try_was_lost(self, bruno: Actor, ada: Actor) -> None:
        other = another(bruno)
        row = lifting(bruno, ada)
        Two.errors = [RetryLater()]
        sweeps.carry_out_acts(LATER)
        restricted_as(other, "C-1")
        Shop.restricted.clear()  # the source carries the first try out only now
        sweeps.carry_out_acts(LATER + HOUR)
        assert (status(row.dsr, "lift"), status(other, "restrict")) == ("done", "waiting")
        sweeps.carry_out_acts(LATER + 2 * HOUR)
        assert Shop.restricted == {"C-1"}

    def test_is_told_anew_where_somebody_had_the_end_told_again(self, bruno: Actor, ada: Actor) -> None:
        other = another(bruno)
        row = lifting(bruno, ada)
        Two.errors = [PermanentFailure()]
        sweeps.carry_out_acts(LATER)
        restricted_as(other, "C-1")
        Shop.restricted.clear()
        erasure_plan.ask_again(SourceAct.objects.get(act="lift", alias="shop"), actor=bruno, at=LATER + HOUR)
        for hours in (1, 2):
            sweeps.carry_out_acts(LATER + hours * HOUR)
        assert (status(row.dsr, "lift"), Shop.restricted) == ("done", {"C-1"})

    def test_is_told_anew_although_its_own_request_is_over(self, bruno: Actor, ada: Actor) -> None:
        other = another(bruno)
        lifting(bruno, ada)
        Shop.meanwhile = lambda: restricted_as(other, "C-1")
        person.cancel(other, actor=Actor.person(), at=LATER)
        for hours in (0, 1):
            sweeps.carry_out_acts(LATER + hours * HOUR)
        assert (Shop.restricted, status(other, "restrict")) == ({"C-1"}, "done")

    def test_keeps_whom_it_covers_and_the_others_are_released(self, bruno: Actor, ada: Actor) -> None:
        other = another(bruno)
        row = lifting(bruno, ada)
        restricted_as(row.dsr, "C-1", "C-2")
        restricted_as(other, "C-2")
        sweeps.carry_out_acts(LATER)
        assert (status(row.dsr, "lift"), Shop.restricted) == ("done", {"C-2"})


class TestWhoIsReleased:
    def test_are_those_of_every_clock(self, bruno: Actor, ada: Actor, petra: Actor) -> None:
        row = restricted(bruno)
        restricted_as(row.dsr, "C-OLD")
        answered(row, bruno, ada)
        dsr = reopened(row, petra, at=THEN + HOUR)
        sweeps.carry_out_acts(THEN + HOUR)
        act = SourceAct.objects.get(dsr=dsr, alias="shop", act="restrict", opened_at=dsr.opened_at)
        assert (act.references, Shop.restricted >= {"C-1", "C-OLD"}) == (("C-1",), True)
        SourceAct.objects.filter(alias="recipients:").update(status="done", opened_at=dsr.opened_at)
        made = decision.decide(dsr, **DONE, actor=bruno, at=THEN + HOUR)
        decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN + 2 * HOUR)
        announced(row, bruno)
        restriction.lift(row, actor=bruno, at=LATER)
        sweeps.carry_out_acts(LATER)
        assert Shop.restricted == set()

    def test_are_those_whom_it_was_told_of_before_it_was_told_anew(self, bruno: Actor, ada: Actor) -> None:
        row = restricted(bruno)
        restricted_as(row.dsr, "C-OLD")
        act = SourceAct.objects.get(dsr=row.dsr, alias="shop", act="restrict")
        SourceAct.objects.filter(pk=act.pk).update(status="waiting", next_try_at=SOON + MINUTE)
        sweeps.carry_out_acts(SOON + MINUTE)
        act.refresh_from_db()
        assert (act.status, act.references) == ("done", ("C-OLD", "C-1"))


class TestAnEndThatCannotBeTold:
    @pytest.fixture
    def failed(self, bruno: Actor, ada: Actor) -> SourceAct:
        lifting(bruno, ada)
        Two.errors = [PermanentFailure()]
        sweeps.carry_out_acts(LATER)
        Shop.restricted.add("C-1")
        return SourceAct.objects.get(act="lift", alias="shop", status="failed")

    def test_is_told_again_although_its_request_was_reopened_since(
        self, failed: SourceAct, bruno: Actor, petra: Actor
    ) -> None:
        decision.reopen(failed.dsr, reason="More to do.", actor=petra, at=LATER + HOUR)
        erasure_plan.ask_again(failed, actor=bruno, at=LATER + 2 * HOUR)
        sweeps.carry_out_acts(LATER + 2 * HOUR)
        failed.refresh_from_db()
        assert (failed.status, Shop.restricted) == ("done", set())

    def test_is_said_to_be_done_although_its_request_was_reopened_since(
        self, failed: SourceAct, bruno: Actor, petra: Actor
    ) -> None:
        decision.reopen(failed.dsr, reason="More to do.", actor=petra, at=LATER + HOUR)
        erasure_plan.attest(failed, note="Bruno took the mark off.", actor=bruno, at=LATER + 2 * HOUR)
        failed.refresh_from_db()
        assert failed.status == "done"

    def test_keeps_the_case_until_somebody_ended_it(self, failed: SourceAct, bruno: Actor) -> None:
        long_after = LATER + 900 * DAY
        Notice.objects.update(next_try_at=None)
        recipients_are_told(failed.dsr, bruno, "lift")
        why = "the end of a restriction has not been told"
        assert kept.kept_for(failed.dsr.submission, at=long_after) == why
        erasure_plan.attest(failed, note="Bruno took the mark off.", actor=bruno, at=long_after)
        assert kept.kept_for(failed.dsr.submission, at=long_after) == ""


class TestTellingAgain:
    def test_is_not_for_what_was_told(self, bruno: Actor) -> None:
        row = restricted(bruno)
        with pytest.raises(Refused, match="Nothing stands against"):
            erasure_plan.ask_again(SourceAct.objects.get(dsr=row.dsr, alias="shop"), actor=bruno, at=THEN)

    def test_is_not_for_recipients_who_are_no_source(self, bruno: Actor) -> None:
        row = restricted(bruno)
        recipients_are_told(row.dsr, bruno)
        act = SourceAct.objects.get(dsr=row.dsr, alias="recipients:")
        for said in ("done", "by_hand", "failed"):
            SourceAct.objects.filter(pk=act.pk).update(status=said)
            with pytest.raises(Refused, match="Nothing stands against"):
                erasure_plan.ask_again(act, actor=bruno, at=THEN)


class TestLifting:
    def test_a_task_that_nobody_can_answer_any_more_stands_against_nothing(self, bruno: Actor, settings: Any) -> None:
        options = {"name": "Archive", "to": ["carla@shop.example"]}
        settings.DATA_SOURCES = {"archive": {"BACKEND": PEOPLE, "OPTIONS": options}}
        dsr = asked_for("objection")
        sweeps.carry_out_acts(SOON)
        assert status(dsr, "restrict", "archive") == "pending"
        person.cancel(dsr, actor=Actor.person(), at=THEN)
        row = Restriction.objects.get()
        announced(row, bruno)
        restriction.lift(row, actor=bruno, at=LATER)
        assert (status(dsr, "restrict", "archive"), status(dsr, "lift", "archive")) == ("failed", "waiting")

    def test_a_task_that_can_be_answered_still_does(self, bruno: Actor, ada: Actor) -> None:
        row = restricted(bruno)
        answered(row, bruno, ada)
        announced(row, bruno)
        SourceAct.objects.filter(act="restrict", alias="shop").update(status="pending")
        with pytest.raises(Refused, match="still being told"):
            restriction.lift(row, actor=bruno, at=LATER)

    def test_waits_seven_days_from_when_the_letter_reached_the_person(self, bruno: Actor, ada: Actor) -> None:
        row = restricted(bruno)
        answered(row, bruno, ada)
        letter = announced(row, bruno)
        Notice.objects.filter(pk=letter.pk).update(handed_over_at=LATER)
        with pytest.raises(Refused, match="reached the person on 2 December 2026: not before 9 December 2026"):
            restriction.lift(row, actor=bruno, at=LATER + MINUTE)
        Notice.objects.filter(pk=letter.pk).update(served_at=LATER - 2 * DAY)
        restriction.lift(row, actor=bruno, at=LATER + 5 * DAY)

    def test_is_off_once_the_request_is_taken_up_again_which_can_then_be_refused(
        self, bruno: Actor, ada: Actor, petra: Actor
    ) -> None:
        row = restricted(bruno)
        answered(row, bruno, ada)
        announced(row, bruno)
        dsr = reopened(row, petra, at=THEN + 2 * DAY)
        row.refresh_from_db()
        assert (row.announced_at, row.reminded_on, row.review_on) == (None, None, dsr.due_on)
        assert Notice.objects.filter(kind="restriction_stands").count() == 1
        sweeps.carry_out_acts(THEN + 2 * DAY)
        SourceAct.objects.filter(alias="recipients:").update(status="done", opened_at=dsr.opened_at)
        made = decision.decide(dsr, **REFUSED, actor=bruno, at=THEN + 3 * DAY)
        decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN + 3 * DAY)
        row.refresh_from_db()
        assert row.lift_from == (THEN + 10 * DAY).date()
