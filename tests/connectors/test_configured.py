"""Data sources from the settings: made from their options, and what is wrong with them is told by `check`."""

import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env
from requests_app.checks import data_sources_can_be_asked
from requests_app.connectors import PermanentFailure, mistakes, source
from requests_app.connectors.in_memory import InMemory

MEMORY = "requests_app.connectors.in_memory.InMemory"
DEMO = Path(env.__file__).parent / "demo_sources.toml"


def test_a_source_is_made_from_its_options(settings: Any) -> None:
    settings.DATA_SOURCES = {"crm": {"BACKEND": MEMORY, "OPTIONS": {"people": [{"emails": ["ana@example.org"]}]}}}
    made = source("crm")
    assert isinstance(made, InMemory)
    assert len(made.people) == 1
    assert list(mistakes()) == []
    assert data_sources_can_be_asked() == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "BACKEND is missing"),
        ("text", "BACKEND is missing"),
        ({"BACKEND": "nowhere.Source"}, "cannot be imported"),
        ({"BACKEND": MEMORY, "OPTION": {}}, "OPTION: only"),
        ({"BACKEND": MEMORY, "OPTIONS": []}, "has to be a table"),
        ({"BACKEND": MEMORY, "OPTIONS": {"person": []}}, "do not fit"),
        ({"BACKEND": MEMORY, "OPTIONS": {"people": [{"emails": "a"}]}}, "list of addresses"),
        ({"BACKEND": "datetime.timedelta"}, "is no DataSource"),
    ],
)
def test_a_mistake_is_told_with_a_hint_and_asked_it_fails_for_good(settings: Any, entry: Any, words: str) -> None:
    settings.DATA_SOURCES = {"crm": entry}
    (error,) = data_sources_can_be_asked()
    assert words in error.msg
    assert "crm" in error.msg
    assert "docs/operations.md" in str(error.hint)
    with pytest.raises(PermanentFailure):
        source("crm")


def test_a_name_that_would_not_fit_is_told(settings: Any) -> None:
    settings.DATA_SOURCES = {"The Shop": {"BACKEND": MEMORY}}
    assert [alias for alias, _ in mistakes()] == ["The Shop"]


def test_a_source_that_is_not_there_any_more_fails_for_good(settings: Any) -> None:
    settings.DATA_SOURCES = {}
    with pytest.raises(PermanentFailure):
        source("crm")


def test_the_demo_has_a_customer_file(settings: Any) -> None:
    settings.DATA_SOURCES = env.toml("NOT_SET", default=DEMO)
    assert list(mistakes()) == []
    assert len(source("shop").people) >= 4  # type: ignore[attr-defined]


def test_without_a_file_there_is_no_source() -> None:
    assert env.toml("NOT_SET") == {}


@pytest.mark.parametrize("content", [None, b"[[[", b"\xff"])
def test_a_file_that_cannot_be_read_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: Any
) -> None:
    path = tmp_path / "sources.toml"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("DATA_SOURCES_FILE", str(path))
    with pytest.raises(ImproperlyConfigured, match="DATA_SOURCES_FILE names a file"):
        env.toml("DATA_SOURCES_FILE")


def test_the_settings_of_the_documentation_are_right_but_for_what_they_name(settings: Any) -> None:
    document = (DEMO.parent.parent / "docs" / "data-sources.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", textwrap.dedent(document), re.DOTALL)
    entries = [tomllib.loads(textwrap.dedent(block)) for block in blocks]
    settings.DATA_SOURCES = {alias: entry for one in entries for alias, entry in one.items() if "BACKEND" in entry}
    assert set(settings.DATA_SOURCES) >= {"shop", "few", "crm"}
    assert [tables.name for tables in source("few").describe()] == ["orders"]
