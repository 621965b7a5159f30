"""A department gets a task by link for what is to be done, says itself what it did, and nobody of the team for it."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from requests_app.models import (
    ErasureCertificate,
    ErasureItem,
    EvidenceEvent,
    Message,
    Notice,
    Restriction,
    SourceAct,
    SourceTask,
    TaskLink,
)
from requests_app.models.keys import seal
from requests_app.operations import (
    changes,
    decision,
    doing,
    erasure_plan,
    evidence,
    legal_hold,
    person,
    readiness,
    source_tasks,
    sweeps,
    to_do,
)
from requests_app.operations.actors import Actor
from requests_app.operations.being_erased import for_people, stands_against
from requests_app.operations.changes_told import told
from requests_app.operations.doing import Word
from requests_app.operations.owed_acts import owe_lifting
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.operations.task_standing import Standing, standing
from requests_app.rules.erasure_plan import Choice
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SOON, THEN = NOON + MINUTE, NOON + 10 * DAY
GIVEN = THEN + 2 * MINUTE
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
WROTE = {"statement": "The folder was shredded today.", "by": "Carla Verdi, archive"}
PEOPLE = "requests_app.connectors.people.DepartmentPeople"


@pytest.fixture(autouse=True)
def _world(settings: Any) -> None:
    published_policy()
    options = {"name": "Archive", "to": ["carla@shop.example", "dora@shop.example"]}
    settings.DATA_SOURCES = {"archive": {"BACKEND": PEOPLE, "OPTIONS": options}}


@pytest.fixture
def erased(bruno: Actor, ada: Actor) -> SourceTask:
    """What the archive holds of Ana is to be erased: approved, and its people have the task."""
    submission = ana_files("deletion")
    confirms(submission)
    carried_out(SOON)
    dsr = confirms_erasure(submission.requests.get(), at=SOON)
    erasure_plan.decide(dsr, {item.pk: Choice("erase") for item in ErasureItem.objects.all()}, actor=bruno, at=THEN)
    made = decision.decide(dsr, **DONE, actor=bruno, at=THEN)
    decision.approve(dsr, digest=made.content_digest, actor=ada, at=THEN + MINUTE)
    carried_out(GIVEN)
    return task()


def carried_out(at: Any) -> None:
    for minutes in range(3):
        sweeps.run_steps(at + minutes * MINUTE)
        sweeps.carry_out_acts(at + minutes * MINUTE)


def task() -> SourceTask:
    return SourceTask.objects.select_related("act__dsr__submission").get()


def link(address: str = "carla@shop.example") -> TaskLink:
    return next(one for one in source_tasks.with_task() if one.address == address and one.issue == one.task.issue)


def lines() -> list[str]:
    return [line.en for line in task().about.to_do]


class TestErasing:
    def test_its_people_are_told_by_link_what_is_to_be_done_and_the_desk_has_nothing_to_do(self, erased):
        assert Notice.objects.filter(kind="task_given").count() == 2
        assert "has to do what somebody asked for" in Notice.objects.filter(kind="task_given").first().text
        assert lines() == ["All that you hold of this person: erase it."]
        assert (erased.about.name, erased.about.addresses) == ("Ana Example", ("ana@example.org",))
        assert stands_against([erased.dsr]) == {erased.dsr.pk: "department"}
        assert not for_people().exists()
        assert standing(link(), at=GIVEN) == Standing.OPEN

    def test_it_has_its_days_though_the_request_is_answered(self, erased):
        assert source_tasks.last_on(erased) == (GIVEN + 5 * DAY).date()

    def test_their_word_answers_it_and_stands_in_the_certificate_as_that_of_a_department(self, erased):
        doing.say(link(), Word.DONE, **WROTE, at=GIVEN + DAY)
        carried_out(GIVEN + DAY)
        act = SourceAct.objects.get(act="erase")
        assert (act.status, act.attested_by, act.answer["department"]) == ("done", None, "Archive")
        assert ErasureItem.objects.get().done_at == GIVEN + DAY
        act.dsr.refresh_from_db()
        assert act.dsr.state == "fulfilled"
        body = ErasureCertificate.objects.get().body
        assert '"erased_by":"department"' in body
        assert '"said":"attested"' in body  # nobody can be asked what is left, and the certificate says no more
        assert "Carla" not in body
        assert list(evidence.verify()) == []

    def test_of_what_they_said_the_evidence_holds_no_word_and_about_whom_it_was_is_forgotten(self, erased):
        doing.say(link(), Word.DONE, **WROTE, at=GIVEN + DAY)
        (event,) = EvidenceEvent.objects.filter(kind="task_answered")
        assert (event.actor_role, "shredded" in event.body, "Carla" in event.body) == ("department", False, False)
        assert not bytes(task().about_sealed)
        assert (task().said.statement, task().said.by) == (WROTE["statement"], WROTE["by"])

    def test_said_twice_it_is_taken_once(self, erased):
        doing.say(link(), Word.DONE, **WROTE, at=GIVEN + DAY)
        assert standing(link(), at=GIVEN + DAY) == Standing.SAID
        assert standing(link("dora@shop.example"), at=GIVEN + DAY) == Standing.TAKEN
        for one in (link(), link("dora@shop.example")):
            with pytest.raises(Refused, match="not open any more"):
                doing.say(one, Word.COULD_NOT, **WROTE, at=GIVEN + DAY)
        assert EvidenceEvent.objects.filter(kind="task_answered").count() == 1

    @pytest.mark.parametrize(("statement", "by"), [("", "Carla"), ("Shredded.", " "), (" \0", "Carla")])
    def test_what_was_done_and_who_did_it_has_to_be_said(self, erased, statement, by):
        with pytest.raises(Refused, match="Write"):
            doing.say(link(), Word.DONE, statement=statement, by=by, at=GIVEN)
        assert SourceAct.objects.get(act="erase").status == "pending"

    def test_what_they_could_not_is_told_to_the_team_and_can_be_asked_again_or_done_by_hand(self, erased, bruno):
        staff("petra", "privacy officer")
        doing.say(link(), Word.COULD_NOT, statement="The folder is lost.", by="Carla", at=GIVEN + DAY)
        assert stands_against([erased.dsr]) == {erased.dsr.pk: "by_hand"}
        assert "could not do" in Notice.objects.get(kind="staff_alarm", staff__username="petra").text
        act = SourceAct.objects.get(act="erase")
        erasure_plan.ask_again(act, actor=bruno, at=GIVEN + 2 * DAY)
        carried_out(GIVEN + 2 * DAY)
        assert (task().issue, task().answered_at, task().said) == (2, None, None)
        assert lines() == ["All that you hold of this person: erase it."]
        act.refresh_from_db()
        erasure_plan.attest(act, note="Found, and shredded.", actor=bruno, at=GIVEN + 3 * DAY)
        carried_out(GIVEN + 3 * DAY)
        assert standing(link(), at=GIVEN + 3 * DAY) == Standing.DROPPED
        assert '"erased_by":"staff"' in ErasureCertificate.objects.get().body

    def test_told_again_what_they_wrote_before_stays_as_an_internal_note(self, erased, bruno):
        doing.say(link(), Word.COULD_NOT, statement="The folder is lost.", by="Carla", at=GIVEN + DAY)
        erasure_plan.ask_again(SourceAct.objects.get(act="erase"), actor=bruno, at=GIVEN + 2 * DAY)
        carried_out(GIVEN + 2 * DAY)
        note = Message.objects.get()
        assert (note.author, note.staff) == ("internal", None)
        assert note.body == "“Archive” could not do it, 3 December 2026: The folder is lost. (Carla)"
        given = EvidenceEvent.objects.filter(kind="task_given").last()
        assert json.loads(given.body)["message"] == str(note.pk)
        assert "folder" not in given.body

    def test_they_are_reminded_and_others_are_told_once_it_is_late(self, erased):
        staff("petra", "privacy officer")
        for days in range(8):
            sweeps.remind_departments(GIVEN + days * DAY)
        assert Notice.objects.filter(kind="task_reminder").count() == 3 * 2  # half, last and late, to both
        alarm = Notice.objects.get(kind="staff_alarm", staff__username="petra")
        assert "has not answered a task" in alarm.text
        assert "say yourself that it was done" in alarm.text
        assert task().next_at is None

    def test_a_legal_hold_takes_the_task_from_them_and_lifted_they_get_it_again(self, erased):
        petra = Actor.staff(staff("petra", "privacy officer"))
        held = {"ordered": "Court", "why": "A dispute.", "review_on": date(2027, 3, 1), "told": False}
        item = ErasureItem.objects.get()
        hold = legal_hold.set_hold(erased.dsr, items=[item.pk], **held, actor=petra, at=GIVEN + DAY)
        assert standing(link(), at=GIVEN + DAY) == Standing.DROPPED
        carried_out(GIVEN + DAY)
        assert stands_against([erased.dsr]) == {erased.dsr.pk: "held"}
        with pytest.raises(Refused, match="not open any more"):
            doing.say(link(), Word.DONE, **WROTE, at=GIVEN + DAY)
        legal_hold.lift_hold(hold, why="Settled.", actor=petra, at=GIVEN + 2 * DAY)
        carried_out(GIVEN + 2 * DAY)
        assert task().issue == 2
        doing.say(link(), Word.DONE, **WROTE, at=GIVEN + 3 * DAY)
        assert ErasureItem.objects.get().done_at == GIVEN + 3 * DAY

    def test_what_was_decided_for_each_kind_is_told_with_what_is_kept_and_why(self, erased):
        """No department plans tables today; what is told does not depend on it."""
        place = {"dsr": erased.dsr, "opened_at": erased.act.opened_at, "alias": "archive", "records": 1}
        decided = {"decided_by": erased.dsr.decided_by, "decided_at": THEN}
        kept = ErasureItem(**place, **decided, table="bills", label={"en": "Bills", "it": "Fatture"}, way="keep",
                           ground="law_forbids_deletion", until_on=date(2036, 12, 31))  # fmt: skip
        words = json.dumps({"basis": "Tax code, § 147", "use": "tax audits"})
        kept.told_sealed = seal(erased.dsr.submission_id, kept.place, words)
        gone = ErasureItem(**place, **decided, table="letters", label={"en": "Letters", "it": "Lettere"}, way="erase")
        policy = policy_of(erased.dsr.policy)
        first, second = to_do.of_items([kept, gone], [gone], policy)
        assert first.en.startswith("Bills: keep it until 31 December 2036. ")
        assert first.en.endswith(": Tax code, § 147. Use it only for: tax audits.")
        assert first.it.startswith("Fatture: conservare fino al 31 dicembre 2036. ")
        assert second.en == "Letters: erase it."
        assert to_do.of_items([gone], [], policy)[0].en == "Letters: leave it as it is for now."


class TestPuttingRight:
    @pytest.fixture
    def corrected(self, bruno: Actor) -> SourceTask:
        submission = ana_files("correction")
        confirms(submission)
        sweeps.run_steps(SOON)
        dsr = submission.requests.get()
        changes.state_change(dsr, field="{street}", before="Via Roma 1", wanted="Via Po 2", actor=bruno, at=SOON)
        SourceAct.objects.exclude(alias="archive").delete()
        carried_out(SOON)
        return task()

    def test_it_says_which_value_and_how_it_has_to_read(self, corrected):
        assert lines() == ["{street}: not “Via Roma 1”, but “Via Po 2”."]
        assert "Via" not in str(corrected.asks)
        assert readiness.missing(corrected.dsr) == [
            "The data source archive was told of a change, and has not answered yet."
        ]

    @pytest.mark.parametrize(
        ("word", "line"), [(Word.DONE, "{street}: put right"), (Word.NOTHING, "{street}: we hold no such value")]
    )
    def test_what_they_say_stands_in_the_letter(self, corrected, word, line):
        doing.say(link(), word, **WROTE, at=SOON + DAY)
        assert told(corrected.dsr, "en") == [line]
        assert readiness.missing(corrected.dsr) == []


class TestStopping:
    @pytest.fixture
    def withdrawn(self) -> SourceTask:
        ana_files("marketing_optout")
        carried_out(SOON)
        return task()

    def test_it_says_which_purpose_by_its_name_and_asks_nobody_for_a_proof(self, withdrawn):
        assert all(line.endswith(": stop it.") for line in lines())
        assert lines()
        assert withdrawn.about.addresses == ("ana@example.org",)

    def test_once_all_have_said_so_the_request_ends(self, withdrawn):
        doing.say(link(), Word.DONE, **WROTE, at=SOON + DAY)
        withdrawn.dsr.refresh_from_db()
        assert withdrawn.dsr.state == "fulfilled"

    @pytest.fixture
    def stopped(self) -> SourceAct:
        """Ana takes back a yes of which only the department knows since when it stood."""
        ana_files("consent_withdrawal", purposes=("optional_cookies",))
        carried_out(SOON)
        return SourceAct.objects.select_related("dsr__submission", "dsr__policy").get()

    def test_what_it_stopped_and_was_taken_back_people_have_to_put_back_there(self, stopped):
        doing.say(link(), Word.DONE, **WROTE, at=SOON + DAY)
        person.undo(stopped.dsr, actor=Actor.person(), at=SOON + 2 * DAY)
        carried_out(SOON + 2 * DAY)
        assert SourceAct.objects.get(occasion__startswith="back:").status == "by_hand"
        stopped.refresh_from_db()
        assert stopped.status == "done"

    @pytest.mark.parametrize("stands", ["open", "could not", "done by hand"])
    def test_taken_back_its_task_orders_no_stop_any_more_and_people_look_whether_it_had_stopped(
        self, stopped, bruno, stands
    ):
        if stands == "could not":
            doing.say(link(), Word.COULD_NOT, **WROTE, at=SOON + DAY)
        elif stands == "done by hand":
            erasure_plan.attest(stopped, note="Phoned them.", actor=bruno, at=SOON + DAY)
        person.undo(stopped.dsr, actor=Actor.person(), at=SOON + 2 * DAY)
        assert standing(link(), at=SOON + 2 * DAY) != Standing.OPEN
        carried_out(SOON + 2 * DAY)
        waiting = SourceAct.objects.filter(status__in=("pending", "by_hand", "waiting"))
        assert [one.occasion[:5] for one in waiting] == ["back:"]
        assert waiting.get().status == "by_hand"

    def test_nobody_says_of_a_stop_that_was_taken_back_that_it_was_done(self, stopped, bruno):
        person.undo(stopped.dsr, actor=Actor.person(), at=SOON + DAY)
        with pytest.raises(Refused, match="Nobody waits"):
            erasure_plan.attest(stopped, note="Phoned them.", actor=bruno, at=SOON + DAY)
        with pytest.raises(Refused):
            erasure_plan.ask_again(stopped, actor=bruno, at=SOON + DAY)

    def test_of_two_purposes_one_taken_back_a_new_task_names_what_stands_and_the_request_ends_with_it(self):
        dsr = ana_files("consent_withdrawal", purposes=("direct_marketing", "optional_cookies")).requests.get()
        carried_out(SOON)
        first = task()
        person.undo(dsr, purposes=["direct_marketing"], actor=Actor.person(), at=SOON + DAY)
        carried_out(SOON + DAY)
        last = SourceTask.objects.exclude(pk=first.pk).get()
        assert sorted(line.en.rpartition(": ")[2] for line in last.about.to_do) == [
            "stop it.", "you may go on, or begin again.",
        ]  # fmt: skip
        carla = next(one for one in source_tasks.with_task().filter(task=last) if one.address == "carla@shop.example")
        doing.say(carla, Word.DONE, **WROTE, at=SOON + 2 * DAY)
        dsr.refresh_from_db()
        assert dsr.state == "fulfilled"


class TestRestricting:
    @pytest.fixture
    def objected(self) -> SourceTask:
        """Ana objects: what it is about is paused everywhere until that is answered."""
        submission = ana_files("objection")
        confirms(submission)
        carried_out(SOON)
        return task()

    def test_it_says_what_is_only_stored_from_now_on(self, objected):
        assert lines()[0].endswith(": store it, and use it for nothing else.")
        doing.say(link(), Word.DONE, **WROTE, at=SOON + DAY)
        assert SourceAct.objects.get(act="restrict").status == "done"

    def test_lifted_before_they_said_so_the_task_is_over_and_they_are_told_that_it_is_lifted(self, objected):
        """They may have done it, and have not said so yet."""
        ended = {"announced_at": SOON, "lift_from": SOON.date(), "lifted_at": SOON + DAY}
        Restriction.objects.update(**ended, lifted_by=staff("petra", "privacy officer"))
        owe_lifting(objected.dsr, 1, at=SOON + DAY)
        assert standing(link(), at=SOON + DAY) == Standing.DROPPED
        sweeps.carry_out_acts(SOON + DAY)
        lifting = SourceTask.objects.get(act__act="lift")
        assert lifting.about.to_do[0].en.endswith(": you may use it again.")
