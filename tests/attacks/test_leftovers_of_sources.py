"""What a data source hands out lies nowhere in the clear (A57): a canary in each place where a value can be."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail

from requests_app.connectors import (
    Column,
    DataSource,
    File,
    Lines,
    Match,
    OnFile,
    PermanentFailure,
    Query,
    Record,
    Table,
)
from requests_app.models import FulfilmentStep
from requests_app.operations.sweeps import SWEEPS
from tests.attacks.test_leftovers import files_below, logged, sessions, stored
from tests.people import NOON, ana_files, confirms, published_policy

__all__ = ["logged"]
pytestmark = [pytest.mark.django_db, pytest.mark.both]
CANARIES = {
    place: f"canary-{place.replace(' ', '-')}-5c1d"
    for place in ("value", "nested value", "line", "file name", "file content", "reference", "error", "surprise")
}


class Leaky(DataSource):
    """Holds a canary in whatever it hands out, and fails with one in its words where it is told to."""

    fails: Exception | None = None

    def find(self, query: Query) -> list[Match]:
        return [Match(CANARIES["reference"], (OnFile(query.email, since=NOON - timedelta(days=900)),))]

    def describe(self) -> tuple[Table, ...]:
        return (Table("letters", (Column("text"), Column("more", "json"))),)

    def extract(self, references: Sequence[str], *, request_id: str) -> Iterator[Any]:
        yield Record("letters", {"text": CANARIES["value"] * 5000, "more": {"deep": [CANARIES["nested value"]]}})
        if self.fails:
            raise self.fails
        yield Lines("letters", f'{{"text":"{CANARIES["line"]}"}}\n'.encode(), 1)
        yield File(CANARIES["file name"], "text/plain", [CANARIES["file content"].encode()] * 3)


@pytest.fixture
def places(logged, settings, tmp_path, monkeypatch):
    """Everything that is stored, logged or sent."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DATA_SOURCES = {"leaky": {"BACKEND": f"{__name__}.Leaky"}}
    monkeypatch.setattr(Leaky, "fails", None)

    def places_() -> dict[str, bytes]:
        found = stored() | files_below(settings.FILES_DIR, configured.BROKER_DIR, tmp_path)
        sent = [one.subject + one.body + str(one.alternatives) for one in mail.outbox]
        return found | {"log": logged.getvalue().encode(), "sessions": sessions(), "mail": "".join(sent).encode()}

    return places_


def ana_asks() -> None:
    """Ana files and confirms, and every sweep looks for an hour."""
    published_policy()
    confirms(ana_files("access"))
    for minutes in (1, 2, 3, 60):
        for sweep in SWEEPS.values():
            sweep(NOON + timedelta(minutes=minutes))


def found_in(places: dict[str, bytes]) -> set[tuple[str, str]]:
    assert len(places) > 10
    return {(place, what) for place, held in places.items() for what, text in CANARIES.items() if text.encode() in held}


def test_what_was_found_is_in_no_store(places):
    ana_asks()
    assert FulfilmentStep.objects.get().status == "found"
    assert found_in(places()) == set()


@pytest.mark.parametrize(
    "error",
    [PermanentFailure(CANARIES["error"]), ValueError(CANARIES["surprise"])],
    ids=lambda error: type(error).__name__,
)
def test_a_source_that_quotes_what_it_holds_in_its_error_is_not_quoted(places, monkeypatch, error):
    monkeypatch.setattr(Leaky, "fails", error)
    ana_asks()
    assert FulfilmentStep.objects.get().failure_code == type(error).__name__
    assert found_in(places()) == set()
