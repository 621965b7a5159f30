"""Other systems ask before they import: signed, in time, once; and learn a truth value for each, nothing else (A51)."""

import json
import logging
import time
from typing import Any

import pytest
import time_machine
from django.test import Client

from requests_app.connectors import signing
from requests_app.models import JournalIntent, RegisterState, SourceCallback, SuppressionEntry
from requests_app.operations import register, restore_guard, signed_calls, sweeps
from requests_app.operations.actors import Actor
from requests_app.rules.identifiers import Identifier, Kind
from tests.identifiers import spellings_of_address
from tests.people import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PATH = "/api/suppressed"
KEY = signing.Key("crm", b"s" * 40)
OTHER = signing.Key("shop", b"t" * 40)


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.IMPORT_KEYS = {"crm": "s" * 40, "shop": "t" * 40}
    restore_guard.forget()
    register.suppress(
        [Identifier(Kind.EMAIL, "ana@example.org"), Identifier(Kind.NUMBER, "C-1", "shop")],
        submission_id=None, actor=Actor.system(), at=NOON,
    )  # fmt: skip
    with time_machine.travel(NOON):
        yield


def asked(*identifiers: dict[str, str]) -> bytes:
    return json.dumps({"identifiers": identifiers}).encode()


def email(value: str) -> dict[str, str]:
    return {"kind": "email", "value": value}


def signed(body: bytes, key: signing.Key = KEY, **changes: Any) -> dict[str, str]:
    sent = signing.Sent(changes.pop("at", int(time.time())), changes.pop("nonce", signing.new_nonce()))
    values = {"direction": signing.CALL, "method": "POST", "path": PATH, **changes}
    return signing.signed_headers(
        key, values["direction"], values["method"], values["path"], values.get("other", body), sent
    )


def post(body: bytes, headers: dict[str, str]) -> Any:
    told = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(PATH, body, content_type="application/json", **told)


def ask(*identifiers: dict[str, str]) -> list[bool]:
    body = asked(*identifiers)
    answer = post(body, signed(body))
    assert answer.status_code == 200
    assert set(answer.json()) == {"suppressed"}
    return answer.json()["suppressed"]


def test_who_was_erased_is_told_in_any_spelling_and_nobody_else():
    assert ask(*map(email, spellings_of_address("ana@example.org"))) == [True] * 12
    assert ask(
        email("otto@example.net"), email(""), email("nonsense"), {"kind": "phone", "value": "+39 333 1234567"},
        {"kind": "number", "value": "c-1", "scope": "shop"}, {"kind": "number", "value": "C-1", "scope": "crm"},
    ) == [False, False, False, False, True, False]  # fmt: skip
    assert ask(email("ana\ud800@example.org"), email("\ud800")) == [True, False]  # no sign at all
    assert ask() == []


def test_the_answer_is_signed_for_this_question():
    body = asked(email("ana@example.org"))
    headers = signed(body)
    answer = post(body, headers)
    sent = signing.Sent(int(headers[signing.TIME]), headers[signing.NONCE])
    signature = answer[signing.SIGNATURE]
    assert signing.answers(KEY, sent, 200, signing.digest(answer.content), signature)
    assert not signing.answers(KEY, sent, 200, signing.digest(b'{"suppressed":[false]}'), signature)


def test_as_many_bytes_tell_for_one_as_for_another():
    """But for the word itself: nothing says since when, or how somebody is known."""
    answers = {json.dumps(ask(email(one))) for one in ("ana@example.org", "otto@example.net", "")}
    assert answers == {"[true]", "[false]"}


@pytest.mark.parametrize("changes", [
    {"key": signing.Key("crm", b"u" * 40)}, {"key": signing.Key("nobody", b"s" * 40)},
    {"at": int(NOON.timestamp()) - 301}, {"at": int(NOON.timestamp()) + 301},
    {"direction": signing.REQUEST}, {"direction": signing.CALLBACK},
    {"method": "GET"}, {"path": "/api/other"}, {"other": b"{}"}, {"nonce": "short"},
], ids=repr)  # fmt: skip
def test_what_is_not_signed_in_time_for_this_call_is_refused(changes):
    body = asked(email("ana@example.org"))
    answer = post(body, signed(body, **changes))
    assert (answer.status_code, answer.content) == (403, b"")
    assert not SourceCallback.objects.exists()


def test_without_a_signature_it_is_refused():
    assert post(asked(), {}).status_code == 403
    assert Client().get(PATH).status_code == 405


def test_the_same_call_counts_once():
    body = asked(email("ana@example.org"))
    headers = signed(body)
    assert post(body, headers).status_code == 200
    assert post(body, headers).status_code == 403
    assert post(body, signed(body, OTHER, nonce=headers[signing.NONCE])).status_code == 200


def test_without_keys_nobody_is_answered(settings):
    settings.IMPORT_KEYS = {}
    body = asked()
    assert post(body, signed(body)).status_code == 403


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", b'{"identifiers": {}}', b'{"identifiers": ["ana@example.org"]}', b"\xff", b"[" * 5000,
    asked({"kind": "name", "value": "Ana"}), asked({"kind": "email"}), asked({"kind": "email", "value": 7}),
    asked({"kind": ["email"], "value": "x"}), asked({"kind": "number", "value": "1", "scope": "x" * 41}),
    asked({"kind": "number", "value": "1", "scope": 1}), asked(*[email("x")] * 1001),
])  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_sentence_that_repeats_none_of_it(body):
    answer = post(body, signed(body))
    assert answer.status_code == 400
    assert "Ana" not in answer.json()["error"]
    assert "ana@" not in answer.json()["error"]


def test_a_thousand_are_answered_and_a_body_that_is_too_large_is_not():
    assert ask(*[email(f"p{number}@example.org") for number in range(999)], email("ana@example.org")) == [
        *[False] * 999, True,
    ]  # fmt: skip
    body = b" " * (1024 * 1024 + 1)
    assert post(body, signed(body)).status_code == 403


def test_who_asks_too_often_waits_and_nobody_else_does(monkeypatch):
    monkeypatch.setattr(signed_calls, "PER_HOUR", 3)
    body = asked(email("ana@example.org"))
    assert [post(body, signed(body)).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert post(body, signed(body, OTHER)).status_code == 200
    with time_machine.travel(NOON.timestamp() + 3700):
        assert post(body, signed(body)).status_code == 200


def test_calls_are_forgotten_when_they_cannot_be_sent_again():
    ask()
    sweeps.apply_retention(NOON)
    assert SourceCallback.objects.count() == 1
    with time_machine.travel(NOON.timestamp() + 7300) as clock:
        sweeps.apply_retention(signed_calls.datetime.fromtimestamp(time.time(), signed_calls.UTC))
        assert clock is not None
    assert not SourceCallback.objects.exists()


def test_no_log_names_an_identifier(caplog):
    caplog.set_level(logging.DEBUG)
    ask(email("ana@example.org"))
    body = b'{"identifiers": [{"kind": "ana@example.org"}]}'
    post(body, signed(body))
    assert "ana@example.org" not in caplog.text


def test_after_a_restore_it_answers_nobody():
    for model in (SuppressionEntry, RegisterState, JournalIntent):
        model.objects.all().delete()
    restore_guard.forget()
    body = asked(email("ana@example.org"))
    assert post(body, signed(body)).status_code == 503
