"""A step is put off while it is not shown who asks. Whatever shows it has the source asked with the next sweep."""

from datetime import timedelta

import pytest

from requests_app.connectors import Match, OnFile, pictures
from requests_app.models import FulfilmentStep
from requests_app.operations import assurance, contact_change, fulfilment, manual_verification, proof_review, sweeps
from requests_app.operations.actors import Actor
from tests.operations.behalf import ana_says_yes, bruno_files, two_accept
from tests.operations.test_contact_change import changes, says
from tests.operations.test_fulfilment import NOON, Shop, _world, ana_asks  # noqa: F401
from tests.operations.test_manual_verification import REASON
from tests.operations.test_proof import DRAWN, ask, confirm, review, send
from tests.people import ana_files, confirms, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SOON, THEN = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)


def put_off() -> None:
    """The sources were asked who is on file; what they hold is not asked yet."""
    sweeps.run_steps(SOON)
    assert sweeps.read_sources(SOON) == 0
    assert FulfilmentStep.objects.get().next_try_at > THEN


def asked_now() -> bool:
    return sweeps.read_sources(THEN) == 1


def knows(monkeypatch, *contacts):
    """Ana is on file under these."""
    monkeypatch.setattr(Shop, "find", lambda self, query: [Match("C-1001", contacts)] if contacts else [])


def test_two_people_verify_by_hand(monkeypatch):
    knows(monkeypatch, OnFile("ana@example.org", changed_recently=True))
    dsr = ana_asks()
    put_off()
    bruno, ada = Actor.staff(staff("bruno", "handler")), Actor.staff(staff("ada", "approver"))
    proposal = manual_verification.propose_verification(dsr.submission, reason=REASON, actor=bruno, at=THEN)
    assert not asked_now()
    manual_verification.approve_verification(proposal, actor=ada, at=THEN)
    assert asked_now()
    assert [references for references, _ in Shop.asked] == [("C-1001",)]


@pytest.fixture
def doubted(monkeypatch):
    monkeypatch.setattr(pictures, "draw", DRAWN)
    ines, ivo = staff("ines", "identity reviewer"), staff("ivo", "identity reviewer")
    dsr = ask(ana_asks(), staff("bruno", "handler"), at=SOON)
    put_off()
    return dsr, ines, ivo


def test_a_document_is_confirmed(doubted):
    dsr, ines, ivo = doubted
    document = send(dsr, at=SOON)
    review(document, ines, at=SOON)
    assert not asked_now()
    confirm(document, ivo, at=SOON)
    assert asked_now()


def test_a_doubt_is_withdrawn(doubted):
    dsr, _ines, _ivo = doubted
    petra = Actor.staff(staff("petra", "privacy officer"))
    proof_review.withdraw_doubt(dsr, reason="They phoned from the number on file.", actor=petra, at=SOON)
    assert asked_now()


def test_the_former_address_vouches_for_the_new_one():
    submission = ana_asks().submission
    changes(submission, email="ana@example.net", at=SOON)
    put_off()
    says(submission, contact_change.vouch, at=SOON)
    assert asked_now()


def test_the_person_confirms_an_authority_over_the_address_that_two_accepted(monkeypatch):
    knows(monkeypatch)
    submission = bruno_files("access")
    two_accept(submission, at=SOON)
    put_off()
    ana_says_yes(submission, at=SOON)
    assert asked_now()


def test_two_accept_an_authority_that_the_person_confirmed(monkeypatch):
    knows(monkeypatch)
    submission = bruno_files("access")
    ana_says_yes(submission)
    put_off()
    two_accept(submission, at=SOON)
    assert asked_now()


def test_what_is_shown_while_a_worker_looks_is_asked_for_at_once(monkeypatch):
    submission = ana_files("access")
    confirms(submission)
    looked = assurance.obstacles

    def looks_while_it_is_shown(dsr, *, at):
        found = looked(dsr, at=at)
        sweeps.run_steps(SOON)  # in another process, between the look and the putting off
        return found

    with monkeypatch.context() as worker:
        worker.setattr(fulfilment.assurance, "obstacles", looks_while_it_is_shown)
        assert sweeps.read_sources(SOON) == 0
    assert asked_now()
