"""An erasure from the dry run to the certificate; a source that lies, one that is away, one where people have to."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from requests_app.connectors import (
    Attested,
    Carried,
    DataSource,
    Instruction,
    Match,
    OnFile,
    PermanentFailure,
    Planned,
    Query,
    Remaining,
    RetryLater,
    Way,
)
from requests_app.models import ErasureCertificate, ErasureItem, EvidenceEvent, Notice, SourceAct, SuppressionEntry
from requests_app.operations import decision, desk, erasure_plan, evidence, journal, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.being_erased import for_people, stands_against
from requests_app.operations.readiness import missing
from requests_app.operations.refused import Refused
from requests_app.operations.suppression import suppressed
from requests_app.rules.erasure_plan import Choice
from requests_app.rules.identifiers import Identifier, Kind
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SOON, THEN = NOON + MINUTE, NOON + 10 * DAY
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
PARTLY = {**DONE, "outcome": "partly", "ground": "law_forbids_deletion", "facts": "Tax law.", "scope": "Bills."}
KEPT = Choice("keep", "law_forbids_deletion", date(2036, 12, 31), basis="Tax code, § 147", use="tax audits")


OF_ACTS = {
    "source_planned", "items_decided", "erasure_begun", "source_erased", "not_held", "still_held", "erasure_proved",
    "erasure_resumed", "certificate_issued", "act_attested", "act_retried",
}  # fmt: skip


class Shop(DataSource):
    """Holds Ana's customers row and three orders, and does as it is told unless a test says otherwise."""

    held: dict[str, int] = {}
    error: Exception | None = None
    lies = False
    erased: list[Sequence[Instruction]] = []
    in_transaction = False

    def find(self, query: Query) -> list[Match]:
        self._answers()
        known = any(Shop.held.values()) and "ana@example.org" in query.addresses
        return [Match("C-1001", (OnFile("ana@example.org", since=NOON - 900 * DAY),))] if known else []

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> list[Planned]:
        self._answers()
        assert list(references) == ["C-1001"]
        return [Planned(table, records) for table, records in Shop.held.items()]

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> list[Carried]:
        self._answers()
        assert list(references) == ["C-1001"]
        Shop.erased.append(items)
        return [self._erased(one) for one in items if one.way != Way.KEEP]

    def _erased(self, one: Instruction) -> Carried:
        before = Shop.held[one.table]
        if not Shop.lies:
            Shop.held[one.table] = 0
        return Carried(one.table, one.way, before)

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> list[Remaining]:
        self._answers()
        return [Remaining(table, records) for table, records in Shop.held.items()]

    def _answers(self) -> None:
        Shop.in_transaction = Shop.in_transaction or len(connection.savepoint_ids) > 0
        if Shop.error is not None:
            raise Shop.error


class Crm(DataSource):
    """Knows Ana by her address; people delete there."""

    holds = True

    def find(self, query: Query) -> list[Match]:
        return [Match("7", (OnFile("ana@example.org", since=NOON - 900 * DAY),))] if Crm.holds else []


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    published_policy()
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    Shop.held, Shop.error, Shop.lies, Shop.erased, Shop.in_transaction = (
        {"customers": 1, "orders": 3},
        None,
        False,
        [],
        False,
    )
    Crm.holds = True


def to_be_deleted(right: str = "deletion", **changes: Any) -> Any:
    """Ana asked twice for it, every source was asked what it reaches, and the cooling-off is over."""
    submission = ana_files(right, **changes)
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.carry_out_acts(SOON)
    return confirms_erasure(submission.requests.get(), at=SOON)


def choose(dsr: Any, actor: Actor, **ways: Choice) -> None:
    """Every item goes, but for those named by their table."""
    items = ErasureItem.objects.filter(dsr=dsr)
    choices = {item.pk: ways.get(item.table, Choice("erase")) for item in items}
    erasure_plan.decide(dsr, choices, actor=actor, at=THEN)


def approved(dsr: Any, bruno: Actor, ada: Actor, **changes: Any) -> Any:
    made = decision.decide(dsr, **{**DONE, **changes}, actor=bruno, at=THEN)
    return decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN + MINUTE)


def carried_out(at: Any) -> None:
    for minutes in range(3):
        sweeps.carry_out_acts(at + minutes * MINUTE)


def kinds(dsr: Any) -> list[str]:
    found = EvidenceEvent.objects.filter(dsr_id=dsr.pk).order_by("seq").values_list("kind", flat=True)
    return [kind for kind in found if kind in OF_ACTS]


def test_a_dry_run_says_what_is_held_and_changes_nothing() -> None:
    dsr = to_be_deleted()
    assert Shop.held == {"customers": 1, "orders": 3}
    assert sorted(ErasureItem.objects.values_list("table", "records", "proposed", "way")) == [
        ("customers", 1, "erase", ""),
        ("orders", 3, "erase", ""),
    ]
    assert kinds(dsr) == ["source_planned"]


def test_nothing_is_asked_of_a_source_before_it_is_shown_who_asks() -> None:
    submission = ana_files("deletion")
    sweeps.run_steps(SOON)
    sweeps.carry_out_acts(SOON)
    assert not ErasureItem.objects.exists()
    assert not SourceAct.objects.filter(attempts__gt=0).exists()
    assert submission.requests.get().state == "awaiting_verification"


def test_nothing_is_decided_before_every_item_is(bruno: Actor) -> None:
    dsr = to_be_deleted()
    assert missing(dsr) == [
        "Nobody has decided what becomes of shop: customers.",
        "Nobody has decided what becomes of shop: orders.",
    ]
    with pytest.raises(Refused, match="shop: orders"):
        decision.decide(dsr, **DONE, actor=bruno, at=THEN)


def test_the_answer_is_the_decision_and_the_erasure_and_its_proofs_come_after_it(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    assert (dsr.state, dsr.is_open, dsr.answered_at) == ("executing", False, THEN + MINUTE)
    assert Shop.held == {"customers": 1, "orders": 3}
    letter = Notice.objects.get(dsr=dsr, kind="decision_erasure")
    assert "What we delete:\n- customers (1)\n- orders (3)\n" in letter.text
    carried_out(THEN + DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("fulfilled", {"customers": 0, "orders": 0})
    assert kinds(dsr) == [
        "source_planned", "items_decided", "erasure_begun", "source_erased", "not_held", "erasure_proved",
        "certificate_issued",
    ]  # fmt: skip
    assert not Shop.in_transaction
    assert Notice.objects.filter(dsr=dsr, kind="erasure_done").count() == 1
    assert list(evidence.verify()) == []


def test_it_is_written_down_before_anything_is_destroyed(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    Shop.error = RetryLater()
    carried_out(THEN + DAY)
    assert kinds(dsr)[-1] == "erasure_begun"
    assert ErasureItem.objects.filter(written_at__isnull=False, done_at=None).count() == 2
    Shop.error = None
    carried_out(THEN + 2 * DAY)
    assert kinds(dsr).count("erasure_begun") == 1
    dsr.refresh_from_db()
    assert dsr.state == "fulfilled"


def test_what_a_processor_signed_is_kept_and_its_digest_stands_in_the_evidence(
    bruno: Actor, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, whole = "portal-answer-1 crm-2026 200 nonce digest signature", Shop.erase

    def signed(self: Shop, references: Sequence[str], **told: Any) -> Attested[Carried]:
        return Attested(whole(self, references, **told), attested=line, body=b"{}")

    monkeypatch.setattr(Shop, "erase", signed)
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    carried_out(THEN + DAY)
    assert SourceAct.objects.get(dsr=dsr, act="erase").answer["signed"] == line
    event = EvidenceEvent.objects.get(dsr_id=dsr.pk, kind="source_erased")
    assert hashlib.sha256(line.encode()).hexdigest() in event.body
    assert list(evidence.verify()) == []


def test_what_is_kept_stays_and_the_answer_says_so(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    choose(dsr, bruno, orders=KEPT)
    with pytest.raises(Refused, match="partly done"):
        decision.decide(dsr, **DONE, actor=bruno, at=THEN)
    dsr = approved(dsr, bruno, ada, **PARTLY)
    carried_out(THEN + DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("partly_fulfilled", {"customers": 0, "orders": 3})
    letter = Notice.objects.get(dsr=dsr, kind="decision_erasure").text
    assert "- orders (3), until 31 December 2036." in letter
    assert "Tax code, § 147. Used only for: tax audits" in letter
    certificate = ErasureCertificate.objects.get(dsr=dsr).body
    assert '"until":"2036-12-31"' in certificate
    assert "ana@example.org" not in certificate
    assert "C-1001" not in certificate


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice("keep", "law_forbids_deletion", None, "Tax", "audits"), "until when"),
        (Choice("keep", "", date(2036, 1, 1), "Tax", "audits"), "ground"),
        (Choice("keep", "law_forbids_deletion", date(2020, 1, 1), "Tax", "audits"), "has passed"),
        (Choice("keep", "law_forbids_deletion", date(2036, 1, 1), "", "audits"), "Name the law"),
        (Choice("anonymise", method="Name removed"), "nobody can be told"),
        (Choice("isolate"), "until when"),
        (Choice("burn"), "what becomes of it"),
    ],
)
def test_a_choice_that_leaves_something_out_is_refused_and_nothing_is_decided(
    bruno: Actor, choice: Choice, sentence: str
) -> None:
    dsr = to_be_deleted()
    with pytest.raises(Refused, match=sentence):
        choose(dsr, bruno, orders=choice)
    assert set(ErasureItem.objects.values_list("way", flat=True)) == {""}


def test_more_than_the_person_was_shown_never_goes(bruno: Actor) -> None:
    submission = ana_files("deletion")
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.carry_out_acts(SOON)
    dsr = submission.requests.get()
    items = {item.table: item.pk for item in ErasureItem.objects.all()}
    erasure_plan.decide(dsr, {items["orders"]: KEPT, items["customers"]: Choice("erase")}, actor=bruno, at=SOON)
    dsr = confirms_erasure(dsr, at=SOON)
    erasure_plan.decide(dsr, {items["orders"]: Choice("erase")}, actor=bruno, at=THEN)
    assert missing(dsr) == ["The person was shown that shop: orders stays. Let it stay, or have them confirm anew."]
    erasure_plan.decide(dsr, {items["customers"]: KEPT, items["orders"]: KEPT}, actor=bruno, at=THEN)
    assert missing(dsr) == []


def test_any_change_of_the_plan_voids_what_was_submitted(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    choose(dsr, bruno)
    made = decision.decide(dsr, **DONE, actor=bruno, at=THEN)
    ErasureItem.objects.filter(table="orders").update(records=4)
    with pytest.raises(Refused, match="changed after you opened it"):
        decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN)


def test_a_source_that_lies_is_contradicted_and_no_certificate_is_issued(bruno: Actor, ada: Actor) -> None:
    staff("petra", "privacy officer")
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    Shop.lies = True
    carried_out(THEN + DAY)
    dsr.refresh_from_db()
    assert dsr.state == "executing"
    assert not ErasureCertificate.objects.exists()
    assert kinds(dsr)[-2:] == ["source_erased", "still_held"]
    assert Notice.objects.filter(kind="staff_alarm", dsr=dsr).exists()
    Shop.lies = False
    act = SourceAct.objects.get(act="verify", occasion="now")
    erasure_plan.ask_again(act, actor=bruno, at=THEN + 2 * DAY)
    carried_out(THEN + 2 * DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("fulfilled", {"customers": 0, "orders": 0})


def test_what_comes_back_later_resumes_the_erasure_and_takes_the_certificate_back(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    carried_out(THEN + DAY)
    Shop.held["orders"] = 2
    carried_out(THEN + 3 * DAY)
    dsr.refresh_from_db()
    assert dsr.state == "executing"
    assert ErasureCertificate.objects.filter(revoked_at=None).count() == 0
    assert Notice.objects.filter(dsr=dsr, kind="erasure_resumed").count() == 1
    act = SourceAct.objects.get(act="verify", occasion="day")
    erasure_plan.ask_again(act, actor=bruno, at=THEN + 4 * DAY)
    carried_out(THEN + 4 * DAY)
    dsr.refresh_from_db()
    assert (dsr.state, Shop.held) == ("fulfilled", {"customers": 0, "orders": 0})
    assert list(ErasureCertificate.objects.filter(revoked_at=None).values_list("number", flat=True)) == [2]


def test_the_certificate_says_more_when_the_next_look_is_over(bruno: Actor, ada: Actor, settings: Any) -> None:
    settings.BACKUP_DAYS = 30
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    for days in (1, 3, 40):
        carried_out(THEN + days * DAY)
    bodies = list(ErasureCertificate.objects.filter(dsr=dsr).values_list("body", flat=True))
    assert [body.count('"said":"nothing left"') for body in bodies] == [1, 2, 3]
    assert '"asked_again":["now","day","backups"]' in bodies[-1]


def test_one_that_is_away_holds_up_its_own_share_only(bruno: Actor, ada: Actor, settings: Any) -> None:
    settings.DATA_SOURCES = {**settings.DATA_SOURCES, "crm": {"BACKEND": f"{__name__}.Crm"}}
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    Shop.error = RetryLater()
    carried_out(THEN + DAY)
    crm = SourceAct.objects.get(alias="crm", act="erase")
    assert crm.status == "by_hand"
    assert SourceAct.objects.get(alias="shop", act="erase").failure_code == "RetryLater"
    assert not ErasureCertificate.objects.exists()


def test_where_people_have_to_their_word_counts_only_once_the_source_finds_nobody(
    bruno: Actor, ada: Actor, settings: Any
) -> None:
    settings.DATA_SOURCES = {"crm": {"BACKEND": f"{__name__}.Crm"}}
    dsr = to_be_deleted()
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    carried_out(THEN + DAY)
    act = SourceAct.objects.get(act="erase")
    assert act.status == "by_hand"
    with pytest.raises(Refused, match="who did it"):
        erasure_plan.attest(act, note=" ", actor=bruno, at=THEN + DAY)
    erasure_plan.attest(act, note="Otto deleted the record 7.", actor=bruno, at=THEN + DAY)
    carried_out(THEN + 2 * DAY)
    dsr.refresh_from_db()
    assert dsr.state == "executing"  # Otto did not
    Crm.holds = False
    erasure_plan.ask_again(SourceAct.objects.get(act="verify", occasion="now"), actor=bruno, at=THEN + 3 * DAY)
    carried_out(THEN + 3 * DAY)
    erasure_plan.attest(SourceAct.objects.get(act="erase"), note="Now it is.", actor=bruno, at=THEN + 3 * DAY)
    carried_out(THEN + 4 * DAY)
    dsr.refresh_from_db()
    assert dsr.state == "fulfilled"
    assert '"erased_by":"staff"' in ErasureCertificate.objects.get(dsr=dsr, number=1).body


def told(dsr: Any) -> set[str]:
    """Who has an alarm about this request."""
    return set(Notice.objects.filter(kind="staff_alarm", dsr=dsr).values_list("staff__username", flat=True))


@pytest.mark.parametrize("trouble", ["by_hand", "failed", "contradicted"])
def test_what_goes_no_further_without_people_is_told_to_whoever_handles_it_and_to_the_officers_and_counted_each_morning(
    bruno: Actor, ada: Actor, settings: Any, trouble: str
) -> None:
    staff("petra", "privacy officer")
    if trouble == "by_hand":
        settings.DATA_SOURCES = {"crm": {"BACKEND": f"{__name__}.Crm"}}
    dsr = to_be_deleted()
    desk.assign(dsr, assignee=bruno.user, actor=bruno, at=SOON)
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    assert told(dsr) == set()
    Shop.error, Shop.lies = (PermanentFailure() if trouble == "failed" else None), trouble == "contradicted"
    carried_out(THEN + DAY)
    assert stands_against([dsr]) == {dsr.pk: trouble}
    assert told(dsr) == {"bruno", "petra"}
    assert Notice.objects.filter(kind="staff_alarm", dsr=dsr).count() == 2  # once each
    assert "Erasures that wait for us: 1" in digest_of(THEN + 2 * DAY)
    if trouble != "by_hand":
        Shop.error, Shop.lies = None, False
        act = for_people().get()
        erasure_plan.ask_again(act, actor=bruno, at=THEN + 2 * DAY)
        assert stands_against([dsr]) == {}
        assert "Erasures that wait for us: 0" in digest_of(THEN + 3 * DAY)


def digest_of(at: Any) -> str:
    sweeps.SWEEPS["send_digest"](at)
    return Notice.objects.filter(kind="staff_digest").latest("created_at").text


def test_where_nobody_is_on_file_the_decision_ends_it(bruno: Actor, ada: Actor) -> None:
    Shop.held = {}
    dsr = to_be_deleted()
    dsr = approved(dsr, bruno, ada)
    assert dsr.state == "fulfilled"
    assert not SourceAct.objects.filter(act="erase").exists()


def test_one_that_cannot_be_asked_stops_the_decision_until_people_take_it_over(bruno: Actor, ada: Actor) -> None:
    dsr = to_be_deleted_with(PermanentFailure())
    assert missing(dsr) == [
        "The data source shop could not say what an erasure would reach. Have it asked again, or have it erased by "
        "hand."
    ]
    act = SourceAct.objects.get(act="plan")
    erasure_plan.attest(act, note="The shop was closed down; its archive is erased by hand.", actor=bruno, at=THEN)
    choose(dsr, bruno)
    dsr = approved(dsr, bruno, ada)
    assert dsr.state == "executing"


def to_be_deleted_with(error: Exception) -> Any:
    submission = ana_files("deletion")
    confirms(submission)
    sweeps.run_steps(SOON)
    Shop.error = error
    sweeps.carry_out_acts(SOON)
    dsr = confirms_erasure(submission.requests.get(), at=SOON)
    Shop.error = None
    return dsr


class TestKnownAgain:
    """Before anything is destroyed the person is on the register, and in the journal beside the databases."""

    ANA = Identifier(Kind.EMAIL, "Ana <ANA@example.org>")

    def test_who_is_erased_is_known_again_with_what_was_kept(self, bruno: Actor, ada: Actor) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno, orders=KEPT)
        approved(dsr, bruno, ada, **PARTLY)
        assert suppressed([self.ANA]) == [False]
        carried_out(THEN + DAY)
        assert suppressed([self.ANA, Identifier(Kind.EMAIL, "otto@example.net")]) == [True, False]
        assert SuppressionEntry.objects.get().kept == ["shop.orders"]
        assert [record.kind for record in journal.records()] == ["suppress"]

    def test_she_is_known_before_the_source_is_told_and_written_down_once(self, bruno: Actor, ada: Actor) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno)
        approved(dsr, bruno, ada)
        told = []

        def dies(*args: Any, **kwargs: Any) -> list[Carried]:
            told.append(suppressed([self.ANA]))
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Shop, "erase", dies)
            with pytest.raises(KeyboardInterrupt):
                carried_out(THEN + DAY)
        assert told == [[True]]
        assert Shop.held == {"customers": 1, "orders": 3}
        carried_out(THEN + 2 * DAY)
        assert Shop.held == {"customers": 0, "orders": 0}
        assert sum(1 for _ in journal.records()) == 1

    def test_nothing_is_erased_while_the_journal_cannot_be_written(self, bruno: Actor, ada: Actor) -> None:
        dsr = to_be_deleted()
        choose(dsr, bruno)
        approved(dsr, bruno, ada)

        def full(*args: Any) -> None:
            raise OSError(28, "No space left on device")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(journal.os, "fsync", full)
            carried_out(THEN + DAY)
        assert Shop.held == {"customers": 1, "orders": 3}
        carried_out(THEN + 2 * DAY)
        assert Shop.held == {"customers": 0, "orders": 0}
