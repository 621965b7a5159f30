"""What stands between an answer and its release is asked again in the transaction that releases (A34)."""

import pytest

from requests_app.models import Submission
from requests_app.operations import decision
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.operations.test_road import decided, verified
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


def test_a_proof_that_fell_away_after_the_decision_stops_the_approval():
    submission = ana_files("access")
    waiting = decided(verified(submission), staff("bruno", "handler"))
    Submission.objects.filter(pk=submission.pk).update(assurance=0)
    waiting.dsr.refresh_from_db()
    with pytest.raises(Refused, match="Nobody has shown that the address given is theirs"):
        decision.approve(waiting.dsr, digest=waiting.content_digest, actor=Actor.staff(staff("ada")), at=NOON)
    waiting.dsr.refresh_from_db()
    assert waiting.dsr.state == "awaiting_approval"


def test_a_refusal_needs_no_proof():
    submission = ana_files("access")
    refusal = {"outcome": "refuse", "ground": "not_own_identity", "facts": "What she wrote.", "scope": "All of it."}
    waiting = decided(verified(submission), staff("bruno", "handler"), **refusal)
    Submission.objects.filter(pk=submission.pk).update(assurance=0)
    waiting.dsr.refresh_from_db()
    answered = decision.approve(waiting.dsr, digest=waiting.content_digest, actor=Actor.staff(staff("ada")), at=NOON)
    assert answered.state == "refused"
