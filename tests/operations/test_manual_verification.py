"""Where the portal's proofs cannot show who asks, two people verify it by hand, with a reason (A09)."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from requests_app.models import EvidenceEvent, ManualVerification
from requests_app.models.manual_verification import by_hand_since
from requests_app.operations import evidence, manual_verification, person, same_person
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused, RoleMissing
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LATER = NOON + timedelta(hours=1)
REASON = "Compared with the signature on the contract, and phoned the number on file."


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def bruno():
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada():
    return Actor.staff(staff("ada", "approver"))


@pytest.fixture
def proposal(bruno):
    return proposed(ana_files("access"), bruno)


def proposed(submission, bruno, reason=REASON):
    return manual_verification.propose_verification(submission, reason=reason, actor=bruno, at=NOON)


def approved(proposal, actor):
    return manual_verification.approve_verification(proposal, actor=actor, at=LATER)


def test_it_holds_once_another_person_approved(proposal, ada):
    submission = proposal.submission
    assert not by_hand_since(submission, NOON)
    assert approved(proposal, ada).reason == REASON
    assert by_hand_since(submission, NOON)
    kinds = list(EvidenceEvent.objects.filter(submission=submission).values_list("kind", flat=True))
    assert kinds[-2:] == ["verification_proposed", "verification_approved"]
    assert list(evidence.verify()) == []


def test_what_came_up_after_the_proposal_is_not_overruled(proposal, ada):
    approved(proposal, ada)
    assert not by_hand_since(proposal.submission, NOON + timedelta(seconds=1))


def test_bruno_does_not_approve_his_own_with_any_account(proposal):
    bruno = staff("bruno", "approver")
    other = staff("bruno.admin", "approver")
    same_person.link([bruno, other])
    for account in (bruno, other):
        with pytest.raises(Refused, match="second person"):
            approved(proposal, Actor.staff(account))


@pytest.mark.parametrize("reason", ["", "   ", "Looks fine."])
def test_a_reason_is_written(bruno, reason):
    with pytest.raises(Refused, match="what you compared"):
        proposed(ana_files("access"), bruno, reason)


def test_the_role_is_asked(proposal, bruno):
    for actor in (Actor.person(), Actor.system(), Actor.staff(staff("otto"))):
        with pytest.raises(RoleMissing):
            proposed(ana_files("access"), actor)
        with pytest.raises(RoleMissing):
            approved(proposal, actor)
    with pytest.raises(RoleMissing):
        proposed(ana_files("access"), Actor.staff(staff("ada", "approver")))


def test_one_waits_at_a_time_and_a_withdrawn_one_is_not_approved(proposal, bruno, ada):
    with pytest.raises(Refused, match="waits for approval already"):
        proposed(proposal.submission, bruno)
    manual_verification.withdraw_verification(proposal, actor=ada, at=LATER)
    with pytest.raises(Refused, match="does not wait any more"):
        approved(proposal, ada)
    assert not by_hand_since(proposal.submission, NOON)
    assert approved(proposed(proposal.submission, bruno), ada).approved_at == LATER


def test_nothing_is_proposed_for_a_case_that_has_ended(bruno):
    submission = ana_files("access")
    person.cancel(submission.requests.get(), actor=Actor.person(), at=NOON)
    with pytest.raises(Refused, match="open any more"):
        proposed(submission, bruno)


def test_the_shell_cannot_let_one_person_do_it(proposal):
    rows = ManualVerification.objects.filter(pk=proposal.pk)
    for values in ({"approved_by": proposal.proposed_by, "approved_at": NOON}, {"approved_at": NOON}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)
    other = staff("bruno.admin", "approver")
    same_person.link([proposal.proposed_by, other])
    with pytest.raises(DatabaseError, match="one person"), transaction.atomic():
        rows.update(approved_by=other, approved_at=NOON)


def test_the_shell_cannot_write_one_that_is_approved_from_the_start(proposal):
    made = {"id": uuid.uuid4(), "submission": ana_files("access"), "reason_sealed": b"x", "proposed_at": NOON}
    with pytest.raises(DatabaseError, match="proposed first"), transaction.atomic():
        ManualVerification.objects.create(
            **made, proposed_by=staff("bruno"), approved_by=staff("ada"), approved_at=NOON
        )


def test_it_stays_as_it_was_proposed_and_is_not_deleted(proposal, ada):
    rows = ManualVerification.objects.filter(pk=proposal.pk)
    with pytest.raises(DatabaseError, match="as it was proposed"), transaction.atomic():
        rows.update(reason_sealed=b"another")
    approved(proposal, ada)
    with pytest.raises(DatabaseError, match="as it was proposed"), transaction.atomic():
        rows.update(approved_at=None, approved_by=None)
    with pytest.raises(DatabaseError, match="not deleted"), transaction.atomic():
        rows.delete()
