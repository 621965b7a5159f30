"""A52: a source says "erased" and still holds data. It is asked again, and the request stays open until it is true."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from requests_app.connectors import DataSource, Match, OnFile, PermanentFailure, Query, RetryLater
from requests_app.models import EvidenceEvent, IdentityCheck, Notice, Requery, Submission
from requests_app.operations import decision, identity, on_file, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.operations.still_held import contradictions
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
PARTLY = {**DONE, "outcome": "partly", "ground": "law_forbids_deletion", "facts": "Tax law.", "scope": "Bills."}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SOON, THEN = NOON + MINUTE, NOON + 10 * DAY


class Crm(DataSource):
    """Holds Ana until somebody deletes her, or raises what it was told to."""

    holds = True
    error: Exception | None = None
    asked: list[Query] = []
    in_transaction = False

    def find(self, query: Query) -> list[Match]:
        Crm.asked.append(query)
        Crm.in_transaction = Crm.in_transaction or len(connection.savepoint_ids) > 0
        if Crm.error is not None:
            raise Crm.error
        return [Match("C-1001", (OnFile("ana@example.org", since=NOON - 900 * DAY),))] if Crm.holds else []


class Department(DataSource):
    """People with a task: they know of nobody by address."""

    knows_people = False

    def find(self, query: Query) -> list[Match]:
        raise AssertionError("nobody is found here")


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    published_policy()
    settings.DATA_SOURCES = {"crm": {"BACKEND": f"{__name__}.Crm"}}
    Crm.holds, Crm.error, Crm.asked, Crm.in_transaction = True, None, [], False


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada() -> Actor:
    return Actor.staff(staff("ada", "approver"))


def to_be_deleted(right: str = "deletion", **changes: Any) -> Any:
    """Ana asked twice for it, and the cooling-off is over."""
    submission = ana_files(right, **changes)
    confirms(submission)
    sweeps.run_steps(SOON)
    dsr = submission.requests.select_related("submission", "policy").get()
    confirms_erasure(dsr)
    Crm.asked.clear()
    return dsr


def decides(dsr: Any, bruno: Actor, *, at: Any = THEN, **changes: Any) -> Any:
    made = decision.decide(dsr, **{**DONE, **changes}, actor=bruno, at=at)
    dsr.refresh_from_db()
    return made


def approves(dsr: Any, made: Any, ada: Actor, *, at: Any = THEN + 5 * MINUTE) -> Any:
    return decision.approve(dsr, digest=made.content_digest, actor=ada, at=at)


def kinds(dsr: Any) -> list[str]:
    return [kind for kind in EvidenceEvent.objects.filter(dsr_id=dsr.pk).order_by("seq").values_list("kind", flat=True)
            if kind.endswith("_held")]  # fmt: skip


def test_what_is_gone_is_asked_for_and_then_answered(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted(details="My number is C-1001.")
    Crm.holds = False
    made = decides(dsr, bruno)
    with pytest.raises(Refused, match="has not said yet"):
        approves(dsr, made, ada)
    assert sweeps.run_steps(THEN + MINUTE) == 1
    assert [(query.email, query.details) for query in Crm.asked] == [("ana@example.org", "My number is C-1001.")]
    assert not Crm.in_transaction
    assert approves(dsr, made, ada).state == "fulfilled"
    assert kinds(dsr) == ["not_held"]


def test_a_source_that_lies_is_contradicted_and_the_request_stays_open(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    staff("petra", "privacy officer")
    made = decides(dsr, bruno)
    before = Notice.objects.filter(kind="staff_alarm").count()
    sweeps.run_steps(THEN + MINUTE)
    with pytest.raises(Refused, match="still holds data"):
        approves(dsr, made, ada)
    dsr.refresh_from_db()
    assert (dsr.state, dsr.is_open) == ("awaiting_approval", True)
    assert kinds(dsr) == ["still_held"]
    assert Notice.objects.filter(kind="staff_alarm", dsr=dsr).count() == before + 1  # there is one officer
    Crm.holds = False  # deleted since, and yet what was answered stands until it is decided anew
    assert sweeps.run_steps(THEN + MINUTE) == 0
    with pytest.raises(Refused, match="still holds data"):
        approves(dsr, made, ada)
    assert len(contradictions(dsr)) == 1


def test_what_was_left_under_a_confirmed_address_on_file_is_found(bruno: Actor, ada: Actor, settings: Any) -> None:
    people = [{"reference": "C-1001", "emails": ["ana@old.example"], "since": NOON - 900 * DAY}]
    memory = "requests_app.connectors.in_memory.InMemory"
    settings.DATA_SOURCES = {"crm": {"BACKEND": memory, "OPTIONS": {"people": people}}}
    dsr = to_be_deleted(details="My number is C-1001.")
    check = IdentityCheck.objects.get(purpose="on_file")
    code = identity.code_for(check)
    assert on_file.confirm_on_file(dsr.submission, code=code, actor=Actor.person(), at=SOON)
    people[0]["reference"] = "X-1"  # the number is gone, the rest is not
    decides(dsr, bruno)
    sweeps.run_steps(THEN + MINUTE)
    assert kinds(dsr) == ["still_held"]


def test_where_nothing_can_be_asked_nothing_is_claimed(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    made = decides(dsr, bruno)
    Submission.objects.filter(pk=dsr.submission_id).update(email_sealed=b"")  # as of a letter
    sweeps.run_steps(THEN + MINUTE)
    assert (Crm.asked, kinds(dsr), made.requeries.get().result) == ([], [], "gone")


def test_decided_anew_it_is_asked_anew(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    decides(dsr, bruno)
    sweeps.run_steps(THEN + MINUTE)
    dsr = decision.return_for_change(dsr, reason="It is still there.", actor=ada, at=THEN + 2 * MINUTE)
    Crm.holds = False
    made = decides(dsr, bruno, at=THEN + 3 * MINUTE)
    assert sweeps.run_steps(THEN + 4 * MINUTE) == 1
    assert approves(dsr, made, ada).state == "fulfilled"
    assert kinds(dsr) == ["still_held", "not_held"]


def test_two_people_may_say_that_it_is_partly_done_with_a_ground(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    decides(dsr, bruno)
    sweeps.run_steps(THEN + MINUTE)
    dsr = decision.return_for_change(dsr, reason="The invoices stay.", actor=ada, at=THEN + 2 * MINUTE)
    made = decides(dsr, bruno, at=THEN + 3 * MINUTE, **PARTLY)
    assert approves(dsr, made, ada).state == "partly_fulfilled"
    assert Requery.objects.filter(decision=made).count() == 0


def test_one_that_is_away_is_asked_for_as_long_as_it_takes(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    staff("petra", "privacy officer")
    made = decides(dsr, bruno)
    Crm.error, at = RetryLater("away"), THEN + MINUTE
    before = Notice.objects.filter(kind="staff_alarm").count()
    for _ in range(8):
        sweeps.run_steps(at)
        at = Requery.objects.get().next_try_at
    assert at > THEN + timedelta(hours=4)
    assert Notice.objects.filter(kind="staff_alarm").count() == before + 1
    with pytest.raises(Refused, match="has not said yet"):
        approves(dsr, made, ada)
    Crm.error, Crm.holds = None, False
    assert sweeps.run_steps(at) == 1
    assert approves(dsr, made, ada, at=at).state == "fulfilled"


@pytest.mark.parametrize("error", [PermanentFailure("refused"), ValueError("nobody foresaw it")])
def test_one_that_cannot_be_asked_is_no_yes(bruno: Actor, ada: Actor, error: Exception) -> None:
    dsr = to_be_deleted()
    made = decides(dsr, bruno)
    Crm.error, at = error, THEN + MINUTE
    while at is not None:
        sweeps.run_steps(at)
        at = Requery.objects.get().next_try_at
    assert Requery.objects.get().failure_code == type(error).__name__
    with pytest.raises(Refused, match="could not be asked"):
        approves(dsr, made, ada)


def test_a_source_that_was_connected_since_was_not_asked(bruno: Actor, ada: Actor, settings: Any) -> None:
    dsr = to_be_deleted()
    Crm.holds = False
    made = decides(dsr, bruno)
    sweeps.run_steps(THEN + MINUTE)
    settings.DATA_SOURCES = {**settings.DATA_SOURCES, "shop": {"BACKEND": f"{__name__}.Crm"}}
    assert "shop was connected after" in " ".join(contradictions(dsr))
    with pytest.raises(Refused):
        approves(dsr, made, ada)


def test_people_with_a_task_are_not_asked_again_and_nobody_for_what_deletes_nothing(
    bruno: Actor, ada: Actor, settings: Any
) -> None:
    settings.DATA_SOURCES = {"office": {"BACKEND": f"{__name__}.Department"}, **settings.DATA_SOURCES}
    dsr = to_be_deleted()
    decides(dsr, bruno)
    assert list(Requery.objects.values_list("alias", flat=True)) == ["crm"]
    objection = ana_files("objection")
    confirms(objection)
    dsr = objection.requests.select_related("submission", "policy").get()
    made = decides(dsr, bruno, at=NOON)
    assert not made.requeries.exists()
    assert contradictions(dsr) == []


def test_of_a_decision_that_was_returned_nobody_is_asked(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    decides(dsr, bruno)
    decision.return_for_change(dsr, reason="Wait.", actor=ada, at=THEN)
    assert sweeps.run_steps(THEN + MINUTE) == 0
    assert Crm.asked == []
    assert not Requery.objects.exists()


def test_two_workers_ask_once(bruno: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    dsr = to_be_deleted()
    decides(dsr, bruno)

    def at_the_same_time(self: Crm, query: Query) -> list[Match]:
        monkeypatch.undo()
        assert sweeps.run_steps(THEN + MINUTE) == 0  # the other worker, while the first one waits
        return Crm.find(self, query)

    monkeypatch.setattr(Crm, "find", at_the_same_time)
    assert sweeps.run_steps(THEN + MINUTE) == 1
    assert len(Crm.asked) == 1
