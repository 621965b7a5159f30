"""A restriction is carried to the sources, stands until the person was told and had time to answer, and is then lifted
by somebody, never by a date."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from requests_app.connectors import DataSource, Match, OnFile, Query, Remaining, RetryLater
from requests_app.models import EvidenceEvent, Notice, Restriction, SourceAct, Submission
from requests_app.models.keys import seal
from requests_app.operations import decision, erasure_plan, evidence, kept, restriction, sealed_columns, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.readiness import missing
from requests_app.operations.refused import Refused
from requests_app.rules.retention import Stage
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SOON, THEN = NOON + MINUTE, NOON + timedelta(days=2)
ASKED = {"ground": "accuracy", "scope": "The address, for deliveries.", "until": "The address is checked."}
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
REVIEW = date(2027, 1, 15)


class Shop(DataSource):
    """Knows Ana, and marks her unless a test says otherwise."""

    restricted: set[str] = set()
    told: list[bool] = []
    error: Exception | None = None
    meanwhile: Callable[[], object] | None = None  # what happens while it is told that a restriction ends

    def find(self, query: Query) -> list[Match]:
        known = {"ana@example.org", "ana@work.example"} & set(query.addresses)
        return [Match("C-1", tuple(OnFile(one, since=NOON - 900 * DAY) for one in sorted(known)))] if known else []

    def restrict(self, references: Sequence[str], *, restricted: bool, request_id: str) -> list[Remaining]:
        if Shop.error is not None:
            raise Shop.error
        assert list(references) == ["C-1"]
        Shop.told.append(restricted)
        if not restricted and Shop.meanwhile is not None:
            Shop.meanwhile()
        (Shop.restricted.update if restricted else Shop.restricted.difference_update)(references)
        return [Remaining("customers", 1)]


class Crm(DataSource):
    """Knows Ana; people restrict there."""

    def find(self, query: Query) -> list[Match]:
        return Shop().find(query)


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    published_policy()
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    Shop.restricted, Shop.told, Shop.error, Shop.meanwhile = set(), [], None, None


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada() -> Actor:
    return Actor.staff(staff("ada", "approver"))


def asked_for(right: str = "restriction", **filed: Any) -> Any:
    submission = ana_files(right, **filed)
    confirms(submission)
    sweeps.run_steps(SOON)
    return submission.requests.get()


def restricted(actor: Actor, **filed: Any) -> Restriction:
    dsr = asked_for(**filed)
    row = restriction.restrict(dsr, **ASKED, review_on=REVIEW, actor=actor, at=SOON)
    sweeps.carry_out_acts(SOON)
    return row


def recipients_are_told(dsr: Any, actor: Actor, act: str = "restrict") -> None:
    row = SourceAct.objects.get(dsr=dsr, alias="recipients:", act=act)
    erasure_plan.attest(row, note="Bruno wrote to the printers.", actor=actor, at=THEN)


def answered(row: Restriction, author: Actor, approver: Actor) -> str:
    recipients_are_told(row.dsr, author)
    made = decision.decide(row.dsr, **DONE, actor=author, at=THEN)
    decision.approve(row.dsr, digest=made.content_digest, actor=approver, at=THEN + MINUTE)
    return Notice.objects.get(dsr=row.dsr, kind="decision_done").text


def announced(row: Restriction, actor: Actor, *, at: Any = THEN + DAY) -> Notice:
    restriction.announce(row, why="The address is right.", actor=actor, at=at)
    letter = Notice.objects.get(kind="restriction_ending")
    Notice.objects.filter(pk=letter.pk).update(delivery="handed_over", handed_over_at=at, next_try_at=None)
    return letter


def status(dsr: Any, act: str, alias: str = "shop") -> str:
    return SourceAct.objects.get(dsr=dsr, alias=alias, act=act).status


def test_the_source_is_told_once_somebody_wrote_down_what_is_restricted(bruno: Actor) -> None:
    dsr = asked_for()
    assert missing(dsr) == ["Nobody has written down what is restricted (GDPR 18)."]
    restriction.restrict(dsr, **ASKED, review_on=REVIEW, actor=bruno, at=SOON)
    assert Shop.told == []
    sweeps.carry_out_acts(SOON)
    assert (Shop.restricted, status(dsr, "restrict")) == ({"C-1"}, "done")
    assert list(evidence.verify()) == []


def test_nothing_is_told_while_it_is_not_shown_who_asks(bruno: Actor) -> None:
    dsr = asked_for()
    Submission.objects.update(assurance=0)
    restriction.restrict(dsr, **ASKED, review_on=REVIEW, actor=bruno, at=SOON)
    sweeps.carry_out_acts(SOON)
    assert (Shop.told, status(dsr, "restrict")) == ([], "waiting")


def test_it_is_answered_once_every_source_knows_and_the_recipients_are_told(bruno: Actor, ada: Actor) -> None:
    Shop.error = RetryLater()
    row = restricted(bruno)
    with pytest.raises(Refused, match=r"those who got the data.*data source shop is told of the restriction"):
        decision.decide(row.dsr, **DONE, actor=bruno, at=THEN)
    Shop.error = None
    sweeps.carry_out_acts(THEN)
    letter = " ".join(answered(row, bruno, ada).split())
    assert "Since 22 November 2026 we keep this and use it for nothing else: The address, for deliveries." in letter
    assert "Until this has happened: The address is checked." in letter
    assert "GDPR 18(1)(a)" in letter
    assert "were told: Providers who work for us" in letter


def test_where_a_source_does_not_do_it_people_do_and_say_so(bruno: Actor, settings: Any) -> None:
    settings.DATA_SOURCES = {"crm": {"BACKEND": f"{__name__}.Crm"}}
    row = restricted(bruno)
    assert "Somebody has to restrict it in the data source crm, and say so." in missing(row.dsr)
    erasure_plan.attest(SourceAct.objects.get(alias="crm"), note="Marked in the mask.", actor=bruno, at=THEN)
    recipients_are_told(row.dsr, bruno)
    assert missing(row.dsr) == []


def test_a_source_that_is_connected_since_is_told_too(bruno: Actor, settings: Any) -> None:
    row = restricted(bruno)
    recipients_are_told(row.dsr, bruno)
    settings.DATA_SOURCES = {**settings.DATA_SOURCES, "crm": {"BACKEND": f"{__name__}.Shop"}}
    sweeps.run_steps(THEN)
    with pytest.raises(Refused, match="data source crm is told"):
        decision.decide(row.dsr, **DONE, actor=bruno, at=THEN)


def test_nothing_is_lifted_before_the_person_was_told_and_had_seven_days(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    with pytest.raises(Refused, match="Answer the request first"):
        restriction.announce(row, why="Checked.", actor=bruno, at=SOON)
    answered(row, bruno, ada)
    with pytest.raises(Refused, match=r"Tell the person first"):
        restriction.lift(row, actor=bruno, at=THEN + DAY)
    letter = announced(row, bruno)
    assert "From 2 December 2026 at the earliest" in letter.text
    assert "The reason: The address is right." in letter.text
    with pytest.raises(Refused, match="not end before 2 December 2026"):
        restriction.lift(row, actor=bruno, at=THEN + 7 * DAY)
    restriction.lift(row, actor=bruno, at=THEN + 8 * DAY)
    assert Shop.restricted == {"C-1"}
    sweeps.carry_out_acts(THEN + 8 * DAY)
    assert (Shop.restricted, status(row.dsr, "lift")) == (set(), "done")
    assert status(row.dsr, "lift", "recipients:") == "by_hand"
    kinds = list(EvidenceEvent.objects.filter(dsr_id=row.dsr_id).values_list("kind", flat=True))
    assert kinds.index("restriction_begun") < kinds.index("lifting_announced") < kinds.index("restriction_lifted")
    assert list(evidence.verify()) == []


def test_a_letter_that_did_not_reach_the_person_lifts_nothing(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    answered(row, bruno, ada)
    letter = announced(row, bruno)
    Notice.objects.filter(pk=letter.pk).update(delivery="failed", failure_code="smtp_550")
    with pytest.raises(Refused, match="has not reached the person"):
        restriction.lift(row, actor=bruno, at=THEN + 9 * DAY)
    Notice.objects.filter(pk=letter.pk).update(served_at=THEN + 2 * DAY, other_channel="letter by post")
    restriction.lift(row, actor=bruno, at=THEN + 9 * DAY)
    assert not Restriction.objects.filter(lifted_at=None).exists()


def test_a_review_date_reminds_the_officers_once_and_lifts_nothing(bruno: Actor) -> None:
    Actor.staff(staff("petra", "privacy officer"))
    row = restricted(bruno)
    late = NOON + timedelta(days=120)
    for _ in range(2):
        sweeps.remind_departments(late)
    assert Notice.objects.filter(kind="staff_alarm", occurrence__startswith="restriction:").count() == 1
    sweeps.carry_out_acts(late)
    assert (Shop.restricted, Restriction.objects.get().lifted_at) == ({"C-1"}, None)
    restriction.let_stand(row, review_on=date(2027, 6, 1), actor=bruno, at=late)
    sweeps.remind_departments(late + DAY)
    assert Notice.objects.filter(kind="staff_alarm", occurrence__startswith="restriction:").count() == 1


def test_whoever_protests_in_time_keeps_it_and_is_told_so(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    answered(row, bruno, ada)
    announced(row, bruno)
    restriction.let_stand(row, review_on=REVIEW, actor=bruno, at=THEN + 2 * DAY)
    assert "It does not" in Notice.objects.get(kind="restriction_stands").text
    with pytest.raises(Refused, match="Tell the person first"):
        restriction.lift(row, actor=bruno, at=THEN + 20 * DAY)


def test_what_another_restriction_of_the_same_person_covers_is_not_released(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    answered(row, bruno, ada)
    other = asked_for(email="ana@work.example")
    restriction.restrict(other, **ASKED, review_on=REVIEW, actor=bruno, at=THEN)
    sweeps.carry_out_acts(THEN)
    announced(row, bruno)
    restriction.lift(row, actor=bruno, at=THEN + 9 * DAY)
    sweeps.carry_out_acts(THEN + 9 * DAY)
    assert (Shop.restricted, status(row.dsr, "lift")) == ({"C-1"}, "done")
    assert False not in Shop.told


def test_a_restriction_that_is_told_while_another_is_lifted_is_told_once_more(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    answered(row, bruno, ada)
    other = asked_for(email="ana@work.example")
    announced(row, bruno)
    restriction.lift(row, actor=bruno, at=THEN + 8 * DAY)
    restriction.restrict(other, **ASKED, review_on=REVIEW, actor=bruno, at=THEN + 9 * DAY)

    def told_by_another_worker() -> None:
        act = SourceAct.objects.get(dsr=other, alias="shop", act="restrict")
        sealed = seal(other.submission_id, act.place, '["C-1"]')
        SourceAct.objects.filter(pk=act.pk).update(references_sealed=sealed, status="done", next_try_at=None)

    Shop.meanwhile = told_by_another_worker
    sweeps.carry_out_acts(THEN + 8 * DAY)
    sweeps.carry_out_acts(THEN + 9 * DAY)
    assert (Shop.told[-2:], Shop.restricted, status(other, "restrict")) == ([False, True], {"C-1"}, "done")


def test_a_case_is_kept_as_long_as_something_of_it_is_restricted(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    answered(row, bruno, ada)
    Notice.objects.update(next_try_at=None)
    assert kept.kept_for(row.dsr.submission, at=THEN + 900 * DAY) == "a restriction stands"


def test_what_it_says_stands_sealed_and_goes_with_the_case(bruno: Actor) -> None:
    row = restricted(bruno)
    assert row.opened("scope") == ASKED["scope"]
    assert b"deliveries" not in bytes(row.scope_sealed)
    sealed_columns.empty(Stage.CASE, row.dsr.submission_id)
    row.refresh_from_db()
    assert bytes(row.scope_sealed) == b""


def test_one_at_a_time_and_of_that_right_alone(bruno: Actor) -> None:
    row = restricted(bruno)
    with pytest.raises(Refused, match="stands already"):
        restriction.restrict(row.dsr, **ASKED, review_on=REVIEW, actor=bruno, at=SOON)
    with pytest.raises(Refused, match="Only a request for restriction"):
        restriction.restrict(asked_for("correction"), **ASKED, review_on=REVIEW, actor=bruno, at=SOON)


@pytest.mark.parametrize("review_on", [date(2026, 11, 22), date(2027, 8, 1)])
def test_it_is_reviewed_within_180_days(review_on: date, bruno: Actor) -> None:
    with pytest.raises(Refused, match="within 180 days"):
        restriction.restrict(asked_for(), **ASKED, review_on=review_on, actor=bruno, at=SOON)


def test_an_approver_alone_does_not_lift(bruno: Actor, ada: Actor) -> None:
    row = restricted(bruno)
    answered(row, bruno, ada)
    with pytest.raises(Refused, match="role"):
        restriction.announce(row, why="Checked.", actor=ada, at=THEN + DAY)


def test_whoever_asks_does_not_restrict_their_own() -> None:
    ana = staff("ana", "handler")
    ana.email = "ana@example.org"
    ana.save()
    with pytest.raises(Refused, match="your own"):
        restricted(Actor.staff(ana))
