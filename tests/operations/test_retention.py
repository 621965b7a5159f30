"""A released package is destroyed when its period is over, with all that was gathered for it, and nothing besides."""

import json
import uuid
from datetime import timedelta

import pytest

from requests_app.models import (
    AnswerFile,
    DataSubjectRequest,
    EvidenceEvent,
    FulfilmentStep,
    Redaction,
    SourceTask,
    StepFile,
)
from requests_app.models.keys import seal
from requests_app.operations import answer_retention, decision, desk, files, person, release, streams, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests import packages
from tests.packages import fetched
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
# The policy offers packages for 30 days; for 14 more they can be made available again.
OVER = NOON + timedelta(days=44, minutes=1)


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
        fetched(file, actor=Actor.person(), at=OVER)


def test_what_is_drafted_for_a_second_answer_outlives_the_package_of_the_first():
    dsr = answered()
    later = NOON + timedelta(days=20)
    petra = Actor.staff(staff("petra", "privacy officer"))
    dsr = decision.reopen(dsr, reason="A file is missing.", actor=petra, at=later)
    draft = attach(dsr, "more.json", at=later)
    assert sweeps.apply_retention(OVER) == 1
    assert files.read(dsr.submission_id, draft.pk) == b"more.json"
    assert sweeps.apply_retention(OVER) == 0


class Gathered:
    """What one source handed out for a request: records with a hidden passage, and a file."""

    def __init__(self, dsr: DataSubjectRequest) -> None:
        case, pk, file_pk = dsr.submission_id, uuid.uuid4(), uuid.uuid4()
        for stream in (pk, file_pk):
            with streams.Writer(case, stream) as out:
                out.write(b"two orders")
        found = {"status": "found", "records": 2, "size": 10, "sha256": out.sha256}
        step = FulfilmentStep.objects.create(
            pk=pk, dsr=dsr, alias="shop", opened_at=dsr.opened_at, owed_at=NOON, **found
        )
        StepFile.objects.create(
            pk=file_pk, step=step, name_sealed=b"", media_type="", size=10, sha256=out.sha256, received_at=NOON
        )
        passage = seal(case, "redaction.passage.1", "Otto")
        hidden = {"ground": "rights_of_others", "hidden_by": staff("bruno"), "hidden_at": NOON}
        Redaction.objects.create(step=step, table="orders", position=0, column="note", passage_sealed=passage, **hidden)
        about = seal(case, "sourcetask.about.1", "{}")
        asked = {"department": "Hotline", "language": "en", "given_at": NOON, "due_at": NOON}
        SourceTask.objects.create(step=step, about_sealed=about, **asked)
        self.step, self.pks = step, (pk, file_pk)

    @property
    def there(self) -> bool:
        """Whether all of it is; some of it is an error."""
        self.step.refresh_from_db()
        there = [files.path_of(pk).exists() for pk in self.pks]
        there += [bool(row.passage_sealed) for row in self.step.redactions.all()]
        there.append(bool(SourceTask.objects.get(step=self.step).about_sealed))
        there += [self.step.destroyed_at is None, *(row.destroyed_at is None for row in self.step.files.all())]
        assert len(set(there)) == 1, there
        return there[0]


def in_progress() -> DataSubjectRequest:
    submission = ana_files("access")
    confirms(submission)
    return submission.requests.select_related("submission", "policy").get()


def reasons() -> list[str]:
    events = EvidenceEvent.objects.filter(kind="package_destroyed").order_by("seq")
    return [json.loads(event.body).get("why", "") for event in events]


def test_what_the_sources_handed_out_goes_with_the_package():
    dsr = in_progress()
    made = packages.made(dsr, b"PK", at=NOON)
    gathered = Gathered(packages.released(dsr, at=NOON))
    sweeps.apply_retention(OVER - timedelta(minutes=2))
    assert gathered.there
    assert sweeps.apply_retention(OVER) == 2
    assert not gathered.there
    assert not files.path_of(made.pk).exists()
    assert reasons() == ["", "gathered"]
    assert made.sha256 in EvidenceEvent.objects.filter(kind="package_destroyed").first().body
    assert sweeps.apply_retention(OVER) == 0


def test_made_available_again_it_lives_on_until_the_new_date():
    dsr = in_progress()
    made = packages.made(dsr, b"PK", at=NOON)
    gathered = Gathered(packages.released(dsr, at=NOON))
    package = release.reissue(dsr, actor=Actor.person(), at=OVER - timedelta(minutes=2))
    dsr.refresh_from_db()
    assert dsr.wake_at.date() == package.expires_at.date() - timedelta(days=3)  # she is told before it ends again
    assert sweeps.apply_retention(OVER) == 0
    assert gathered.there
    assert b"".join(release.begin(made, actor=Actor.person(), at=OVER)) == b"PK"
    assert sweeps.apply_retention(OVER + timedelta(days=44)) == 2


@pytest.mark.parametrize("end", ["cancelled", "refused"])
def test_drafts_of_a_request_that_ended_without_a_release_go_after_a_day(end):
    dsr = in_progress()
    gathered, draft, attached = Gathered(dsr), packages.made(dsr, b"PK", at=NOON), attach(dsr, "data.json")
    if end == "cancelled":
        person.cancel(dsr, actor=Actor.person(), at=NOON)
    else:
        refusal = {"outcome": "refuse", "ground": "risk_to_others", "facts": "Names of others.", "scope": "All."}
        packages.released(dsr, at=NOON, **refusal)
    assert sweeps.apply_retention(NOON + timedelta(hours=23)) == 0
    assert gathered.there
    assert sweeps.apply_retention(NOON + timedelta(hours=24)) == 3
    assert not gathered.there
    assert not any(files.path_of(file.pk).exists() for file in (draft, attached))
    assert reasons() == ["draft"] * 3


def test_a_reopened_request_keeps_what_its_clock_needs_and_loses_what_the_second_answer_replaces():
    dsr = in_progress()
    package = packages.made(dsr, b"PK one", at=NOON)
    dsr = packages.released(dsr, at=NOON)
    first = Gathered(dsr)
    later = NOON + timedelta(days=5)
    dsr = decision.reopen(dsr, reason="More.", actor=Actor.staff(staff("petra", "privacy officer")), at=later)
    again = packages.made(dsr, b"PK two", at=later)
    assert sweeps.apply_retention(later) == 0
    assert b"".join(release.begin(package, actor=Actor.person(), at=later)) == b"PK one"
    second = Gathered(packages.released(dsr, at=later))
    with pytest.raises(Refused):
        release.begin(package, actor=Actor.person(), at=later)
    assert b"".join(release.begin(again, actor=Actor.person(), at=later)) == b"PK two"
    assert sweeps.apply_retention(later) == 2
    assert (first.there, second.there) == (False, True)
    assert reasons() == ["replaced", "replaced"]
    assert package.sha256 in EvidenceEvent.objects.filter(kind="package_destroyed").first().body
    assert sweeps.apply_retention(OVER + timedelta(days=5)) == 2
    assert not second.there


def test_the_first_package_ends_on_its_date_though_the_second_answer_is_being_made():
    dsr = in_progress()
    packages.made(dsr, b"PK one", at=NOON)
    dsr = packages.released(dsr, at=NOON)
    first = Gathered(dsr)
    later = NOON + timedelta(days=40)
    dsr = decision.reopen(dsr, reason="More.", actor=Actor.staff(staff("petra", "privacy officer")), at=later)
    second, draft = Gathered(dsr), packages.made(dsr, b"PK two", at=later)
    assert sweeps.apply_retention(OVER) == 2
    assert (first.there, second.there) == (False, True)
    assert files.path_of(draft.pk).exists()


def test_what_is_made_available_again_while_the_sweep_runs_is_not_destroyed(monkeypatch):
    dsr = in_progress()
    made = packages.made(dsr, b"PK", at=NOON)
    gathered = Gathered(packages.released(dsr, at=NOON))
    real = answer_retention.lock

    def reissued_first(row):
        monkeypatch.setattr(answer_retention, "lock", real)
        release.reissue(dsr, actor=Actor.person(), at=OVER - timedelta(minutes=2))
        return real(row)

    monkeypatch.setattr(answer_retention, "lock", reissued_first)
    assert sweeps.apply_retention(OVER) == 0
    assert gathered.there
    assert b"".join(release.begin(made, actor=Actor.person(), at=OVER)) == b"PK"
