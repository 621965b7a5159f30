"""A complaint is linked to what it is about, has a clock of its own, and is judged by people who had no part in it."""

import uuid
from datetime import timedelta

import pytest

from requests_app.models import Complaint, DataSubjectRequest, EvidenceEvent, Notice, Submission
from requests_app.operations import complaints, deadline_change, decision, desk, proof
from requests_app.operations.actors import Actor
from requests_app.operations.on_behalf import Behalf
from requests_app.operations.refused import Refused
from requests_app.rules.authority import Kind as AuthorityKind
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LATER = NOON + timedelta(days=3)
ANSWER = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}


@pytest.fixture(autouse=True)
def _policy(settings):
    published_policy()
    settings.DATA_SOURCES = {}


@pytest.fixture
def team():
    """Bruno handles, Ada approves, Petra is the officer; Carla and Dario were not there when it was answered."""
    roles = {"bruno": "handler", "ada": "approver", "petra": "privacy officer", "carla": "handler", "dario": "approver"}
    return {name: staff(name, role) for name, role in roles.items()}


def answered(team) -> DataSubjectRequest:
    """Ana asked for a correction; Bruno decided and Ada approved."""
    submission = ana_files("correction")
    confirms(submission)
    dsr = submission.requests.get()
    made = decision.decide(dsr, **ANSWER, actor=Actor.staff(team["bruno"]), at=NOON)
    dsr.refresh_from_db()
    return decision.approve(dsr, digest=made.content_digest, actor=Actor.staff(team["ada"]), at=NOON)


def ana_complains(about: DataSubjectRequest | None, **changes) -> DataSubjectRequest:
    submission = ana_files("complaint", at=LATER, about=about.pk if about else None, **changes)
    confirms(submission, at=LATER)
    return submission.requests.select_related("submission", "policy").get()


def test_a_complaint_names_what_it_is_about_and_has_a_clock_of_its_own(team):
    first = answered(team)
    complaint = ana_complains(first)
    assert complaints.about_of(complaint) == first
    assert complaint.due_on - first.due_on == timedelta(days=3)
    linked = EvidenceEvent.objects.get(kind="complaint_linked")
    assert str(first.pk) in linked.body
    assert Complaint.objects.get().linked_by is None


@pytest.mark.parametrize("name", ["bruno", "ada"])
def test_whoever_decided_or_approved_the_first_judges_no_complaint_about_it(team, name):
    complaint = ana_complains(answered(team))
    involved = team[name]
    with pytest.raises(Refused, match="had a part"):
        desk.assign(complaint, assignee=involved, actor=Actor.staff(team["petra"]), at=LATER)
    involved.groups.set(team["petra"].groups.all())  # also with every role
    for judged in (
        lambda actor: decision.decide(complaint, **ANSWER, actor=actor, at=LATER),
        lambda actor: desk.ask(complaint, question="Why?", actor=actor, at=LATER),
        lambda actor: desk.attach(complaint, name="a.txt", content=b"a", actor=actor, at=LATER),
        lambda actor: decision.return_for_change(complaint, reason="No.", actor=actor, at=LATER),
    ):
        with pytest.raises(Refused, match="had a part"):
            judged(Actor.staff(involved))


def test_others_decide_and_approve_it(team):
    complaint = ana_complains(answered(team))
    made = decision.decide(complaint, **ANSWER, actor=Actor.staff(team["carla"]), at=LATER)
    complaint.refresh_from_db()
    with pytest.raises(Refused, match="had a part"):
        decision.approve(complaint, digest=made.content_digest, actor=Actor.staff(team["ada"]), at=LATER)
    done = decision.approve(complaint, digest=made.content_digest, actor=Actor.staff(team["dario"]), at=LATER)
    assert done.state == "fulfilled"


def test_whoever_only_gave_it_to_somebody_had_no_part(team):
    submission = ana_files("correction")
    confirms(submission)
    desk.assign(submission.requests.get(), assignee=team["bruno"], actor=Actor.staff(team["petra"]), at=NOON)
    complaint = ana_complains(submission.requests.get())
    assert not complaints.has_part(complaint, team["petra"])
    assert complaints.has_part(complaint, team["bruno"])


def test_a_complaint_about_a_complaint_is_judged_by_a_third_pair(team):
    first = ana_complains(answered(team))
    decision.decide(first, **ANSWER, actor=Actor.staff(team["carla"]), at=LATER)
    second = ana_complains(first)
    assert [name for name, account in team.items() if complaints.has_part(second, account)] == ["bruno", "ada", "carla"]


def test_those_who_had_a_part_are_not_told_of_it(team):
    complaint = ana_complains(answered(team))
    told = Notice.objects.filter(dsr=complaint, kind="staff_new").values_list("staff__username", flat=True)
    assert sorted(told) == ["carla", "petra"]


def test_where_too_few_are_left_to_judge_it_the_officers_hear_of_it(team):
    first = answered(team)
    for name in ("carla", "dario"):
        team[name].groups.clear()
    ana_complains(first)
    assert Notice.objects.filter(kind="staff_alarm", staff=team["petra"]).count() == 1


def test_nothing_is_decided_before_it_is_said_what_it_is_about(team):
    answered(team)
    complaint = ana_complains(None)
    carla = Actor.staff(team["carla"])
    with pytest.raises(Refused, match="Say first which request"):
        decision.decide(complaint, **ANSWER, actor=carla, at=LATER)
    complaints.link(complaint, None, actor=carla, at=LATER)  # about none of them
    assert decision.decide(complaint, **ANSWER, actor=carla, at=LATER)


def test_staff_say_what_a_complaint_is_about_that_named_nothing(team):
    first = answered(team)
    complaint = ana_complains(None)
    desk.assign(complaint, assignee=team["bruno"], actor=Actor.staff(team["petra"]), at=LATER)
    assert complaints.candidates(complaint) == [first]
    complaints.link(complaint, first, actor=Actor.staff(team["carla"]), at=LATER)
    complaint.refresh_from_db()
    assert complaint.assignee is None  # it was Bruno's, who had decided the first
    complaints.link(complaint, None, actor=Actor.staff(team["carla"]), at=LATER)  # a mistake is mended
    assert complaints.about_of(complaint) is None


@pytest.mark.parametrize("name", ["bruno", "ada"])
def test_whoever_had_a_part_in_one_of_them_does_not_choose_their_own_judge(team, name):
    first = answered(team)
    complaint = ana_complains(None)
    for about in (first, None):
        with pytest.raises(Refused, match="You had a part"):
            complaints.link(complaint, about, actor=Actor.staff(team[name]), at=LATER)


def test_what_the_person_said_stands(team):
    complaint = ana_complains(answered(team))
    with pytest.raises(Refused, match="The person said"):
        complaints.link(complaint, None, actor=Actor.staff(team["carla"]), at=LATER)


def test_what_is_decided_is_not_linked_elsewhere(team):
    answered(team)
    complaint, carla = ana_complains(None), Actor.staff(team["carla"])
    complaints.link(complaint, None, actor=carla, at=LATER)
    decision.decide(complaint, **ANSWER, actor=carla, at=LATER)
    complaint.refresh_from_db()
    with pytest.raises(Refused, match="return the decision first"):
        complaints.link(complaint, None, actor=carla, at=LATER)


def test_a_request_of_somebody_else_is_nothing_to_link(team):
    first = answered(team)
    otto = ana_complains(None, email="otto@example.net")
    assert complaints.candidates(otto) == []
    with pytest.raises(Refused, match="same person"):
        complaints.link(otto, first, actor=Actor.staff(team["carla"]), at=LATER)


def test_what_an_agent_filed_for_somebody_is_no_request_of_the_agent(team):
    paper = ("paper.pdf", b"%PDF- Ana.")
    about = Behalf(AuthorityKind.AGENT, "Ana Example", ends_on=LATER.date(), document=paper)
    carla = {"name": "Carla", "email": "carla@agents.example"}
    filed = ana_files("access", **carla, behalf=about)
    Submission.objects.filter(pk=filed.pk).update(assurance=1)
    complaint = ana_complains(None, **carla)
    assert complaints.candidates(complaint) == []


def test_nobody_complains_twice_at_once_also_not_in_two_windows(team):
    first = answered(team)
    ana_complains(first)
    with pytest.raises(Refused, match="being looked at"):
        ana_complains(first)


def test_the_clock_and_the_papers_of_a_complaint_are_not_touched_by_those_either(team):
    complaint = ana_complains(answered(team))
    team["bruno"].groups.set(team["petra"].groups.all())
    bruno = Actor.staff(team["bruno"])
    for act in (
        lambda: deadline_change.extend_deadline(complaint, reason="Busy.", actor=bruno, at=LATER),
        lambda: proof.ask_for_document(complaint, reason="Who are you?", actor=bruno, at=LATER),
        lambda: decision.reopen(complaint, reason="Again.", actor=bruno, at=LATER),
    ):
        with pytest.raises(Refused, match="had a part"):
            act()


def test_the_person_complains_once_at_a_time_and_only_where_it_is_theirs(team):
    first = answered(team)
    assert complaints.may_complain(first)
    ana_complains(first)
    assert not complaints.may_complain(first)
    unproved = ana_files("correction", form_key=uuid.uuid4()).requests.get()
    assert not complaints.may_complain(unproved)
