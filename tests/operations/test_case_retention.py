"""What is left of an ended case goes on its dates: messages, contact data, at last the data key."""

import json
import os
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db.models import BinaryField

from requests_app.models import (
    DataSubjectRequest,
    EvidenceEvent,
    Message,
    Notice,
    Submission,
    SubmissionKey,
)
from requests_app.operations import case_retention, decision, evidence, files, person, policies, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.sealed_columns import BY_STAGE
from requests_app.rules.lifecycle import ActionNotAllowed
from tests.people import NOON, POLICY, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
CONTACT, CASE = NOON + timedelta(days=365), NOON + timedelta(days=731)


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def ended(*rights: str, at: datetime = NOON, **changes) -> Submission:
    """Ana files, writes with a file, and takes it back; every letter was handed over."""
    submission = ana_files(*(rights or ("access",)), at=at, postal="Via Roma 1", **changes)
    confirms(submission, at=at)
    for dsr in submission.requests.all():
        person.reply(dsr, text="Here it is.", file=("map.txt", b"map"), actor=Actor.person(), at=at)
        dsr.refresh_from_db()
        person.cancel(dsr, actor=Actor.person(), at=at)
    Notice.objects.update(delivery="handed_over", next_try_at=None)
    submission.refresh_from_db()
    return submission


def kinds(submission: Submission) -> list[str]:
    rows = EvidenceEvent.objects.filter(submission=submission, kind__endswith="_destroyed").order_by("seq")
    return [kind.removesuffix("_destroyed") for kind in rows.values_list("kind", flat=True)]


def sealed_left(submission: Submission) -> set[str]:
    """The sealed columns of which something is left."""
    left = set()
    for stage in BY_STAGE.values():
        for one in stage:
            rows = one.model.objects.filter(**{one.case: submission.pk})
            for column in one.columns:
                if any(bytes(value or b"") for value in rows.values_list(f"{column}_sealed", flat=True)):
                    left.add(f"{one.model.__name__}.{column}")
    return left


def test_every_sealed_column_goes_with_one_of_the_stages():
    sealed = {
        f"{model.__name__}.{field.name.removesuffix('_sealed')}"
        for model in apps.get_app_config("requests_app").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, BinaryField) and field.name.endswith("_sealed")
    }
    named = {f"{one.model.__name__}.{column}" for rows in BY_STAGE.values() for one in rows for column in one.columns}
    assert sealed - named == set()


def test_messages_and_contact_data_go_first_and_the_key_last():
    submission = ended()
    message = Message.objects.exclude(file_sha256="").get()
    sweeps.apply_retention(CONTACT - timedelta(minutes=1))
    assert (kinds(submission), files.path_of(message.pk).exists()) == ([], True)
    sweeps.apply_retention(CONTACT)
    assert kinds(submission) == ["messages", "contact"]
    assert not files.path_of(message.pk).exists()
    submission.refresh_from_db()
    assert (submission.name, submission.email, submission.email_digest, submission.look_digest) == ("", "", "", "")
    assert SubmissionKey.objects.filter(pk=submission.pk).exists()
    sweeps.apply_retention(CASE - timedelta(minutes=1))
    assert kinds(submission) == ["messages", "contact"]
    sweeps.apply_retention(CASE)
    assert kinds(submission) == ["messages", "contact", "case"]
    assert not SubmissionKey.objects.filter(pk=submission.pk).exists()
    assert sealed_left(submission) == set()
    submission.refresh_from_db()
    assert (submission.destroyed_at, submission.retention_at) == (CASE, None)
    assert list(evidence.verify()) == []


def test_what_counts_stays():
    submission = ended()
    before = {"case_number": submission.case_number, "channel": "web", "received_at": NOON}
    sweeps.apply_retention(CASE)
    assert Submission.objects.filter(pk=submission.pk, **before).exists()
    assert DataSubjectRequest.objects.filter(submission=submission, state="cancelled", answered_at=NOON).exists()
    event = EvidenceEvent.objects.get(submission=submission, kind="case_destroyed")
    assert json.loads(event.body)["ended_at"] == NOON.isoformat()


def test_a_case_with_one_open_request_keeps_everything():
    submission = ended("access", "correction")
    dsr = submission.requests.get(right="correction")
    petra = Actor.staff(staff("petra", "privacy officer"))
    decision.reopen(dsr, reason="More.", actor=petra, at=NOON + timedelta(days=1))
    Notice.objects.update(delivery="handed_over", next_try_at=None)
    sweeps.apply_retention(CASE)
    assert kinds(submission) == []
    dsr.refresh_from_db()
    person.cancel(dsr, actor=Actor.person(), at=CASE)
    Notice.objects.update(delivery="handed_over", next_try_at=None)
    for days in (0, 364, 365, 366):
        sweeps.apply_retention(CASE + timedelta(days=days))
    assert kinds(submission) == ["messages", "contact"]


def test_an_open_complaint_of_the_same_address_keeps_the_case_and_its_end_lets_it_go():
    submission = ended()
    complaint = ana_files("complaint", at=CONTACT - timedelta(days=10))
    confirms(complaint, at=CONTACT - timedelta(days=10))
    sweeps.apply_retention(CONTACT)
    assert kinds(submission) == []
    person.cancel(complaint.requests.get(), actor=Actor.person(), at=CONTACT)
    sweeps.apply_retention(CONTACT + timedelta(hours=1))
    assert kinds(submission) == ["messages", "contact"]


def test_a_letter_on_its_way_keeps_the_case():
    submission = ended()
    Notice.objects.filter(submission=submission).update(delivery="pending", next_try_at=CONTACT)
    sweeps.apply_retention(CONTACT)
    assert kinds(submission) == []
    Notice.objects.update(delivery="failed", next_try_at=None)
    sweeps.apply_retention(CONTACT + timedelta(hours=1))
    assert kinds(submission) == ["messages", "contact"]


@pytest.mark.parametrize("step", ["empty", "_destroy_files", "destroy_key"])
def test_a_sweep_that_dies_at_any_step_is_made_good_by_the_next(monkeypatch, step):
    submission = ended()
    module = case_retention.sealed_columns if step == "empty" else case_retention
    real = getattr(module, step)

    def dies(*args, **kwargs):
        real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, step, dies)
    with pytest.raises(KeyboardInterrupt):
        sweeps.apply_retention(CASE)
    monkeypatch.setattr(module, step, real)
    assert kinds(submission) == (["messages", "contact", "case"] if step == "destroy_key" else [])
    sweeps.apply_retention(CASE)
    assert kinds(submission) == ["messages", "contact", "case"]
    assert sealed_left(submission) == set()
    assert not SubmissionKey.objects.filter(pk=submission.pk).exists()
    sweeps.apply_retention(CASE + timedelta(days=1))
    assert len(kinds(submission)) == 3


def test_one_case_that_cannot_be_destroyed_keeps_no_other(monkeypatch):
    first, second = ended(), ended(email="otto@example.org")
    real = case_retention.look

    def fails(pk, *, at):
        if pk == first.pk:
            raise ValueError("broken")
        return real(pk, at=at)

    monkeypatch.setattr(case_retention, "look", fails)
    sweeps.apply_retention(CASE)
    assert (kinds(first), kinds(second)) == ([], ["messages", "contact", "case"])
    monkeypatch.setattr(case_retention, "look", real)
    sweeps.apply_retention(CASE + timedelta(hours=1))
    assert kinds(first) == ["messages", "contact", "case"]


def test_what_is_written_after_the_messages_went_goes_after_its_own_end():
    text = POLICY.read_text().replace("message_days = { value = 365", "message_days = { value = 10")
    policies.load(text, prepared_by=staff("petra"), approved_by=staff("ada"), at=NOON)
    submission = ended()
    later = NOON + timedelta(days=20)
    sweeps.apply_retention(later)
    assert kinds(submission) == ["messages"]
    later += timedelta(hours=1)
    dsr = submission.requests.get()
    petra = Actor.staff(staff("petra", "privacy officer"))
    dsr = decision.reopen(dsr, reason="More.", actor=petra, at=later)
    message = person.reply(dsr, text="Again.", file=("b.txt", b"b"), actor=Actor.person(), at=later)
    dsr.refresh_from_db()
    person.cancel(dsr, actor=Actor.person(), at=later)
    Notice.objects.update(delivery="handed_over", next_try_at=None)
    for days in (1, 9):
        sweeps.apply_retention(later + timedelta(days=days))
        assert files.path_of(message.pk).exists()
    sweeps.apply_retention(later + timedelta(days=10))
    assert kinds(submission) == ["messages", "messages"]
    assert not files.path_of(message.pk).exists()


def test_a_case_whose_contact_data_went_is_not_taken_up_again():
    submission = ended()
    sweeps.apply_retention(CONTACT)
    petra = Actor.staff(staff("petra", "privacy officer"))
    with pytest.raises(ActionNotAllowed, match="retention rules"):
        decision.reopen(submission.requests.get(), reason="More.", actor=petra, at=CONTACT)


def test_under_a_policy_of_before_these_periods_all_goes_with_the_contact_data():
    lines = POLICY.read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith(("message_days", "case_days")))
    policies.load(text, prepared_by=staff("petra"), approved_by=staff("ada"), at=NOON)
    submission = ended()
    sweeps.apply_retention(CONTACT - timedelta(minutes=1))
    assert kinds(submission) == []
    sweeps.apply_retention(CONTACT)
    assert kinds(submission) == ["messages", "contact", "case"]


def test_a_file_that_a_restore_brought_back_goes_again():
    ended()
    message = Message.objects.exclude(file_sha256="").get()
    sealed = files.path_of(message.pk).read_bytes()
    sweeps.apply_retention(CASE)
    files.path_of(message.pk).write_bytes(sealed)
    os.utime(files.path_of(message.pk), (0, 0))
    sweeps.apply_retention(CASE + timedelta(hours=1))
    assert not files.path_of(message.pk).exists()


def test_one_part_of_retention_that_fails_keeps_no_other_and_is_told(monkeypatch):
    submission = ended()

    def fails(now, until):
        raise OSError("disk")

    monkeypatch.setattr(sweeps, "RETENTION", (fails, *sweeps.RETENTION))
    with pytest.raises(OSError, match="disk"):
        sweeps.apply_retention(CASE)
    assert kinds(submission) == ["messages", "contact", "case"]
