"""An erasure as a weapon, or behind somebody's back: what was shown to stay, one person alone, a request that is over
(A13, A14)."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from requests_app.connectors import NotOffered, PermanentFailure
from requests_app.models import DataSubjectRequest, ErasureCertificate, ErasureItem, SourceAct
from requests_app.operations import decision, erasure_plan, legal_hold, person, same_person, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.owed_acts import tell_anew
from requests_app.operations.readiness import missing
from requests_app.operations.refused import Refused
from requests_app.rules.erasure_plan import Choice
from requests_app.rules.lifecycle import TRANSITIONS, Action, State
from tests.operations.test_legal_hold import LONG_AGO
from tests.operations.test_source_acts import (
    DAY,
    DONE,
    KEPT,
    MINUTE,
    SOON,
    THEN,
    Shop,
    _world,  # noqa: F401 (a fixture of every test here)
    approved,
    carried_out,
    choose,
    to_be_deleted,
)
from tests.people import NOON, ana_files, confirms, confirms_erasure, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
STAYS = "The person was shown that shop: orders stays. Let it stay, or have them confirm anew."


@pytest.fixture
def bianca() -> Actor:
    return Actor.staff(staff("bianca", "handler"))


def account(actor: Actor) -> User:
    assert actor.user is not None
    return User.objects.get(pk=actor.user.pk)


def shown_that_orders_stay(bruno: Actor, *, confirmed_at: Any = SOON) -> Any:
    """Bruno decided that the orders stay, and Ana confirmed the erasure after she had seen that."""
    submission = ana_files("deletion")
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.carry_out_acts(SOON)
    dsr = submission.requests.get()
    items = {item.table: item.pk for item in ErasureItem.objects.all()}
    erasure_plan.decide(dsr, {items["orders"]: KEPT, items["customers"]: Choice("erase")}, actor=bruno, at=SOON)
    return confirms_erasure(dsr, at=confirmed_at)


def asked_anew(at: Any) -> None:
    newest = SourceAct.objects.filter(act="plan").latest("opened_at")
    tell_anew(SourceAct.objects.filter(pk=newest.pk), at=at)
    sweeps.carry_out_acts(at)


class TestWhatWasShownToStay:
    def test_stays_although_the_source_is_asked_anew_after_the_confirmation(self, bruno: Actor) -> None:
        dsr = shown_that_orders_stay(bruno)
        asked_anew(THEN)
        choose(dsr, bruno)
        assert missing(dsr) == [STAYS]

    def test_stays_although_it_was_away_for_one_answer(self, bruno: Actor) -> None:
        dsr = shown_that_orders_stay(bruno)
        for orders in (0, 3):
            Shop.held["orders"] = orders
            asked_anew(THEN)
        choose(dsr, bruno)
        assert missing(dsr) == [STAYS]

    def test_stays_where_the_source_is_taken_over_by_hand(self, bruno: Actor) -> None:
        dsr = shown_that_orders_stay(bruno)
        Shop.error = PermanentFailure()
        asked_anew(THEN)
        erasure_plan.attest(SourceAct.objects.get(act="plan"), note="It was closed down.", actor=bruno, at=THEN)
        choose(dsr, bruno)
        assert missing(dsr) == [STAYS.replace("orders", "everything")]

    def test_stays_where_a_late_confirmation_began_a_new_clock(self, bruno: Actor) -> None:
        late = NOON + 29 * DAY
        dsr = shown_that_orders_stay(bruno, confirmed_at=late)
        assert dsr.opened_at == late
        sweeps.run_steps(late + MINUTE)
        sweeps.carry_out_acts(late + MINUTE)
        own = {item.pk: Choice("erase") for item in ErasureItem.objects.filter(opened_at=late)}
        erasure_plan.decide(dsr, own, actor=bruno, at=late + DAY)
        assert missing(dsr) == [STAYS]


class TestOnePersonAlone:
    @pytest.fixture
    def failed(self, bruno: Actor, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> SourceAct:
        """The shop erases nothing from here; Bruno says that he did it by hand; what is left cannot be asked."""

        def not_from_here(self: Shop, *args: Any, **told: Any) -> Any:
            raise NotOffered

        def broken(self: Shop, *args: Any, **told: Any) -> Any:
            raise PermanentFailure

        dsr = to_be_deleted()
        choose(dsr, bruno)
        approved(dsr, bruno, ada)
        monkeypatch.setattr(Shop, "erase", not_from_here)
        monkeypatch.setattr(Shop, "verify_gone", broken)
        carried_out(THEN + DAY)
        erasure_plan.attest(SourceAct.objects.get(act="erase"), note="By hand.", actor=bruno, at=THEN + DAY)
        carried_out(THEN + DAY + MINUTE)
        return SourceAct.objects.get(act="verify", occasion="now", status="failed")

    def test_does_not_say_that_it_is_erased_and_that_nothing_is_left(
        self, failed: SourceAct, bruno: Actor, bianca: Actor
    ) -> None:
        with pytest.raises(Refused, match="A second person"):
            erasure_plan.attest(failed, note="I looked.", actor=bruno, at=THEN + 2 * DAY)
        assert not ErasureCertificate.objects.exists()
        erasure_plan.attest(failed, note="I looked.", actor=bianca, at=THEN + 2 * DAY)
        assert '"said":"attested"' in ErasureCertificate.objects.get().body

    def test_does_not_do_so_with_a_second_account(self, failed: SourceAct, bruno: Actor, bianca: Actor) -> None:
        same_person.link([account(bruno), account(bianca)])
        with pytest.raises(Refused, match="A second person"):
            erasure_plan.attest(failed, note="I looked.", actor=bianca, at=THEN + 2 * DAY)

    def test_says_nothing_of_a_source_that_can_be_asked_and_still_holds_data(self, bruno: Actor, ada: Actor) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno)
        approved(dsr, bruno, ada)
        Shop.lies = True
        carried_out(THEN + DAY)
        act = SourceAct.objects.get(act="verify", status="contradicted")
        with pytest.raises(Refused, match="Nobody waits"):
            erasure_plan.attest(act, note="I looked.", actor=bruno, at=THEN + 2 * DAY)

    def test_says_nothing_of_what_is_held(self, bruno: Actor, ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        def not_from_here(self: Shop, *args: Any, **told: Any) -> Any:
            raise NotOffered

        monkeypatch.setattr(Shop, "erase", not_from_here)
        petra, dsr = Actor.staff(staff("petra", "privacy officer")), to_be_deleted()
        choose(dsr, bruno)
        dsr = approved(dsr, bruno, ada)
        orders = ErasureItem.objects.get(table="orders")
        held = legal_hold.set_hold(dsr, items=[orders.pk], **LONG_AGO, told=True, actor=petra, at=THEN + 2 * MINUTE)
        carried_out(THEN + DAY)
        Shop.held["customers"] = 0
        act = SourceAct.objects.get(act="erase")
        erasure_plan.attest(act, note="All but the orders.", actor=bruno, at=THEN + DAY)
        assert list(ErasureItem.objects.filter(done_at=None).values_list("table", flat=True)) == ["orders"]
        legal_hold.lift_hold(held, why="Settled.", actor=petra, at=THEN + 2 * DAY)
        carried_out(THEN + 2 * DAY)
        act.refresh_from_db()
        assert act.status == "by_hand"


class TestWhatIsOver:
    def test_nothing_of_the_plan_is_changed_once_it_is_submitted_or_approved(self, bruno: Actor, ada: Actor) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno)
        made = decision.decide(dsr, **DONE, actor=bruno, at=THEN)
        for state in (State.AWAITING_APPROVAL, State.EXECUTING):
            dsr.refresh_from_db()
            assert dsr.state == state
            with pytest.raises(Refused, match="not in progress"):
                choose(dsr, bruno, orders=KEPT)
            with pytest.raises(Refused, match="over for this request"):
                erasure_plan.ask_again(SourceAct.objects.get(act="plan"), actor=bruno, at=THEN)
            if state == State.AWAITING_APPROVAL:
                decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN)

    def test_no_way_leads_to_the_sources_but_the_approval(self) -> None:
        ways = {action for action, (_from, to) in TRANSITIONS.items() if to == State.EXECUTING}
        assert ways == {Action.APPROVE_ERASURE, Action.RESUME_ERASURE}
        assert TRANSITIONS[Action.RESUME_ERASURE][0] == {State.FULFILLED, State.PARTLY_FULFILLED}

    def test_a_request_that_was_taken_back_leaves_nothing_that_erases(self, bruno: Actor) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno)
        asked = SourceAct.objects.filter(act="plan")
        asked.update(next_try_at=THEN, status="waiting")
        person.cancel(dsr, actor=Actor.person(), at=THEN)
        carried_out(THEN + DAY)
        assert Shop.held == {"customers": 1, "orders": 3}
        assert not SourceAct.objects.filter(next_try_at__isnull=False).exists()
        with pytest.raises(Refused, match="This is over"):
            erasure_plan.attest(asked.get(), note="By hand.", actor=bruno, at=THEN + DAY)

    @pytest.mark.parametrize("state", ["in_progress", "awaiting_approval", "cancelled", "lapsed"])
    def test_what_is_due_of_an_earlier_clock_or_another_state_does_not_erase(
        self, bruno: Actor, ada: Actor, state: str
    ) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno)
        dsr = approved(dsr, bruno, ada)
        assert SourceAct.objects.filter(act="erase", status="waiting").count() == 1
        answered = None if state in ("in_progress", "awaiting_approval") else THEN
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(
            state=state, answered_at=answered, opened_at=dsr.opened_at + timedelta(days=1)
        )
        carried_out(THEN + DAY)
        assert (Shop.held, Shop.erased) == ({"customers": 1, "orders": 3}, [])
