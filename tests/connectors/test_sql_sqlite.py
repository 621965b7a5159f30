"""The SQL source on SQLite."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from requests_app.connectors import Query, RetryLater, Way
from requests_app.connectors.erasure_contract import carried, instructions, references
from requests_app.connectors.sql import Sql
from tests.connectors import shop
from tests.connectors.sql_contract import SqlContract
from tests.connectors.sql_erasing import ERASING, SqlErasing
from tests.connectors.sql_hard_cases import SqlHardCases
from tests.connectors.sql_people import SqlPeople


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}"


@pytest.fixture(scope="module")
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url, poolclass=NullPool)
    yield made
    made.dispose()


class TestErasingOnSqlite(SqlErasing):
    pass


class TestHardCasesOnSqlite(SqlHardCases):
    pass


class TestSqlOnSqlite(SqlContract):
    pass


class TestPeopleOnSqlite(SqlPeople):
    pass


def test_a_file_that_is_not_there_is_away_and_is_not_made(tmp_path: Path) -> None:
    source = Sql(url=f"sqlite:///{tmp_path / 'nothing.db'}", map=str(shop.MAP))
    with pytest.raises(RetryLater):
        source.find(Query(email="ana@example.org"))
    assert not (tmp_path / "nothing.db").exists()


CANARIES = (b"ana@example.org", b"C-1001", b"Via Roma 1", b"/lamps")


def test_what_was_erased_stands_in_no_byte_of_its_files(tmp_path: Path) -> None:
    path, source = logged(tmp_path)
    assert all(any(one in file.read_bytes() for file in path.parent.glob("shop.db*")) for one in CANARIES)
    carried(source, references(source), instructions(source))
    with sqlite3.connect(path) as still_open:  # so that the log is not thrown away with its last user
        still_open.execute("SELECT count(*) FROM customer").fetchone()
        left = b"".join(file.read_bytes() for file in path.parent.glob("shop.db*"))
        assert b"otto@example.net" in left
        assert [one for one in CANARIES if one in left] == []
    still_open.close()


def test_while_somebody_reads_the_log_the_erasure_is_not_over(tmp_path: Path) -> None:
    path, source = logged(tmp_path)
    known, items = references(source), instructions(source)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM customer").fetchone()
    with pytest.raises(RetryLater, match="log of the database"):
        source.erase(known, items=items, request_id="1")
    reader.close()
    assert not any(one.records or one.left for one in carried(source, known, items) if one.way == Way.ERASE)
    assert not (path.parent / "shop.db-wal").exists() or not (path.parent / "shop.db-wal").read_bytes()


def logged(folder: Path) -> tuple[Path, Sql]:
    """The shop in a file with a write-ahead log, and a source that erases everything of a person."""
    path = folder / "shop.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    shop.filled(engine)
    (folder / "map.toml").write_text(ERASING.replace("ORDERS", ""))
    url = f"sqlite:///{path}"
    return path, Sql(url=url, write_url=url, map=str(folder / "map.toml"), connect_timeout=1)
