"""The SQL source on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from requests_app.connectors import Query, RetryLater
from requests_app.connectors.sql import Sql
from tests.connectors import shop
from tests.connectors.sql_contract import SqlContract
from tests.connectors.sql_erasing import SqlErasing


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


class TestSqlOnSqlite(SqlContract):
    pass


def test_a_file_that_is_not_there_is_away_and_is_not_made(tmp_path: Path) -> None:
    source = Sql(url=f"sqlite:///{tmp_path / 'nothing.db'}", map=str(shop.MAP))
    with pytest.raises(RetryLater):
        source.find(Query(email="ana@example.org"))
    assert not (tmp_path / "nothing.db").exists()
