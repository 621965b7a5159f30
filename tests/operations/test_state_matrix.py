"""Every state and every action, through the one door and on the database."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connections, transaction

from requests_app.models import DataSubjectRequest, EvidenceEvent
from requests_app.operations import evidence, timeline
from requests_app.operations.actors import Actor
from requests_app.operations.notice_kinds import KINDS, STAFF_KINDS
from requests_app.operations.transition import EVIDENCE, NOTICE, advance
from requests_app.rules.lifecycle import (
    ANSWERED_AND_GOING_ON,
    ENDED,
    LABELS,
    TRANSITIONS,
    Action,
    ActionNotAllowed,
    State,
    allowed,
)
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = pytest.mark.both

ANSWERED = ENDED | ANSWERED_AND_GOING_ON
LATER = NOON + timedelta(hours=1)
PAIRS = [(state, action) for state in State for action in allowed(state)]


def request_in(state):
    """Ana's request for access, put where the test needs it; two people stand behind every end."""
    published_policy()
    dsr = ana_files("access").requests.get()
    people = {"decided_by": staff("petra"), "approved_by": staff("ada")} if state in ANSWERED else {}
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(state=state, **people)
    return loaded(dsr)


def loaded(dsr):
    return DataSubjectRequest.objects.select_related("submission", "policy").get(pk=dsr.pk)


def two_people(action):
    """An end needs two names, or the database refuses it."""
    ends = TRANSITIONS[action][1] in ANSWERED
    return {"decided_by": staff("petra"), "approved_by": staff("ada")} if ends else {}


def go(dsr, action):
    return advance(dsr, action, actor=Actor.system(), at=LATER, values=two_people(action))


def stored(dsr):
    """The row and its chain, as they stand."""
    row = DataSubjectRequest.objects.filter(pk=dsr.pk).values().get()
    return row, list(EvidenceEvent.objects.filter(submission=dsr.submission_id).order_by("seq").values())


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_what_the_table_allows_moves_the_row_and_writes_one_event(state):
    dsr = request_in(state)
    _, events = stored(dsr)
    for action in allowed(state):
        with transaction.atomic():
            lines = len(timeline.for_dsr(dsr))
            moved = go(dsr, action)
            row, after = stored(dsr)
            target = TRANSITIONS[action][1]
            assert (moved.state, row["state"]) == (target, target), action
            assert after[:-1] == events, action
            said = json.loads(after[-1]["body"])
            assert (said["kind"], said["action"], said["from"], said["to"]) == (
                EVIDENCE[action],
                action,
                state,
                target,
            )
            assert list(evidence.verify()) == []
            assert len(timeline.for_dsr(moved)) == lines + 1, f"{action} has no sentence for the person"
            transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_everything_else_is_refused_by_its_name_and_leaves_row_and_chain_alone(state):
    dsr = request_in(state)
    before = stored(dsr)
    for action in set(Action) - set(allowed(state)):
        with pytest.raises(ActionNotAllowed, match=LABELS[action]):
            go(dsr, action)
        assert stored(dsr) == before, action


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "action"), PAIRS)
def test_of_two_stale_copies_one_moves(state, action):
    dsr = request_in(state)
    first, second = loaded(dsr), loaded(dsr)
    go(first, action)
    after_first = stored(dsr)
    with pytest.raises(ActionNotAllowed, match="moved on"):
        go(second, action)
    assert stored(dsr) == after_first


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_the_same_moment_one_moves():
    dsr = request_in(State.IN_PROGRESS)
    copies, together = [loaded(dsr) for _ in range(8)], Barrier(8)
    staff("petra"), staff("ada")

    def cancel(copy):
        together.wait()
        try:
            return go(copy, Action.CANCEL).state
        except ActionNotAllowed:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        seen = sorted(pool.map(cancel, copies))
    assert seen == ["cancelled", *["refused"] * 7]
    assert EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="cancelled").count() == 1
    assert list(evidence.verify()) == []


def test_every_action_has_a_label_and_a_decision_about_notices():
    assert set(LABELS) == set(NOTICE) == set(Action)
    assert len(set(LABELS.values())) == len(Action)
    assert set(NOTICE.values()) - {""} <= set(KINDS) - set(STAFF_KINDS)


def test_no_request_ends_or_is_taken_up_again_without_a_letter():
    # GDPR 12(3), 12(4): the person is told what was done, or why not.
    for action, (sources, target) in TRANSITIONS.items():
        if target in ENDED or sources <= ENDED:
            assert NOTICE[action], action


@pytest.mark.django_db
def test_a_right_asked_twice_in_one_filing_is_one_request():
    published_policy()
    submission = ana_files("access", "deletion", "access")
    assert sorted(submission.requests.values_list("right", flat=True)) == ["access", "deletion"]
    twin = submission.requests.get(right="access")
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.django_db
def test_a_right_asked_again_later_is_a_request_of_its_own():
    published_policy()
    first, second = ana_files("access"), ana_files("access", at=LATER)
    assert first.requests.get().pk != second.requests.get().pk
