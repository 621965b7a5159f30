"""A released package is destroyed when its period is over, and nothing besides."""

from datetime import timedelta

import pytest

from requests_app.models import AnswerFile, EvidenceEvent
from requests_app.operations import decision, desk, files, release, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
OVER = NOON + timedelta(days=31, minutes=1)  # the policy keeps packages for 30 days; the sweep leaves a day more


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def attach(dsr, name, *, at=NOON):
    return desk.attach(dsr, name=name, content=name.encode(), actor=Actor.staff(staff("bruno", "handler")), at=at)


def answered():
    """Ana's request, answered with one file."""
    submission = ana_files("access")
    confirms(submission)
    dsr = submission.requests.get()
    attach(dsr, "data.json")
    letter = {"outcome": "done", "letter": "Your data.", "ground": "", "facts": "", "scope": ""}
    bruno, ada = staff("bruno", "handler"), staff("ada", "approver")
    made = decision.decide(dsr, **letter, identity_match="the code", actor=Actor.staff(bruno), at=NOON)
    return decision.approve(dsr, digest=made.content_digest, actor=Actor.staff(ada), at=NOON)


def test_after_its_period_the_file_is_gone_and_the_evidence_says_which():
    file = AnswerFile.objects.get(dsr=answered())
    assert sweeps.apply_retention(OVER - timedelta(minutes=2)) == 0
    assert sweeps.apply_retention(OVER) == 1
    with pytest.raises(FileNotFoundError):
        files.read(file.dsr.submission_id, file.pk)
    assert file.sha256 in EvidenceEvent.objects.get(kind="package_destroyed").body
    assert sweeps.apply_retention(OVER) == 0
    with pytest.raises(Refused):
        release.read_file(file, actor=Actor.person(), at=OVER)


def test_what_is_drafted_for_a_second_answer_outlives_the_package_of_the_first():
    dsr = answered()
    later = NOON + timedelta(days=20)
    petra = Actor.staff(staff("petra", "privacy officer"))
    dsr = decision.reopen(dsr, reason="A file is missing.", actor=petra, at=later)
    draft = attach(dsr, "more.json", at=later)
    assert sweeps.apply_retention(OVER) == 1
    assert files.read(dsr.submission_id, draft.pk) == b"more.json"
    assert sweeps.apply_retention(OVER) == 0
