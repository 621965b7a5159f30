"""What a crash between two stores leaves behind is destroyed a day later, and nothing else ever is."""

import ast
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import requests_app
from requests_app.models import AnswerFile, Submission, SubmissionKey
from requests_app.models.keys import create_key
from requests_app.operations import files, intake, sweeps
from tests.people import ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _ten_cases(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()
    for _ in range(10):
        ana_files("marketing_optout")


def tomorrow():
    return timezone.now() + timedelta(hours=25)


def keys():
    return set(SubmissionKey.objects.values_list("pk", flat=True))


def cases():
    return set(Submission.objects.values_list("pk", flat=True))


class PowerCut(BaseException):
    """Nobody catches it."""


def test_a_key_whose_filing_died_in_between_goes_after_a_day_and_the_others_stay(monkeypatch):
    def die(*args, **kwargs):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_store", die)
        with pytest.raises(PowerCut):
            ana_files("access")
    assert len(keys() - cases()) == 1
    sweeps.apply_retention(timezone.now() + timedelta(hours=23))
    assert len(keys() - cases()) == 1
    assert sweeps.apply_retention(tomorrow()) == 1
    assert keys() == cases()


def test_no_key_is_destroyed_where_the_databases_do_not_belong_together(caplog):
    for _ in range(10):
        create_key(uuid.uuid4())  # as if the cases were those of another portal
    assert sweeps.apply_retention(tomorrow()) == 0
    assert len(keys()) == 20
    assert "belong together" in caplog.text


def written(folder, *, days_ago, name=""):
    pk = uuid.uuid4()
    files.write(cases().pop(), pk, b"two orders")
    path = folder / pk.hex[:2] / pk.hex
    if name:
        path = path.rename(path.with_name(path.name + name))
    then = (timezone.now() - timedelta(days=days_ago)).timestamp()
    os.utime(path, (then, then))
    return pk, path


def with_row(pk, **values):
    dsr = Submission.objects.order_by("pk").first().requests.get()
    row = {"name_sealed": b"", "size": 10, "sha256": "0" * 64, "attached_at": timezone.now()}
    return AnswerFile.objects.create(pk=pk, dsr=dsr, attached_by=staff("bruno"), **row, **values)


def test_a_file_whose_row_was_never_written_goes_after_a_day(tmp_path):
    kept = [written(tmp_path, days_ago=3) for _ in range(20)]
    for pk, _ in kept:
        with_row(pk)
    _, orphan = written(tmp_path, days_ago=2)
    _, torn = written(tmp_path, days_ago=2, name=".part")
    _, young = written(tmp_path, days_ago=0)
    assert sweeps.apply_retention(timezone.now()) == 2
    assert (orphan.exists(), torn.exists(), young.exists()) == (False, False, True)
    assert all(path.exists() for _, path in kept)


def test_a_file_that_a_restore_brought_back_goes_again(tmp_path):
    pk, path = written(tmp_path, days_ago=2)
    with_row(pk, destroyed_at=timezone.now() - timedelta(days=1))
    assert sweeps.apply_retention(timezone.now()) == 1
    assert not path.exists()


def test_no_file_is_destroyed_where_the_folder_does_not_belong_to_the_database(tmp_path, caplog):
    paths = [written(tmp_path, days_ago=2)[1] for _ in range(3)]
    assert sweeps.apply_retention(timezone.now()) == 0
    assert all(path.exists() for path in paths)
    assert "belong together" in caplog.text


def test_the_sweep_knows_the_row_of_every_operation_that_writes_a_file():
    """Whoever writes files from a new place names the new row in orphans.OWNERS first."""
    operations = Path(requests_app.__file__).parent / "operations"
    calls = {
        (path.stem, ast.unparse(node.func))
        for path in operations.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    writers = {stem for stem, call in calls if call == "files.write"}
    assert writers == {"desk", "on_behalf", "person", "proof"}  # AnswerFile, Authority, Message, ProofDocument
    of_streams = {stem for stem, call in calls if call in {"streams.Writer", "Writer"}}
    assert of_streams == {"answering", "fulfilment", "package"}  # StepFile, FulfilmentStep and StepFile, AnswerFile
