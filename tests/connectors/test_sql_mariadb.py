"""The SQL source on MariaDB, whose collations take many letters for one."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from requests_app.connectors import DataSource
from requests_app.connectors.contract import addresses
from tests.connectors import shop
from tests.connectors.sql_contract import SqlContract, held
from tests.connectors.sql_erasing import SqlErasing
from tests.connectors.sql_hard_cases import SqlHardCases
from tests.connectors.sql_people import SqlPeople


@pytest.fixture(scope="module")
def url(mariadb_url: str) -> str:
    server = create_engine(mariadb_url, poolclass=NullPool)
    with server.begin() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS shop")
        connection.exec_driver_sql("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    return make_url(mariadb_url).set(database="shop").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url, poolclass=NullPool)
    yield made
    made.dispose()


class TestErasingOnMariadb(SqlErasing):
    pass


class TestHardCasesOnMariadb(SqlHardCases):
    pass


class TestPeopleOnMariadb(SqlPeople):
    pass


class TestSqlOnMariadb(SqlContract):
    def test_an_accent_is_another_address(self, source: DataSource, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(shop.schema.tables["customer"].insert(), [shop.customer(30, "C-4", "aná@example.org")])
        assert addresses(source, "ana@example.org") == ["ana@example.org"]
        assert [row["id"] for row in held(source)["customer"]] == [10]
        assert addresses(source, "aná@example.org") == ["aná@example.org"]
