"""A mailbox that a family shares: nothing is read, changed or erased before somebody of the team said who asks."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

from requests_app.connectors import DataSource, Match, OnFile, Query, source
from requests_app.models import EvidenceEvent, Notice, PackageBuild, PeopleFound, SourceAct, SuppressionEntry
from requests_app.operations import (
    changes,
    decision,
    digest,
    erasure_plan,
    fulfilment,
    identity,
    on_file,
    people_found,
    restriction,
    sealed_columns,
    several_people,
    streams,
    sweeps,
)
from requests_app.operations.actors import Actor
from requests_app.operations.asked_sources import CutShort, references_of
from requests_app.operations.evidence import Kind
from requests_app.operations.owed_acts import items_of
from requests_app.operations.owed_steps import steps_of
from requests_app.operations.people_found import SeveralPeople
from requests_app.operations.readiness import missing
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.rules.erasure_plan import Choice
from requests_app.rules.retention import Stage
from tests.packages import DONE
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MEMORY = "requests_app.connectors.in_memory.InMemory"
MINUTE = timedelta(minutes=1)
SOON, THEN, LATER = NOON + MINUTE, NOON + 2 * MINUTE, NOON + 10 * MINUTE
DAYS_ON = NOON + timedelta(days=10)
HOME, WHY = "ana@example.org", "Ana told her date of birth on the phone; it is that of C-1001."


def member(number: str, note: str, *, emails: tuple[str, ...] = (HOME,), **more: Any) -> dict[str, Any]:
    records = {"orders": [{"number": number, "note": note}]}
    return {"reference": number, "emails": list(emails), "since": NOON - 900 * timedelta(days=1), "records": records,
            **more}  # fmt: skip


ANA, OTTO = member("C-1001", "A lamp for Ana."), member("C-2002", "A desk for Otto.")


@pytest.fixture(autouse=True)
def _world(settings: Any, tmp_path: Any) -> None:
    published_policy()
    settings.FILES_DIR = str(tmp_path)


@pytest.fixture
def knows(settings: Any) -> Any:
    """What the shop holds."""

    def knows_(*people: dict[str, Any]) -> None:
        tables = {"orders": {"columns": {"number": "text", "note": "text"}, "rectify": ["note"]}}
        options = {"people": copy.deepcopy(list(people)), "tables": tables}
        settings.DATA_SOURCES = {"shop": {"BACKEND": MEMORY, "OPTIONS": options}}

    return knows_


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


def asks(right: str = "access", **changes: Any) -> Any:
    """Ana files, types the code, and every source is asked what it holds."""
    submission = ana_files(right, **changes)
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.read_sources(THEN)
    return submission.requests.get()


def chosen(dsr: Any, *references: str, actor: Actor, why: str = WHY, at: Any = LATER) -> PeopleFound:
    found = people_found.of(dsr).get()
    several_people.choose(found, references=references, seen=found.digest, why=why, actor=actor, at=at)
    return found


def handed_out(dsr: Any) -> str:
    step = steps_of(dsr).get()
    return streams.Reader(dsr.submission_id, step.pk).read().decode() if step.status == "found" else ""


class TestFound:
    def test_of_two_people_under_one_address_nothing_is_read(self, knows):
        knows(ANA, OTTO)
        dsr = asks()
        step = steps_of(dsr).get()
        assert (step.status, step.records, step.next_try_at) == ("several", 0, None)
        assert handed_out(dsr) == ""
        assert missing(dsr)[0] == (
            "The data source shop knows several people under what was shown. Choose whom it is about."
        )
        sweeps.build_packages(LATER)
        assert not PackageBuild.objects.exists()

    def test_one_person_alone_is_read_as_ever(self, knows):
        knows(ANA, member("C-2002", "A desk.", emails=("otto@example.net",)))
        assert "lamp" in handed_out(asks())
        assert not PeopleFound.objects.exists()

    @pytest.mark.parametrize("details", ["My number is C-1001.", "I am Ana Example, not Otto."])
    def test_what_anybody_of_the_house_could_have_written_chooses_nobody(self, knows, details):
        knows(ANA, OTTO)
        assert steps_of(asks(details=details)).get().status == "several"

    def test_a_number_chooses_nobody_where_another_address_was_shown_by_it(self, knows):
        """Ana writes from a new address, and names her number; the code goes to the mailbox that Otto reads, too."""
        knows(ANA, OTTO)
        submission = ana_files("access", email="new@example.com", details="My number is C-1001.")
        confirms(submission)
        sweeps.run_steps(SOON)
        contact = submission.contacts.get(role="on_file")
        code = identity.code_for(contact.checks.latest("issue"))
        assert on_file.confirm_on_file(submission, code=code, actor=Actor.person(), at=THEN)
        sweeps.read_sources(THEN)
        step = steps_of(submission.requests.get()).get()
        assert step.status == "several"
        assert len(people_found.of(step.dsr).get().candidates) == 2

    def test_an_address_that_somebody_else_has_since_yesterday_is_not_hers_alone(self, knows):
        knows(ANA)
        submission = ana_files("access")
        confirms(submission)
        sweeps.run_steps(SOON)
        knows(ANA, {**OTTO, "since": NOON})
        sweeps.read_sources(THEN)
        dsr = submission.requests.get()
        assert steps_of(dsr).get().status == "several"
        assert [one["reference"] for one in people_found.of(dsr).get().candidates] == ["C-1001"]  # he is not shown

    def test_two_who_are_alike_in_everything_are_two(self, knows):
        knows(ANA, {**ANA, "reference": "C-1001-B"})
        assert steps_of(asks()).get().status == "several"

    def test_what_a_source_tells_of_one_person_in_two_pieces_is_one_person(self, knows):
        knows(member("C-1001", "A lamp."), member("C-1001", "A desk.", emails=(HOME, "ana@example.net")))
        assert "lamp" in handed_out(asks())

    def test_whoever_has_shown_two_addresses_of_their_own_gets_both_accounts(self, knows):
        knows(ANA, member("C-1002", "A chair for Ana.", emails=("old@example.org",)))
        dsr = asks()
        two = [Match("a", (OnFile(HOME),)), Match("b", (OnFile("old@example.org"),))]
        shown = {HOME, "old@example.org"}
        assert people_found.whose(dsr, "shop", two, found=two, shown=shown) == ["a", "b"]
        with pytest.raises(people_found.SeveralPeople):  # verified by hand: of one of them nothing was shown
            people_found.whose(dsr, "shop", two, found=two, shown={HOME})

    def test_who_was_found_stands_nowhere_in_clear(self, knows):
        knows(ANA, OTTO)
        found = people_found.of(asks()).get()
        assert [one["reference"] for one in found.candidates] == ["C-1001", "C-2002"]
        assert found.candidates[0]["contacts"][0]["address"] == HOME
        assert b"C-2002" not in bytes(found.candidates_sealed)
        bodies = " ".join(EvidenceEvent.objects.values_list("body", flat=True))
        assert "C-2002" not in bodies
        assert HOME not in bodies

    def test_whoever_is_responsible_is_told_once_and_the_digest_counts_it(self, knows, bruno):
        petra = staff("petra", "privacy officer")
        knows(ANA, OTTO)
        dsr = asks()
        fulfilment.retry(steps_of(dsr).get(), actor=bruno, at=LATER)
        sweeps.read_sources(LATER)
        (told,) = Notice.objects.filter(kind="staff_alarm", dsr=dsr)
        assert told.staff == petra
        assert "several people" in told.text
        assert "C-2002" not in told.text
        assert EvidenceEvent.objects.filter(kind="several_found").count() == 1
        assert people_found.waiting([dsr]) == {dsr.pk}
        assert digest.owe_digest(NOON + timedelta(days=1)) > 0
        assert "Several people found: 1" in Notice.objects.filter(kind="staff_digest").first().text

    def test_the_clock_goes_on(self, knows):
        knows(ANA, OTTO)
        before = ana_files("access").requests.get().due_on
        dsr = asks()
        assert (dsr.due_on, dsr.is_open) == (before, True)


class TestChosen:
    def test_exactly_the_chosen_one_is_read(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        found = chosen(dsr, "C-1001", actor=bruno)
        sweeps.read_sources(LATER)
        assert "lamp" in handed_out(dsr)
        assert "desk" not in handed_out(dsr)
        found.refresh_from_db()
        assert (found.chosen, found.opened("why"), found.chosen_by) == (["C-1001"], WHY, bruno.user)
        assert people_found.waiting([dsr]) == set()

    def test_the_evidence_tells_how_many_and_of_which_step_and_nobody(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        chosen(dsr, "C-1001", actor=bruno)
        event = EvidenceEvent.objects.get(kind=Kind.PEOPLE_CHOSEN)
        body = json.loads(event.body)
        assert (body["people"], body["chosen"], body["step"]) == (2, 1, str(steps_of(dsr).get().pk))
        assert "C-1001" not in event.body
        assert "birth" not in event.body

    def test_both_may_be_hers(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        chosen(dsr, "C-1001", "C-2002", actor=bruno)
        sweeps.read_sources(LATER)
        assert steps_of(dsr).get().records == 2

    def test_where_it_is_none_of_them_nothing_is_found(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        chosen(dsr, actor=bruno)
        sweeps.read_sources(LATER)
        assert (steps_of(dsr).get().status, handed_out(dsr)) == ("nothing", "")

    def test_where_nobody_can_tell_it_is_withheld_with_words(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        fulfilment.withhold(
            steps_of(dsr).get(), ground="risk_to_others", why="We cannot tell who asks.", actor=bruno, at=LATER
        )
        assert steps_of(dsr).get().status == "withheld"
        assert people_found.waiting([dsr]) == set()

    def test_of_other_people_it_is_asked_anew(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        chosen(dsr, "C-1001", actor=bruno)
        knows(ANA, OTTO, member("C-3003", "A bed for Rosa."))
        sweeps.read_sources(LATER)
        assert (steps_of(dsr).get().status, handed_out(dsr)) == ("several", "")
        found = people_found.of(dsr).get()
        assert (len(found.candidates), found.chosen, found.chosen_at) == (3, [], None)

    def test_who_was_not_shown_is_not_chosen(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        with pytest.raises(Refused, match="other people"):
            chosen(dsr, "C-3003", actor=bruno)
        shown = people_found.of(dsr).get().digest
        knows(ANA, OTTO, member("C-3003", "A bed for Rosa."))
        fulfilment.retry(steps_of(dsr).get(), actor=bruno, at=LATER)
        sweeps.read_sources(LATER)
        with pytest.raises(Refused, match="other people"):
            several_people.choose(
                people_found.of(dsr).get(), references=["C-1001"], seen=shown, why=WHY, actor=bruno, at=LATER
            )

    def test_chosen_again_what_was_read_of_the_wrong_one_is_replaced(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        chosen(dsr, "C-2002", actor=bruno)
        sweeps.read_sources(LATER)
        chosen(dsr, "C-1001", actor=bruno, at=LATER + MINUTE)
        sweeps.read_sources(LATER + MINUTE)
        assert "desk" not in handed_out(dsr)
        assert "lamp" in handed_out(dsr)

    def test_what_is_withheld_stays_so(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        fulfilment.withhold(steps_of(dsr).get(), ground="risk_to_others", why="Unclear.", actor=bruno, at=LATER)
        chosen(dsr, "C-1001", actor=bruno)
        assert steps_of(dsr).get().status == "withheld"

    def test_a_choice_needs_a_reason_a_role_and_somebody_else(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        with pytest.raises(Refused, match="told them apart"):
            chosen(dsr, "C-1001", actor=bruno, why="  ")
        with pytest.raises(RoleMissing):
            chosen(dsr, "C-1001", actor=Actor.staff(staff("ada", "approver")))
        otto = staff("otto", "handler")
        otto.email = HOME
        otto.save()
        with pytest.raises(Refused, match="your own"):
            chosen(dsr, "C-2002", actor=Actor.staff(otto))
        assert steps_of(dsr).get().status == "several"
        assert people_found.of(dsr).get().chosen_at is None

    def test_decided_is_decided(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = asks()
        type(dsr).objects.filter(pk=dsr.pk).update(state="awaiting_approval")
        with pytest.raises(Refused, match="not in progress"):
            chosen(dsr, "C-1001", actor=bruno)


class Crm(DataSource):
    """Knows Ana and Otto by one address; people delete there."""

    gone: set[str] = set()

    def find(self, query: Query) -> list[Match]:
        contact = OnFile(HOME, since=NOON - timedelta(days=900))
        return [Match(number, (contact,)) for number in ("C-1001", "C-2002") if number not in Crm.gone]


class Cut(DataSource):
    """Knows many by their numbers, and tells of the first ones only."""

    def find(self, query: Query) -> list[Match]:
        by_number = [Match(one, (OnFile(f"{one}@example.net"),)) for one in query.identifiers if "-" in one]
        family = [Match(number, (OnFile(HOME),)) for number in ("C-1001", "C-2002") if HOME in query.addresses]
        return [*family[:1], *by_number, *family[1:]][:3]


def test_numbers_that_push_one_of_two_out_of_the_answer_choose_nobody(settings):
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Cut"}}
    for details, expected in (("", SeveralPeople), ("N-1 N-11 N-111 N-1111 N-2222 N-3333", CutShort)):
        submission = ana_files("access", details=details)
        confirms(submission)
        submission.refresh_from_db()
        with pytest.raises(expected):
            references_of(submission.requests.get(), source("shop"))


def to_be_deleted() -> Any:
    submission = ana_files("deletion")
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.carry_out_acts(SOON)
    return confirms_erasure(submission.requests.get(), at=SOON)


def erases(dsr: Any, bruno: Actor) -> Any:
    """All of what was planned is decided, approved and carried out."""
    erasure_plan.decide(dsr, {item.pk: Choice("erase") for item in items_of(dsr)}, actor=bruno, at=DAYS_ON)
    made = decision.decide(dsr, outcome="done", letter="Dear Ana.", ground="", facts="", scope="",
                           identity_match="Code.", actor=bruno, at=DAYS_ON)  # fmt: skip
    ada = Actor.staff(staff("ada", "approver"))
    dsr = decision.approve(dsr, digest=made.content_digest, actor=ada, at=DAYS_ON + MINUTE)
    for minutes in (2, 3, 4):
        sweeps.carry_out_acts(DAYS_ON + minutes * MINUTE)
    dsr.refresh_from_db()
    return dsr


def act_of(dsr: Any, act: str) -> SourceAct:
    return SourceAct.objects.filter(dsr=dsr, act=act).exclude(alias="recipients:").order_by("due_at")[0]


class TestErased:
    def test_no_plan_is_made_of_several(self, knows):
        knows(ANA, OTTO)
        dsr = to_be_deleted()
        assert (act_of(dsr, "plan").status, act_of(dsr, "plan").next_try_at) == ("several", None)
        assert not items_of(dsr).exists()
        assert "several people" in missing(dsr)[0]
        assert people_found.waiting([dsr]) == {dsr.pk}

    def test_of_the_chosen_one_everything_goes_and_of_the_other_nothing(self, knows, bruno, settings):
        knows(ANA, OTTO)
        dsr = to_be_deleted()
        chosen(dsr, "C-1001", actor=bruno)
        sweeps.carry_out_acts(LATER)
        assert act_of(dsr, "plan").references == ("C-1001",)
        assert [(item.table, item.records) for item in items_of(dsr)] == [("orders", 1)]
        assert erases(dsr, bruno).state == "fulfilled"
        held = json.dumps(settings.DATA_SOURCES["shop"]["OPTIONS"]["people"], default=str)
        assert "desk" in held
        assert "lamp" not in held

    def test_whoever_chose_does_not_approve_what_comes_of_it_alone(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = to_be_deleted()
        petra, ada = Actor.staff(staff("petra", "privacy officer")), Actor.staff(staff("ada", "approver"))
        chosen(dsr, "C-1001", actor=petra)
        sweeps.carry_out_acts(LATER)
        erasure_plan.decide(dsr, {item.pk: Choice("erase") for item in items_of(dsr)}, actor=bruno, at=DAYS_ON)
        made = decision.decide(dsr, **DONE, actor=bruno, at=DAYS_ON)
        with pytest.raises(Refused, match="you chose whom it is about"):
            decision.approve(dsr, digest=made.content_digest, actor=petra, at=DAYS_ON + MINUTE)
        PeopleFound.objects.update(chosen_sealed=b"")
        with pytest.raises(Refused, match="changed after you opened it"):
            decision.approve(dsr, digest=made.content_digest, actor=ada, at=DAYS_ON + MINUTE)

    def test_chosen_again_the_plan_is_made_anew(self, knows, bruno):
        knows(ANA, member("C-2002", "A desk."), member("C-3003", "A bed."))
        dsr = to_be_deleted()
        chosen(dsr, "C-1001", "C-2002", actor=bruno)
        sweeps.carry_out_acts(LATER)
        assert items_of(dsr).get().records == 2
        chosen(dsr, "C-1001", actor=bruno)
        sweeps.carry_out_acts(LATER + MINUTE)
        assert items_of(dsr).get().records == 1

    def test_the_address_that_the_others_still_have_is_not_on_the_register(self, knows, bruno):
        knows(ANA, OTTO)
        dsr = to_be_deleted()
        chosen(dsr, "C-1001", actor=bruno)
        sweeps.carry_out_acts(LATER)
        erases(dsr, bruno)
        assert not SuppressionEntry.objects.exists()

    def test_where_people_delete_the_others_are_no_proof_that_she_is_still_there(self, settings, bruno):
        settings.DATA_SOURCES = {"crm": {"BACKEND": f"{__name__}.Crm"}}
        Crm.gone = set()
        dsr = to_be_deleted()
        chosen(dsr, "C-1001", actor=bruno)
        sweeps.carry_out_acts(LATER)
        dsr = erases(dsr, bruno)
        carla = Actor.staff(staff("carla", "handler"))
        erasure_plan.attest(act_of(dsr, "erase"), note="Carla deleted it.", actor=carla, at=DAYS_ON + 5 * MINUTE)
        sweeps.carry_out_acts(DAYS_ON + 6 * MINUTE)
        assert act_of(dsr, "verify").status == "contradicted"
        Crm.gone = {"C-1001"}
        erasure_plan.ask_again(act_of(dsr, "verify"), actor=bruno, at=DAYS_ON + 7 * MINUTE)
        sweeps.carry_out_acts(DAYS_ON + 8 * MINUTE)
        erasure_plan.attest(act_of(dsr, "erase"), note="Carla deleted it.", actor=carla, at=DAYS_ON + 9 * MINUTE)
        sweeps.carry_out_acts(DAYS_ON + 10 * MINUTE)
        assert act_of(dsr, "verify").status == "done"


def test_a_value_is_put_right_with_the_chosen_one_alone(knows, bruno, settings):
    knows(ANA, OTTO)
    submission = ana_files("correction")
    confirms(submission)
    sweeps.run_steps(SOON)
    dsr = submission.requests.get()
    changes.state_change(dsr, field="note", before="", wanted="Two lamps.", actor=bruno, at=SOON)
    sweeps.carry_out_acts(THEN)
    assert act_of(dsr, "rectify").status == "several"
    assert any("several people" in sentence for sentence in missing(dsr))
    chosen(dsr, "C-2002", actor=bruno)
    chosen(dsr, "C-1001", actor=bruno)  # nothing was told yet
    sweeps.carry_out_acts(LATER)
    people = settings.DATA_SOURCES["shop"]["OPTIONS"]["people"]
    assert [one["records"]["orders"][0]["note"] for one in people] == ["Two lamps.", "A desk for Otto."]
    with pytest.raises(Refused, match="told already"):
        chosen(dsr, "C-2002", actor=bruno, at=LATER + MINUTE)
    assert people_found.of(dsr).get().chosen == ["C-1001"]


def test_a_restriction_waits_for_the_choice_also_where_its_request_is_decided(knows, bruno, settings):
    knows(ANA, OTTO)
    submission = ana_files("restriction")
    confirms(submission)
    sweeps.run_steps(SOON)
    dsr = submission.requests.get()
    words = {"ground": "accuracy", "scope": "The address.", "until": "The address is checked."}
    restriction.restrict(dsr, **words, review_on=DAYS_ON.date(), actor=bruno, at=SOON)
    sweeps.carry_out_acts(THEN)
    assert act_of(dsr, "restrict").status == "several"
    type(dsr).objects.filter(pk=dsr.pk).update(state="awaiting_approval")
    chosen(dsr, "C-1001", actor=bruno)
    sweeps.carry_out_acts(LATER)
    people = settings.DATA_SOURCES["shop"]["OPTIONS"]["people"]
    assert [one.get("restricted", False) for one in people] == [True, False]
    with pytest.raises(Refused, match="not in progress"):
        chosen(dsr, "C-2002", actor=bruno, at=LATER + MINUTE)
    type(dsr).objects.filter(pk=dsr.pk).update(state="in_progress")
    with pytest.raises(Refused, match="told already"):
        chosen(dsr, "C-2002", actor=bruno, at=LATER + MINUTE)


def test_who_was_found_goes_with_the_contact_data_and_why_with_the_case(knows, bruno):
    knows(ANA, OTTO)
    dsr = asks()
    found = chosen(dsr, "C-1001", actor=bruno)
    sealed_columns.empty(Stage.CONTACT, dsr.submission_id)
    found.refresh_from_db()
    assert (found.candidates, found.chosen, found.opened("why")) == ([], [], WHY)
    sealed_columns.empty(Stage.CASE, dsr.submission_id)
    found.refresh_from_db()
    assert found.opened("why") == ""
