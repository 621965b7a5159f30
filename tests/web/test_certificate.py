"""The certificate of an erasure is two files, checked without us, also when every key of ours is gone (E7)."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client

from requests_app.clock import now
from requests_app.models import DataSubjectRequest, SubmissionKey
from requests_app.operations.actors import Actor
from tests.operations.test_source_acts import (
    THEN,
    _world,  # noqa: F401 (a fixture of every test here)
    approved,
    carried_out,
    choose,
    to_be_deleted,
)
from tests.people import staff

pytestmark = pytest.mark.django_db
COMMAND = "pkeyutl -verify -pubin -inkey key.pem -rawin -in certificate.json -sigfile certificate.sig"


@pytest.fixture
def dsr() -> DataSubjectRequest:
    """Ana's deletion, carried out and certified."""
    bruno, ada = Actor.staff(staff("bruno", "handler")), Actor.staff(staff("ada", "approver"))
    asked = to_be_deleted()
    choose(asked, bruno)
    done = approved(asked, bruno, ada)
    carried_out(THEN + timedelta(days=1))
    return done


@pytest.fixture
def folder(dsr: DataSubjectRequest, client: Client, tmp_path: Path, settings: Any) -> Path:
    """What Ana downloaded, the key as it was published; and then we lose every key of ours."""
    session = client.session
    session["submission"], session["proved"] = str(dsr.submission_id), [dsr.submission.email_digest]
    session["proved_at"] = now().isoformat()
    session.save()
    for kind in ("json", "sig"):
        (tmp_path / f"certificate.{kind}").write_bytes(client.get(f"/certificate/{kind}/{dsr.pk}/").content)
    (tmp_path / "key.pem").write_bytes(client.get("/genuine/package-key.pem").content)
    SubmissionKey.objects.all().delete()
    settings.PACKAGE_KEY = settings.MASTER_KEYS = settings.LOOKUP_KEYS = "gone"
    return tmp_path


def verified(folder: Path) -> bool:
    """By a library, and by the command of docs/erasure.md where the machine has it; both say the same."""
    key = load_pem_public_key((folder / "key.pem").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    try:
        key.verify((folder / "certificate.sig").read_bytes(), (folder / "certificate.json").read_bytes())
        holds = True
    except InvalidSignature:
        holds = False
    if openssl := shutil.which("openssl"):
        ran = subprocess.run([openssl, *COMMAND.split()], cwd=folder, capture_output=True, check=False)  # noqa: S603
        assert (ran.returncode == 0) is holds, ran.stderr
    return holds


def test_it_is_verified_after_every_key_is_gone(folder: Path) -> None:
    assert verified(folder)
    said = json.loads((folder / "certificate.json").read_bytes())
    assert said["public_key"] == (folder / "key.pem").read_text()
    assert [item["way"] for source in said["sources"] for item in source["items"]] == ["erase", "erase"]


@pytest.mark.parametrize("name", ["certificate.json", "certificate.sig"])
def test_a_changed_byte_is_found(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert not verified(folder)


def test_it_names_nobody(folder: Path) -> None:
    said = (folder / "certificate.json").read_text()
    assert [word for word in ("Ana", "ana@", "example.org", "C-1001", "bruno", "ada") if word in said] == []


def test_the_command_stands_in_the_documentation() -> None:
    assert f"openssl {COMMAND}" in (Path(__file__).parents[2] / "docs/erasure.md").read_text()
