"""An objection suspends the use at once and is weighed on record before it is decided; its answer ends the use, or
announces that the suspension ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from requests_app.connectors import ConsentAct, RetryLater
from requests_app.models import Balancing, ConsentEntry, Notice, Restriction, SourceAct
from requests_app.operations import consents, decision, erasure_plan, evidence, objection, person, restriction, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.readiness import missing
from requests_app.operations.refused import Refused
from tests import people
from tests.operations import test_restriction
from tests.operations.test_restriction import DAY, DONE, MINUTE, SOON, THEN, asked_for, status
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
TEXTS = {
    "controller": "We sell by it.",
    "person": "She does not want a profile.",
    "situation": "Ana is followed by somebody.",
    "reasons": "Hers weigh more.",
}
REFUSED = {**DONE, "outcome": "refuse", "ground": "compelling_grounds", "facts": "As weighed.", "scope": "All of it."}
SHARING = "recently_viewed_sharing"


class Shop(test_restriction.Shop):
    """Is told of consent as well."""

    consents: list[ConsentAct] = []

    def withdraw_consent(self, references: Any, *, acts: Any, request_id: str) -> None:
        Shop.consents += acts


@pytest.fixture(autouse=True)
def _world(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "POLICY", people.POLICY.with_name("ecp.toml"))
    published_policy()
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    base = test_restriction.Shop
    base.restricted, base.told, base.error, Shop.consents = set(), [], None, []


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada() -> Actor:
    return Actor.staff(staff("ada", "approver"))


def objected(**filed: Any) -> Any:
    dsr = asked_for("objection", **filed)
    sweeps.carry_out_acts(SOON)
    return dsr


def weighed(dsr: Any, actor: Actor, outcome: str = "person", purpose: str = "", *, at: Any = THEN) -> Balancing:
    return objection.weigh(dsr, outcome=outcome, texts=TEXTS, purpose=purpose, actor=actor, at=at)


def answered(dsr: Any, author: Actor, approver: Actor, said: dict[str, str] = DONE) -> None:
    made = decision.decide(dsr, **said, actor=author, at=THEN)
    decision.approve(dsr, digest=made.content_digest, actor=approver, at=THEN + MINUTE)


def reached() -> None:
    handed_over = {"delivery": "handed_over", "handed_over_at": F("created_at"), "next_try_at": None}
    Notice.objects.filter(kind="restriction_ending").update(**handed_over)


def test_the_use_is_suspended_as_soon_as_it_is_shown_who_objects() -> None:
    submission = ana_files("objection")
    sweeps.carry_out_acts(NOON)
    assert not Restriction.objects.exists()
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.carry_out_acts(SOON)
    row = Restriction.objects.get()
    assert (row.ground, row.begun_by, Shop.restricted) == ("objection", None, {"C-1"})
    assert row.opened("scope") == "All data that we hold of you"
    assert list(evidence.verify()) == []


def test_direct_marketing_is_stopped_and_never_weighed(bruno: Actor) -> None:
    dsr = ana_files("marketing_optout").requests.get()
    assert not Restriction.objects.exists()
    with pytest.raises(Refused, match="Only an objection"):
        weighed(dsr, bruno)


def test_no_answer_without_the_record_of_the_weighing(bruno: Actor) -> None:
    dsr = objected()
    assert missing(dsr) == ["Nobody has written down how the interests were weighed (GDPR 21(1))."]
    for said in (DONE, REFUSED):
        with pytest.raises(Refused, match="how the interests were weighed"):
            decision.decide(dsr, **said, actor=bruno, at=THEN)


def test_the_answer_is_that_of_the_record(bruno: Actor) -> None:
    dsr = objected()
    weighed(dsr, bruno, "person")
    with pytest.raises(Refused, match="interests of the person prevail"):
        decision.decide(dsr, **REFUSED, actor=bruno, at=THEN)
    weighed(dsr, bruno, "compelling", at=THEN + MINUTE)
    with pytest.raises(Refused, match="the objection is refused"):
        decision.decide(dsr, **DONE, actor=bruno, at=THEN + MINUTE)


def test_nothing_is_refused_while_the_use_goes_on_somewhere(bruno: Actor) -> None:
    Shop.error = test_restriction.Shop.error = RetryLater()
    dsr = objected()
    weighed(dsr, bruno, "compelling")
    for said in (DONE, REFUSED):
        with pytest.raises(Refused, match="shop is told of the restriction"):
            decision.decide(dsr, **said, actor=bruno, at=THEN)


def test_a_refusal_announces_the_end_of_the_suspension_and_lifts_nothing(bruno: Actor, ada: Actor) -> None:
    dsr = objected(language="it")
    weighed(dsr, bruno, "compelling")
    answered(dsr, bruno, ada, REFUSED)
    sweeps.carry_out_acts(THEN + DAY)
    assert Shop.restricted == {"C-1"}
    assert "resta sospeso" in Notice.objects.get(kind="decision_refused").text
    assert "Non prima del 1 dicembre 2026" in Notice.objects.get(kind="restriction_ending").text
    reached()
    row = Restriction.objects.get()
    with pytest.raises(Refused, match="not end before 1 December 2026"):
        restriction.lift(row, actor=bruno, at=THEN + 6 * DAY)
    restriction.lift(row, actor=bruno, at=THEN + 7 * DAY)
    sweeps.carry_out_acts(THEN + 7 * DAY)
    assert (Shop.restricted, status(dsr, "lift")) == (set(), "done")


def test_accepted_the_purpose_ends_in_the_ledger_and_in_the_source_before_anything_is_lifted(
    bruno: Actor, ada: Actor
) -> None:
    dsr = objected()
    weighed(dsr, bruno, "person", SHARING)
    answered(dsr, bruno, ada)
    entry = ConsentEntry.objects.get()
    assert (entry.purpose, entry.act, entry.dsr_id) == (SHARING, "withdrawn", dsr.pk)
    assert "We use your data no longer for: " in Notice.objects.get(kind="decision_done").text
    reached()
    row = Restriction.objects.get()
    with pytest.raises(Refused, match="Not every data source was told yet"):
        restriction.lift(row, actor=bruno, at=THEN + 8 * DAY)
    sweeps.carry_out_acts(THEN + 8 * DAY)
    assert [(act.purpose, act.allowed) for act in Shop.consents] == [(SHARING, False)]
    restriction.lift(row, actor=bruno, at=THEN + 8 * DAY)


def test_accepted_without_a_purpose_it_stays_suspended_until_somebody_says_otherwise(bruno: Actor, ada: Actor) -> None:
    dsr = objected()
    weighed(dsr, bruno, "person")
    answered(dsr, bruno, ada)
    assert not Notice.objects.filter(kind="restriction_ending").exists()
    with pytest.raises(Refused, match="Tell the person first"):
        restriction.lift(Restriction.objects.get(), actor=bruno, at=THEN + 30 * DAY)


def test_while_it_is_not_answered_nobody_lifts_the_suspension(bruno: Actor) -> None:
    objected()
    staff("petra", "privacy officer")
    sweeps.remind_departments(NOON + timedelta(days=20))
    assert not Notice.objects.filter(occurrence__startswith="restriction:").exists()
    row = Restriction.objects.get()
    for act in (lambda: restriction.announce(row, why="No.", actor=bruno, at=THEN),
                lambda: restriction.lift(row, actor=bruno, at=THEN)):  # fmt: skip
        with pytest.raises(Refused, match="Answer the request first"):
            act()


def test_whoever_weighed_it_does_not_approve(bruno: Actor) -> None:
    petra = Actor.staff(staff("petra", "privacy officer"))
    dsr = objected()
    weighed(dsr, petra, "compelling")
    made = decision.decide(dsr, **REFUSED, actor=bruno, at=THEN)
    with pytest.raises(Refused, match="you weighed the interests yourself"):
        decision.approve(dsr, digest=made.content_digest, actor=petra, at=THEN + MINUTE)


def test_the_approval_names_the_record_that_was_read(bruno: Actor, ada: Actor) -> None:
    dsr = objected()
    row = weighed(dsr, bruno, "compelling")
    made = decision.decide(dsr, **REFUSED, actor=bruno, at=THEN)
    Balancing.objects.filter(pk=row.pk).update(outcome="claims")
    with pytest.raises(Refused, match="changed after you opened it"):
        decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN + MINUTE)


def test_what_was_weighed_stands_sealed_and_whole(bruno: Actor) -> None:
    dsr = objected()
    row = weighed(dsr, bruno)
    assert {column: row.opened(column) for column in Balancing.TEXTS} == TEXTS
    assert b"followed" not in bytes(row.situation_sealed)
    with pytest.raises(Refused, match="Write down"):
        objection.weigh(dsr, outcome="person", texts={**TEXTS, "situation": " "}, actor=bruno, at=THEN)
    with pytest.raises(Refused, match="Name a purpose"):
        weighed(dsr, bruno, "compelling", SHARING)


def test_what_was_begun_before_anything_suspended_it_is_suspended_by_the_first_try_to_answer(bruno: Actor) -> None:
    dsr = objected()
    SourceAct.objects.all().delete()
    Restriction.objects.all().delete()
    weighed(dsr, bruno, "compelling")
    with pytest.raises(Refused, match="shop is told of the restriction"):
        decision.decide(dsr, **REFUSED, actor=bruno, at=THEN)
    assert Restriction.objects.get().ground == "objection"


def test_taken_up_again_it_is_suspended_again_and_what_was_announced_is_off(bruno: Actor, ada: Actor) -> None:
    dsr = objected()
    weighed(dsr, bruno, "compelling")
    answered(dsr, bruno, ada, REFUSED)
    dsr.refresh_from_db()
    petra = Actor.staff(staff("petra", "privacy officer"))
    decision.reopen(dsr, reason="She was right.", actor=petra, at=THEN + DAY)
    row = Restriction.objects.get()
    assert (row.announced_at, row.lift_from) == (None, None)
    assert Notice.objects.filter(kind="restriction_stands").count() == 1
    sweeps.carry_out_acts(THEN + DAY)
    assert SourceAct.objects.filter(act="restrict", status="done").count() == 2
    dsr.refresh_from_db()
    assert missing(dsr) == ["Nobody has written down how the interests were weighed (GDPR 21(1))."]


def test_a_person_who_cancels_is_told_before_the_suspension_ends(bruno: Actor) -> None:
    staff("petra", "privacy officer")
    dsr = objected()
    person.cancel(dsr, actor=Actor.person(), at=THEN)
    assert Shop.restricted == {"C-1"}
    sweeps.remind_departments(THEN + MINUTE)
    assert Notice.objects.filter(kind="staff_alarm", occurrence__startswith="restriction:").count() == 1
    row = Restriction.objects.get()
    restriction.announce(row, why="You cancelled the objection.", actor=bruno, at=THEN + MINUTE)
    reached()
    restriction.lift(row, actor=bruno, at=THEN + timedelta(days=8))
    sweeps.carry_out_acts(THEN + timedelta(days=8))
    assert Shop.restricted == set()


def test_an_end_of_the_use_that_was_taken_back_does_not_stand_against_lifting(
    bruno: Actor, ada: Actor, settings: Any
) -> None:
    settings.DATA_SOURCES = {"crm": {"BACKEND": "tests.operations.test_restriction.Crm"}}
    dsr = objected()
    erasure_plan.attest(SourceAct.objects.get(act="restrict"), note="Marked.", actor=bruno, at=SOON)
    weighed(dsr, bruno, "person", SHARING)
    answered(dsr, bruno, ada)
    sweeps.carry_out_acts(THEN + DAY)
    assert status(dsr, "withdraw", "crm") == "by_hand"
    with transaction.atomic():
        consents.take_back(dsr, how=ConsentEntry.How.STAFF, actor=bruno, at=THEN + DAY)
    sweeps.carry_out_acts(THEN + DAY + MINUTE)
    for act in SourceAct.objects.filter(act="withdraw", status="by_hand"):
        erasure_plan.attest(act, note="Shared again.", actor=bruno, at=THEN + 2 * DAY)
    reached()
    restriction.lift(Restriction.objects.get(), actor=bruno, at=THEN + 8 * DAY)
