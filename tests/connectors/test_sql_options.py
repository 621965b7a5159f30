"""What stands in the options of an SQL source, and what is wrong with them."""

from pathlib import Path
from typing import Any

import pytest

from requests_app.connectors import mistakes
from requests_app.connectors.sql import Sql
from tests.connectors import shop

MAP = str(shop.MAP)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"map": MAP}, "either url or url_file"),
        ({"url": "sqlite://", "url_file": "x", "map": MAP}, "either url or url_file"),
        ({"url": "sqlite://"}, "either map or fides"),
        ({"url": "sqlite://", "map": MAP, "fides": "x"}, "either map or fides"),
        ({"url": "sqlite://", "map": MAP, "defaults": {"basis": "contract"}}, "belong to fides"),
        ({"url": "sqlite://", "map": "/nowhere/map.toml"}, "cannot be read"),
        ({"url": "no url: secret", "map": MAP}, "no SQLAlchemy URL"),
        ({"url": "oracle://u:secret@h/x", "map": MAP}, "not installed"),
        ({"url": "nothing://u:secret@h/x", "map": MAP}, "not installed"),
        ({"url": "sqlite+aiosqlite://", "map": MAP}, "not installed"),
        ({"url": "env:NOT_SET_AT_ALL", "map": MAP}, "NOT_SET_AT_ALL, which is not set"),
        ({"url_file": "/nowhere/url", "map": MAP}, "url_file cannot be read"),
    ],
)
def test_a_mistake_is_named_and_shows_no_secret(settings: Any, options: dict[str, Any], words: str) -> None:
    settings.DATA_SOURCES = {"shop": {"BACKEND": "requests_app.connectors.sql.Sql", "OPTIONS": options}}
    ((alias, sentence),) = mistakes()
    assert alias == "shop"
    assert words in sentence
    assert "secret" not in sentence


def test_the_url_stands_in_a_variable_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOP_URL", "sqlite:////srv/shop.db")
    (tmp_path / "url").write_text("postgres://reader:secret@db.example/shop\n")
    assert Sql(url="env:SHOP_URL", map=MAP).database.engine.dialect.name == "sqlite"
    assert Sql(url_file=str(tmp_path / "url"), map=MAP).database.engine.driver == "psycopg2"


def test_a_map_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('[tables.a.columns]\nemail = { identity = "email" }\n')
    assert [table.name for table in Sql(url="sqlite://", map=str(path)).describe()] == ["a"]
    path.write_text('[tables.b.columns]\nemail = { identity = "email" }\n')
    assert [table.name for table in Sql(url="sqlite://", map=str(path)).describe()] == ["b"]
