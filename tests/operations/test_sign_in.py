"""What a sign-in at the controller's provider confirms; one account binds a submission, under any parallelism."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from requests_app.models import EvidenceEvent, SignIn
from requests_app.models.keys import subject_digests
from requests_app.operations import assurance, evidence, identity
from requests_app.operations.actors import Actor
from requests_app.operations.sign_in import Account, Outcome, confirm_by_sign_in, find_by_sign_in
from requests_app.rules.identity import CONTACT_ON_FILE, Obstacle
from requests_app.rules.lifecycle import State
from tests.people import NOON, ana_files, published_policy

pytestmark = pytest.mark.both

ISSUER = "https://login.example.org"
SOON = NOON + timedelta(minutes=5)


def sign_in(submission, subject="ana", **changes):
    account = Account(ISSUER, subject, changes.get("email", "ana@example.org"))
    return confirm_by_sign_in(submission, account=account, actor=Actor.person(), at=SOON)


@pytest.mark.django_db
def test_a_sign_in_moves_everything_that_waited(db):
    published_policy()
    submission = ana_files("access", "deletion")
    assert sign_in(submission, email=" ANA@example.org ") == Outcome.CONFIRMED
    assert set(submission.requests.values_list("state", flat=True)) == {State.IN_PROGRESS}
    submission.refresh_from_db()
    assert submission.assurance == CONTACT_ON_FILE


@pytest.mark.django_db
def test_a_lower_rung_never_takes_a_higher_one_away(db):
    published_policy()
    submission = ana_files("access")
    sign_in(submission)
    check = identity.issue_code(submission, purpose="fresh", actor=Actor.person(), at=NOON)
    assert identity.confirm(submission, purpose="fresh", code=identity.code_for(check), actor=Actor.person(), at=SOON)
    submission.refresh_from_db()
    assert submission.assurance == CONTACT_ON_FILE


@pytest.mark.django_db
def test_without_an_address_there_is_nothing_that_a_sign_in_could_confirm(db):
    published_policy()
    assert sign_in(ana_files("access", email="")) == Outcome.OTHER_ADDRESS
    assert sign_in(ana_files("access", email=""), email="") == Outcome.UNVERIFIED
    assert not SignIn.objects.exists()


@pytest.mark.django_db
def test_the_same_account_is_known_under_a_newer_look_up_key(db, settings):
    published_policy()
    submission = ana_files("access")
    sign_in(submission)
    settings.LOOKUP_KEYS = settings.LOOKUP_KEYS | {2: "ab" * 32}
    assert sign_in(submission) == Outcome.CONFIRMED
    assert SignIn.objects.get().subject_digest.startswith("2:")
    assert sign_in(submission, "otto") == Outcome.OTHER_ACCOUNT


def test_issuer_and_subject_make_the_digest_and_neither_runs_into_the_other():
    made = {subject_digests(*pair)[0] for pair in (("a", "bc"), ("ab", "c"), ("a", "BC"), ("a", " bc"))}
    assert len(made) == 4


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_of_two_accounts_at_once_one_confirms_and_the_other_is_refused():
    published_policy()
    submission = ana_files("access")

    def one(subject):
        try:
            return sign_in(submission, subject)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, ["first", "second"] * 4))
    assert set(outcomes) == {Outcome.CONFIRMED, Outcome.OTHER_ACCOUNT}
    assert outcomes.count(Outcome.CONFIRMED) == 4
    assert SignIn.objects.count() == 1
    moved = EvidenceEvent.objects.filter(kind="identity_confirmed").exclude(dsr_id=None)
    assert moved.count() == 1


@pytest.mark.django_db
def test_a_sign_in_finds_what_has_its_address_and_no_other_account_confirmed_and_begins_none_of_it(db):
    published_policy()
    hers, later = ana_files("access"), ana_files("deletion", at=SOON)
    sign_in(ana_files("portability"), "somebody-else")
    ana_files("access", email="otto@example.org")

    def find(email):
        return find_by_sign_in(Account(ISSUER, "ana", email), actor=Actor.person(), at=SOON)

    assert find("ANA@example.org") == [later, hers]
    assert find("") == find("nobody@example.org") == []
    assert {d.state for s in (hers, later) for d in s.requests.all()} == {State.AWAITING_VERIFICATION}
    told = EvidenceEvent.objects.filter(kind="identity_confirmed", dsr_id=None, body__contains='"purpose":"find"')
    assert set(told.values_list("submission", flat=True)) == {hers.pk, later.pk}
    assert list(evidence.verify()) == []


@pytest.mark.django_db
def test_what_a_data_source_has_still_to_say_holds_the_release_back_after_a_sign_in(db, settings):
    settings.DATA_SOURCES = {"shop": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {}}}
    published_policy()
    submission = ana_files("access")
    sign_in(submission)
    submission.refresh_from_db()
    assert assurance.obstacles(submission.requests.get(), at=SOON) == (Obstacle.LOOKUP,)


@pytest.mark.django_db
def test_without_data_sources_a_sign_in_leaves_no_obstacle(db):
    published_policy()
    submission = ana_files("access")
    assert assurance.obstacles(submission.requests.get(), at=SOON) == (Obstacle.ADDRESS,)
    sign_in(submission)
    submission.refresh_from_db()
    assert assurance.obstacles(submission.requests.get(), at=SOON) == ()
