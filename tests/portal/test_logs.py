"""What a log line may carry: ids of rows, never a person or a secret."""

import io
import json
import logging
import secrets
import sys
import uuid

import pytest
from celery import Celery
from celery.app.trace import trace_task
from django.core.exceptions import SuspiciousOperation

from portal.logs import JsonFormatter, redact
from requests_app.models.keys import lookup_digests


def line(message, *args, exc_info=None):
    record = logging.LogRecord("requests_app", logging.ERROR, __file__, 1, message, args, exc_info)
    return JsonFormatter().format(record)


def test_the_id_of_a_row_stays_readable():
    pk = str(uuid.uuid4())
    assert json.loads(line("enforcing request %s failed", pk))["message"] == f"enforcing request {pk} failed"
    assert redact(f"[{pk}] ({pk}): {pk}, '{pk}'.") == f"[{pk}] ({pk}): {pk}, '{pk}'."


CANARIES = {
    "address": "ana.prova@example.org",
    "shouted address": "ANA@EXAMPLE.ORG",
    "quoted address": "ana%40example.org",
    "link secret": secrets.token_urlsafe(16),
    "session": secrets.token_hex(16),
    "secret key": secrets.token_urlsafe(50),
    "file on disk": uuid.uuid4().hex,  # nobody needs it in a log, and it looks like a secret
    "id and more": f"{uuid.uuid4()}{secrets.token_hex(8)}",
    "more and id": f"{secrets.token_hex(8)}-{uuid.uuid4()}",
    "id from an address": str(uuid.uuid5(uuid.NAMESPACE_URL, "ana@example.org")),
    "code": "481216",
}


@pytest.mark.parametrize("kind", CANARIES)
@pytest.mark.parametrize("around", ["%s", "GET /r/%s/ failed", "to=<%s>", "{'value': '%s'}", "/find/?q=%s", "x %s, y"])
def test_a_secret_or_a_person_is_never_in_a_line(kind, around):
    assert CANARIES[kind] not in line(around, CANARIES[kind])


def test_the_digest_of_an_address_is_not_in_a_line():
    digest = lookup_digests("ana@example.org")[0]
    assert digest.partition(":")[2] not in line("no case for %s", digest)


def test_an_exception_shows_its_type_and_place_but_not_what_it_quotes():
    try:
        raise ValueError("ana@example.org Ana Prova 481216")
    except ValueError:
        said = line("failed", exc_info=sys.exc_info())
    assert "Prova" not in said
    assert "481216" not in said
    assert json.loads(said)["error"] == "ValueError"
    assert json.loads(said)["places"][0].startswith("test_logs.py:")


def test_arguments_that_do_not_fit_are_left_out_instead_of_printed(capsys):
    said = json.loads(line("two %s %s", "Ana Prova"))
    assert said["message"] == "two %s %s (its arguments do not fit)"
    assert "Prova" not in capsys.readouterr().err


def test_a_line_break_in_a_message_makes_no_second_line():
    assert "\n" not in line('first\n{"level": "INFO"}')


def test_instants_and_counts_stay_readable():
    assert redact("at 2026-11-22T12:00:00.123456+00:00, 1048576 bytes, port 8000") == (
        "at 2026-11-22T12:00:00.123456+00:00, 1048576 bytes, port 8000"
    )


def test_what_is_suspicious_is_named_and_not_quoted():
    try:
        raise SuspiciousOperation("typed by Ana Prova")
    except SuspiciousOperation as error:
        args = ("django.security.SuspiciousOperation", logging.ERROR, __file__, 1, str(error), (), sys.exc_info())
    said = JsonFormatter().format(logging.LogRecord(*args))
    assert "Prova" not in said
    assert json.loads(said)["message"] == "SuspiciousOperation"


def test_a_failed_task_is_named_and_its_error_not_quoted():
    app = Celery("test", set_as_current=False)

    @app.task(name="poisoned")
    def poisoned():
        raise RuntimeError("Ana Prova")

    out, log = io.StringIO(), logging.getLogger("celery.app.trace")
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    trace_task(poisoned, "8b1f0a52-3c0e-4d5e-9f00-0123456789ab", (), {}, app=app, eager=False)
    log.removeHandler(handler)
    written = json.loads(out.getvalue())
    assert (written["message"], written["error"]) == ("task poisoned failed", "RuntimeError")
    assert "Prova" not in out.getvalue()
