"""What was typed lies nowhere in the clear, an error quotes none of it, and without its key nothing goes out."""

import io
import logging
import tempfile
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connections
from django.test import Client

from portal.logs import JsonFormatter
from requests_app import clock
from requests_app.models import Submission
from requests_app.models.keys import KeyDestroyed, SubmissionKey
from requests_app.operations import delivery, intake
from requests_app.operations.actors import Actor
from tests.attacks.fields import Filled
from tests.attacks.test_release import LATER, Desk
from tests.packages import fetched
from tests.people import published_policy
from tests.web.test_person_road import file_as

pytestmark = [pytest.mark.django_db]
NAME = "canary-name-7f3a"


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


def sessions() -> bytes:
    """What lies in them, unpacked."""
    return str([session.get_decoded() for session in Session.objects.all()]).encode()


@pytest.mark.both
def test_what_was_typed_into_any_field_is_found_in_no_store(logged, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    address = "canary-address-7f3a@example.org"
    case = Filled(lambda field, room: f"canary-{field.replace(' ', '-')}-7f3a", email=address)
    assert len(case.typed) > 30
    case.person.post("/find/", {"email": address})
    delivery.deliver_due(clock.now())
    assert mail.outbox
    places = stored() | files_below(settings.FILES_DIR, configured.BROKER_DIR, tmp_path)
    places |= {"log": logged.getvalue().encode(), "sessions": sessions()}
    texts = [sent.subject + sent.body + str(sent.alternatives) + str(sent.attachments) for sent in mail.outbox]
    places["mail"] = "".join(texts).encode()
    assert len(places) > 10
    typed = case.typed | {"address": address}
    found = {(place, field) for place, held in places.items() for field, text in typed.items() if text.encode() in held}
    assert found == set()


def test_an_error_shows_and_logs_nothing_of_what_caused_it(logged, monkeypatch, settings):
    published_policy()

    def fails(filing, **_more):
        raise RuntimeError(f"cannot store {filing.name}")

    monkeypatch.setattr(intake, "receive", fails)
    settings.DEBUG = False
    page = file_as(Client(raise_request_exception=False), name=NAME)
    assert page.status_code == 500
    assert NAME.encode() not in page.content
    assert b"Traceback" not in page.content
    assert "RuntimeError" in logged.getvalue()
    assert NAME not in logged.getvalue()
    assert not Submission.objects.exists()


@pytest.mark.both
def test_without_its_key_nothing_is_released():
    office = Desk()
    SubmissionKey.objects.all().delete()
    with pytest.raises(KeyDestroyed):
        fetched(office.approved, actor=Actor.person(), at=LATER)
