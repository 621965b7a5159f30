"""A correction carried to the sources: told once it is shown who asks, one outcome each, and by hand where people have
to."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from requests_app.connectors import Change, Changed, DataSource, Match, OnFile, Outcome, Query, RetryLater
from requests_app.models import EvidenceEvent, Notice, RequestedChange, SourceAct
from requests_app.operations import changes, decision, erasure_plan, evidence, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.readiness import missing
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MINUTE = timedelta(minutes=1)
SOON, THEN = NOON + MINUTE, NOON + timedelta(days=2)
NEW = {"field": "email", "before": "ana@example.org", "wanted": "ana@example.net"}
ADDRESS = {"field": "street", "before": "", "wanted": "Via Nuova 1"}
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
UNTOLD = "Nobody has said that those who got the data were told of the changes (GDPR 19)."
SHOP = {
    "BACKEND": "requests_app.connectors.in_memory.InMemory",
    "OPTIONS": {
        "people": [
            {
                "emails": ["ana@example.org"],
                "since": date(2020, 1, 1),
                "records": {"customers": [{"email": "ana@example.org", "street": "Via Vecchia 2"}]},
            }
        ],
        "tables": {"customers": {"columns": {"email": {}, "street": {}}, "rectify": ["street"]}},
    },
}


class Shop(DataSource):
    """Holds Ana's address in one field, and changes it unless a test says otherwise."""

    held = "ana@example.org"
    error: Exception | None = None
    told: list[Change] = []

    def find(self, query: Query) -> list[Match]:
        known = "ana@example.org" in query.addresses
        return [Match("C-1", (OnFile("ana@example.org", since=NOON - timedelta(days=900)),))] if known else []

    def rectify(self, references: Sequence[str], *, changes: Sequence[Change], request_id: str) -> list[Changed]:
        if Shop.error is not None:
            raise Shop.error
        assert list(references) == ["C-1"]
        Shop.told += changes
        return [Changed(change.field, self._changed(change)) for change in changes]

    def _changed(self, change: Change) -> Outcome:
        if change.field != "email":
            return Outcome.NOT_FOUND
        already, Shop.held = Shop.held == change.wanted, change.wanted
        return Outcome.ALREADY if already else Outcome.CHANGED


class Crm(DataSource):
    """Knows Ana; people change values there."""

    def find(self, query: Query) -> list[Match]:
        return Shop().find(query)


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    published_policy()
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    Shop.held, Shop.error, Shop.told = "ana@example.org", None, []


def to_be_corrected(actor: Actor, *wanted: dict[str, str], **filed: Any) -> Any:
    submission = ana_files("correction", **filed)
    confirms(submission)
    sweeps.run_steps(SOON)
    dsr = submission.requests.get()
    for one in wanted:
        changes.state_change(dsr, **one, actor=actor, at=SOON)
    return dsr


def outcome(dsr: Any, alias: str = "shop") -> tuple[str, str]:
    act = SourceAct.objects.get(dsr=dsr, alias=alias, act="rectify")
    return act.status, act.answer.get("outcome", "")


def recipients_are_told(dsr: Any, actor: Actor) -> None:
    act = SourceAct.objects.get(dsr=dsr, alias="recipients:")
    erasure_plan.attest(act, note="Bruno wrote to the printers.", actor=actor, at=THEN)


def test_a_source_changes_the_value_and_says_so(bruno: Actor) -> None:
    dsr = to_be_corrected(bruno, NEW)
    assert Shop.told == []
    sweeps.carry_out_acts(SOON)
    assert (Shop.held, outcome(dsr)) == ("ana@example.net", ("done", "changed"))
    told = EvidenceEvent.objects.get(dsr_id=dsr.pk, kind="source_told")
    assert "ana@example" not in told.body
    assert list(evidence.verify()) == []


def test_told_again_after_a_kill_it_says_that_it_stood_there_already(bruno: Actor) -> None:
    Shop.held = "ana@example.net"
    dsr = to_be_corrected(bruno, NEW)
    sweeps.carry_out_acts(SOON)
    assert outcome(dsr) == ("done", "already")


def test_nothing_is_changed_before_it_is_shown_who_asks(bruno: Actor) -> None:
    dsr = ana_files("correction").requests.get()
    with pytest.raises(Refused, match="not in progress"):
        changes.state_change(dsr, **NEW, actor=bruno, at=SOON)
    sweeps.carry_out_acts(SOON)
    assert Shop.told == []


def test_a_doubt_about_who_asks_that_comes_later_stops_what_was_not_told_yet(
    bruno: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsr = to_be_corrected(bruno, NEW)
    dsr.submission.assurance = 0
    dsr.submission.save()
    sweeps.carry_out_acts(SOON)
    assert (Shop.told, outcome(dsr)) == ([], ("waiting", ""))


def test_what_the_person_wants_stands_sealed(bruno: Actor) -> None:
    dsr = to_be_corrected(bruno, NEW)
    row = RequestedChange.objects.get(dsr=dsr)
    assert row.said == NEW
    assert b"ana@example.net" not in bytes(row.change_sealed)


def test_a_source_that_is_away_is_told_later_and_the_answer_waits_for_it(bruno: Actor, ada: Actor) -> None:
    Shop.error = RetryLater()
    dsr = to_be_corrected(bruno, NEW)
    sweeps.carry_out_acts(SOON)
    assert missing(dsr) == [UNTOLD, "The data source shop is told of a change, and has not answered yet."]
    with pytest.raises(Refused, match="has not answered yet"):
        decision.decide(dsr, **DONE, actor=bruno, at=THEN)
    Shop.error = None
    sweeps.carry_out_acts(THEN)
    recipients_are_told(dsr, bruno)
    assert missing(dsr) == []


def test_where_a_source_changes_nothing_by_itself_people_do_and_say_so(bruno: Actor, settings: Any) -> None:
    settings.DATA_SOURCES = {"crm": {"BACKEND": f"{__name__}.Crm"}}
    dsr = to_be_corrected(bruno, NEW)
    sweeps.carry_out_acts(SOON)
    assert outcome(dsr, "crm") == ("by_hand", "refused")
    assert missing(dsr)[0] == "Somebody has to change it in the data source crm, and say so."
    erasure_plan.attest(SourceAct.objects.get(alias="crm"), note="Done in the mask.", actor=bruno, at=THEN)
    assert missing(dsr) == [UNTOLD]


def test_each_source_says_what_it_allows_of_each_change(bruno: Actor, settings: Any) -> None:
    settings.DATA_SOURCES = {"shop": SHOP}
    dsr = to_be_corrected(bruno, ADDRESS, NEW)
    sweeps.carry_out_acts(SOON)
    found = SourceAct.objects.filter(dsr=dsr, alias="shop").order_by("occasion")
    assert [(act.occasion, act.status, act.answer["outcome"]) for act in found] == [
        ("1", "done", "changed"),
        ("2", "by_hand", "refused"),
    ]


def test_the_letter_says_what_was_put_right_and_who_was_told(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_corrected(bruno, NEW, {**ADDRESS, "field": "shoe size"}, language="it")
    sweeps.carry_out_acts(SOON)
    recipients_are_told(dsr, bruno)
    made = decision.decide(dsr, **DONE, actor=bruno, at=THEN)
    decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN + MINUTE)
    letter = Notice.objects.get(dsr=dsr, kind="decision_done").text
    assert "- email: rettificato\n- shoe size: non conserviamo un tale valore\n" in letter
    assert "- L'abbiamo comunicato a chi l'aveva ricevuto: Fornitori che lavorano per noi" in letter
    assert "printers" not in letter


def test_a_change_that_comes_after_the_recipients_were_told_has_them_told_again(bruno: Actor) -> None:
    dsr = to_be_corrected(bruno, NEW)
    recipients_are_told(dsr, bruno)
    changes.state_change(dsr, **ADDRESS, actor=bruno, at=THEN)
    assert UNTOLD in missing(dsr)


def test_only_a_request_for_correction_changes_values(bruno: Actor) -> None:
    submission = ana_files("access")
    confirms(submission)
    with pytest.raises(Refused, match="Only a request for correction"):
        changes.state_change(submission.requests.get(), **NEW, actor=bruno, at=SOON)


def test_whoever_asks_does_not_write_their_own_change_down() -> None:
    ana = staff("ana", "handler")
    ana.email = "ana@example.org"
    ana.save()
    with pytest.raises(Refused, match="your own"):
        to_be_corrected(Actor.staff(ana), NEW)
