"""What was typed lies nowhere in the clear, an error quotes none of it, and without its key nothing goes out."""

import io
import logging
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from portal.logs import JsonFormatter
from requests_app import clock
from requests_app.models import DataSubjectRequest, Message, Submission
from requests_app.models.keys import KeyDestroyed, SubmissionKey
from requests_app.operations import delivery, desk, intake, release
from requests_app.operations.actors import Actor
from tests.attacks.test_release import LATER, Desk
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code

pytestmark = [pytest.mark.django_db]
NAMES = ("name", "details", "reply", "question", "note", "answer", "filename", "content")
CANARY = {field: f"canary-{field}-7f3a" for field in NAMES}


@pytest.fixture
def logged():
    """Everything the process logs, as it would stand on stderr."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield out
    logging.getLogger().removeHandler(handler)


def stored() -> dict[str, bytes]:
    """Every value of every table, as bytes."""
    tables: dict[str, bytes] = {}
    for alias in ("default", "keys"):
        connection = connections[alias]
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                values = [value for row in cursor.fetchall() for value in row if value is not None]
                tables[f"{alias}.{table}"] = b"\0".join(
                    bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values
                )
    return tables


def files_below(*folders: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for folder in folders for p in Path(folder).rglob("*") if p.is_file()}


@pytest.mark.both
def test_what_was_typed_is_found_in_no_store(client, logged, settings):
    published_policy()
    address = "canary-address-7f3a@example.org"
    file_as(client, name=CANARY["name"], details=CANARY["details"], email=address)
    client.post("/confirm/", {"code": newest_code()})
    dsr, now, bruno = DataSubjectRequest.objects.get(), clock.now(), Actor.staff(staff("bruno", "handler"))
    file = SimpleUploadedFile(CANARY["filename"], CANARY["content"].encode())
    client.post(f"/reply/{dsr.pk}/", {"text": CANARY["reply"], "file": file})
    desk.ask(dsr, question=CANARY["question"], actor=bruno, at=now)
    desk.note(dsr, text=CANARY["note"], actor=bruno, at=now)
    desk.attach(dsr, name=CANARY["filename"], content=CANARY["answer"].encode(), actor=bruno, at=now)
    assert Message.objects.count() == 3
    delivery.deliver_due(now)
    places = stored() | files_below(settings.FILES_DIR, configured.BROKER_DIR)
    places["log"] = logged.getvalue().encode()
    places["mail"] = "".join(str(sent.alternatives) + sent.body + sent.subject for sent in mail.outbox).encode()
    assert mail.outbox
    assert len(places) > 10
    found = [(place, text) for place, content in places.items() for text in CANARY.values() if text.encode() in content]
    assert found == []
    # The mail has the address as its recipient only.
    assert [place for place, content in places.items() if address.encode() in content] == []


def test_an_error_shows_and_logs_nothing_of_what_caused_it(logged, monkeypatch, settings):
    published_policy()

    def fails(filing, **_more):
        raise RuntimeError(f"cannot store {filing.name}")

    monkeypatch.setattr(intake, "receive", fails)
    settings.DEBUG = False
    page = file_as(Client(raise_request_exception=False), name=CANARY["name"])
    assert page.status_code == 500
    assert CANARY["name"].encode() not in page.content
    assert b"Traceback" not in page.content
    assert "RuntimeError" in logged.getvalue()
    assert CANARY["name"] not in logged.getvalue()
    assert not Submission.objects.exists()


@pytest.mark.both
def test_without_its_key_nothing_is_released():
    office = Desk()
    SubmissionKey.objects.all().delete()
    with pytest.raises(KeyDestroyed):
        release.read_file(office.approved, actor=Actor.person(), at=LATER)
