"""Two accounts of one person are one where two people are asked for; the database says so too."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from requests_app.models import Decision, PolicyVersion, StaffIdentity
from requests_app.models.staff import same_person as are_one
from requests_app.operations import decision, identity, policies, same_person, triggers
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, POLICY, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LETTER = {"letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}


@pytest.fixture
def petra():
    published_policy()
    return staff("petra", "privacy officer")


@pytest.fixture
def petras_other():
    return staff("petra.admin", "approver")


@pytest.fixture
def decided(petra):
    submission = ana_files("access")
    check = submission.identity_checks.get()
    at = NOON + timedelta(minutes=1)
    assert identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=at)
    return decision.decide(submission.requests.get(), outcome="done", **LETTER, actor=Actor.staff(petra), at=at)


def approve(decided, account):
    actor = Actor.staff(account)
    return decision.approve(decided.dsr, digest=decided.content_digest, actor=actor, at=NOON + timedelta(hours=1))


def test_petra_does_not_approve_with_her_other_account_what_she_decided(decided, petra, petras_other):
    same_person.link([petra, petras_other])
    with pytest.raises(Refused, match="second person"):
        approve(decided, petras_other)
    assert approve(decided, staff("ada")).state == "fulfilled"


def test_unlinked_accounts_are_two_people(decided, petra, petras_other):
    same_person.link([petra, petras_other])
    same_person.separate([petras_other])
    assert not are_one(petra, petras_other)
    assert approve(decided, petras_other).state == "fulfilled"


def test_links_are_joined_so_that_three_accounts_are_one_person(petra, petras_other):
    third = staff("petra.third")
    same_person.link([petra, petras_other])
    same_person.link([petras_other, third])
    assert are_one(petra, third)
    assert not are_one(petra, staff("ada"))
    assert StaffIdentity.objects.values("person").distinct().count() == 1


def test_one_account_is_linked_to_nobody(petra):
    with pytest.raises(Refused, match="two accounts"):
        same_person.link([petra])


def test_past_the_operation_the_database_refuses_it_too(decided, petra, petras_other):
    same_person.link([petra, petras_other])
    values = {"approved_by": petras_other, "approved_at": NOON, "approved_digest": decided.content_digest}
    with pytest.raises(DatabaseError, match="one person"), transaction.atomic():
        Decision.objects.filter(pk=decided.pk).update(**values)
    same_person.separate([petra])
    assert Decision.objects.filter(pk=decided.pk).update(**values) == 1


def test_a_policy_is_not_published_by_two_accounts_of_one_person(petra, petras_other):
    same_person.link([petra, petras_other])
    with pytest.raises(Refused, match="two people"):
        policies.load(POLICY.read_text(), prepared_by=petra, approved_by=petras_other, at=NOON)
    row = PolicyVersion.objects.get()
    row.pk, row.version, row._state.adding = None, 99, True
    row.prepared_by, row.approved_by = petra, petras_other
    with pytest.raises(DatabaseError, match="one person"), transaction.atomic():
        row.save()


def test_the_guards_of_four_eyes_are_among_those_that_must_be_there(petra):
    assert triggers.expected("sqlite", {"requests_app_policyversion"}) == [
        "requests_app_policyversion_no_update",
        "requests_app_policyversion_no_delete",
    ]  # of an older database no more: it could not be migrated else
    assert {name for name in triggers.expected("sqlite") if name.endswith("_four_eyes")} == {
        "requests_app_authority_four_eyes",
        "requests_app_decision_four_eyes",
        "requests_app_manualverification_four_eyes",
        "requests_app_policyversion_four_eyes",
        "requests_app_proofdocument_four_eyes",
        "requests_app_receiptcorrection_four_eyes",
    }
