"""A51: who calls back has to be the source itself, now, for the first time; and learns nothing by trying."""

import hashlib
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from requests_app.models import EvidenceEvent, FulfilmentStep, SourceCallback
from requests_app.operations import sweeps
from requests_app.operations.owed_steps import steps_of
from tests.http_source import KEY, SECRET, Other, running
from tests.people import NOON, ana_files, confirms, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SOON, LATER = NOON + timedelta(minutes=1), NOON + timedelta(minutes=30)
HOUR = timedelta(hours=1)
ORDER = {"table": "orders", "values": {"number": "A-1"}}


@pytest.fixture
def other() -> Other:
    """Prepares its answers."""
    made = Other()
    made.people = [{"reference": "C-1001", "email": "ana@example.org", "since": "2020-02-12T00:00:00Z"}]
    made.records = {"C-1001": [ORDER]}
    made.pending = {"retry_after": 3600}
    return made


@pytest.fixture
def step(other: Other, settings: Any, tmp_path: Any, monkeypatch: Any) -> Iterator[FulfilmentStep]:
    """Ana asks; the source was asked at SOON, and has not answered."""
    monkeypatch.setenv("CRM_SECRET", SECRET)
    settings.FILES_DIR = str(tmp_path)
    published_policy()
    with running(other, None) as port, time_machine.travel(SOON) as clock:
        options = {
            "url": f"http://127.0.0.1:{port}",
            "hosts": ["127.0.0.1"],
            "key_id": KEY,
            "secret": "env:CRM_SECRET",
            "insecure_loopback": True,
            "tables": {"orders": {"columns": {"number": "text"}}},
        }
        entry = {"BACKEND": "requests_app.connectors.http.Http", "OPTIONS": options}
        settings.DATA_SOURCES = {"crm": entry}
        submission = ana_files("access")
        confirms(submission)
        sweeps.run_steps(SOON)
        assert sweeps.read_sources(SOON) == 0
        clock.move_to(LATER)
        yield steps_of(submission.requests.get()).get()


def path_of(step: Any, alias: str = "crm") -> str:
    return f"/sources/{alias}/{step.pk.hex if hasattr(step, 'pk') else step}/"


def call(path: str, headers: dict[str, str], body: bytes = b"") -> Any:
    told = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", **told)


def signed(other: Other, path: str, body: bytes = b"", secret: bytes = SECRET.encode()) -> dict[str, str]:
    return other.docs["callback_headers"](secret, KEY, path, body)


def unchanged(step: FulfilmentStep) -> bool:
    return FulfilmentStep.objects.get(pk=step.pk).next_try_at == step.next_try_at


def test_a_right_one_has_the_answer_fetched_at_once(step: FulfilmentStep, other: Other) -> None:
    assert step.status == "pending"
    assert SOON + HOUR - timedelta(seconds=5) < step.next_try_at < SOON + HOUR + timedelta(seconds=5)
    other.pending = None
    handed_along = other.asked[-1][2]["callback"]
    path = "/" + handed_along.split("/", 3)[3]
    assert path == path_of(step)
    answer = call(path, signed(other, path))
    assert (answer.status_code, answer.content, answer.cookies) == (204, b"", {})
    step.refresh_from_db()
    assert abs(step.next_try_at - LATER) < timedelta(seconds=5)
    assert sweeps.read_sources(LATER + timedelta(minutes=1)) == 1
    step.refresh_from_db()
    assert (step.status, step.records) == ("found", 1)


FORGED = {
    "unsigned": lambda h: {},
    "without a nonce": lambda h: {k: v for k, v in h.items() if k != "Portal-Nonce"},
    "another time": lambda h: {**h, "Portal-Time": str(int(h["Portal-Time"]) + 1)},
    "another nonce": lambda h: {**h, "Portal-Nonce": "A" * 22},
    "another key": lambda h: {**h, "Portal-Key": "portal-2027"},
    "a time that is none": lambda h: {**h, "Portal-Time": "now"},
    "a nonce of letters that are none": lambda h: {**h, "Portal-Nonce": "\xe9" * 20},
    "a signature of letters that are none": lambda h: {**h, "Portal-Signature": "\xe9" * 64},
    "half a signature": lambda h: {**h, "Portal-Signature": h["Portal-Signature"][:32]},
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_one_is_refused_and_costs_no_statement(
    step: FulfilmentStep, other: Other, forge: Any, django_assert_num_queries: Any
) -> None:
    path = path_of(step)
    with django_assert_num_queries(0):
        assert call(path, forge(signed(other, path))).status_code == 403
    assert unchanged(step)
    assert not SourceCallback.objects.exists()


def test_one_that_was_signed_for_something_else_is_refused(step: FulfilmentStep, other: Other, settings: Any) -> None:
    path = path_of(step)
    settings.DATA_SOURCES["shop"] = {**settings.DATA_SOURCES["crm"]}
    memory = {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {"people": []}}
    settings.DATA_SOURCES["memory"] = memory
    other_step = path_of(uuid.uuid4().hex)
    tries = [
        (path, signed(other, path, secret=b"x" * 48), b""),
        (path, signed(other, other_step), b""),
        (path, signed(other, path_of(step, "shop")), b""),
        (path, signed(other, path, b"{}"), b"{ }"),
        (path_of(step, "shop"), signed(other, path), b""),
        (path_of(step, "memory"), signed(other, path_of(step, "memory")), b""),
        (path_of(step, "nobody"), signed(other, path_of(step, "nobody")), b""),
        (path_of("x"), signed(other, path_of("x")), b""),
    ]
    # What the portal itself signed, sent back to it.
    at, nonce, empty = str(int(time.time())), "A" * 22, hashlib.sha256(b"").hexdigest()
    for direction in ("portal-request-1", "portal-answer-1"):
        signature = other.docs["sign"](SECRET.encode(), direction, KEY, "POST", path, at, nonce, empty)
        headers = {"Portal-Key": KEY, "Portal-Time": at, "Portal-Nonce": nonce, "Portal-Signature": signature}
        tries.append((path, headers, b""))
    for where, headers, body in tries:
        assert call(where, headers, body).status_code == 403, where
    assert unchanged(step)


@pytest.mark.parametrize(("minutes", "status"), [(-6, 403), (-4, 204), (4, 204), (6, 403)])
def test_five_minutes_before_and_after_are_the_window(
    step: FulfilmentStep, other: Other, minutes: int, status: int
) -> None:
    with time_machine.travel(LATER + timedelta(minutes=minutes)):
        headers = signed(other, path_of(step))
    assert call(path_of(step), headers).status_code == status
    assert unchanged(step) == (status == 403)


def test_a_replay_is_refused_and_a_second_delivery_signed_anew_changes_nothing(
    step: FulfilmentStep, other: Other
) -> None:
    path = path_of(step)
    headers = signed(other, path)
    assert call(path, headers).status_code == 204
    due = FulfilmentStep.objects.get(pk=step.pk).next_try_at
    assert call(path, headers).status_code == 403
    assert call(path, signed(other, path)).status_code == 204
    assert FulfilmentStep.objects.get(pk=step.pk).next_try_at == due
    assert SourceCallback.objects.count() == 2


def test_one_that_a_newer_one_overtook_is_refused(step: FulfilmentStep, other: Other) -> None:
    path = path_of(step)
    with time_machine.travel(LATER - timedelta(minutes=1)):
        older = signed(other, path)
    assert call(path, signed(other, path)).status_code == 204
    assert call(path, older).status_code == 403


def test_whether_there_is_such_a_step_cannot_be_told(step: FulfilmentStep, other: Other) -> None:
    there, nowhere = path_of(step), path_of(uuid.uuid4().hex)
    for of in (lambda path: signed(other, path), lambda path: {}):
        answers = [call(path, of(path)) for path in (there, nowhere)]
        assert len({(a.status_code, a.content, str(sorted(a.headers.items()))) for a in answers}) == 1


def test_a_source_moves_its_own_steps_only_and_none_that_waits_for_nothing(step: FulfilmentStep, other: Other) -> None:
    path, rows = path_of(step), FulfilmentStep.objects.filter(pk=step.pk)
    for state in ({"alias": "shop"}, {"status": "waiting"}, {"attempts": 1}):
        rows.update(**{"alias": "crm", "status": "pending", "attempts": 0, **state})
        assert call(path, signed(other, path)).status_code == 204
        assert unchanged(step), state
    rows.update(alias="crm", status="failed", attempts=0, next_try_at=None)
    assert call(path, signed(other, path)).status_code == 204
    assert FulfilmentStep.objects.get(pk=step.pk).next_try_at is None


def test_nothing_that_it_brings_is_read_or_kept(step: FulfilmentStep, other: Other, settings: Any) -> None:
    path, before = path_of(step), EvidenceEvent.objects.count()
    body = b'{"table": "orders", "values": {"number": "canary-7f3a"}}'
    assert call(path, signed(other, path, body), body).status_code == 204
    assert EvidenceEvent.objects.count() == before
    assert "canary-7f3a" not in str(list(SourceCallback.objects.values()) + list(FulfilmentStep.objects.values()))
    large = b" " * (64 * 1024 + 1)
    assert call(path, signed(other, path, large), large).status_code == 403
    assert call(path, signed(other, path, large[1:]), large[1:]).status_code == 204


def test_what_is_too_old_to_be_replayed_is_forgotten(step: FulfilmentStep, other: Other) -> None:
    call(path_of(step), signed(other, path_of(step)))
    sweeps.apply_retention(LATER + timedelta(minutes=10))
    assert SourceCallback.objects.count() == 1
    sweeps.apply_retention(LATER + timedelta(minutes=61))
    assert not SourceCallback.objects.exists()
