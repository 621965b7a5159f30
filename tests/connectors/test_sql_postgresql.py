"""The SQL source on PostgreSQL: the contract, and COPY beside the path of few rows."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from requests_app.connectors import Lines, PermanentFailure, Query, Record, RetryLater
from requests_app.connectors.records import encode
from requests_app.connectors.sql import Sql
from tests import services
from tests.connectors import shop
from tests.connectors.sql_contract import SqlContract
from tests.connectors.sql_erasing import SqlErasing
from tests.connectors.sql_hard_cases import SqlHardCases
from tests.connectors.sql_people import SqlPeople


@pytest.fixture(scope="module")
def url(postgres_url: str) -> Iterator[str]:
    server = create_engine(_url(postgres_url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS sql_source WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE sql_source")
        yield _url(services.with_database(postgres_url, "sql_source"))
        connection.exec_driver_sql("DROP DATABASE IF EXISTS sql_source WITH (FORCE)")
    server.dispose()


@pytest.fixture(scope="module")
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url, poolclass=NullPool)
    yield made
    made.dispose()


def _url(url: str) -> str:
    return "postgresql+psycopg2" + url[url.index(":") :]


class TestErasingOnPostgresql(SqlErasing):
    pass


class TestHardCasesOnPostgresql(SqlHardCases):
    pass


class TestSqlOnPostgresql(SqlContract):
    pass


class TestPeopleOnPostgresql(SqlPeople):
    pass


EVERY_TYPE = """CREATE TABLE kinds (
  email text, number int8, small int2, amount numeric, price numeric(12,4), ratio float8, share float4, yes boolean,
  words text, code char(6), name varchar(40), raw bytea, day date, at_local timestamp, at timestamptz, hour time,
  took interval, who uuid, doc jsonb, net inet, mood mood, typed email_text, "select" text, "Odd Name%" text)"""
ROWS = (
    """('a@b.example', 9007199254740993, -1, 1.10, 2.5, 0.1, 0.1, true, E'tab\\t"quote" back\\\\slash\\nline \\u20ac',
    'ab', 'x', '\\x00ff5c6e', '2024-02-29', '2024-02-29 10:00:00.5', '2024-02-29 10:00:00+02', '10:00:00.25',
    '1 year 2 days 03:04:05', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, 2.50, "\\\\n", null, {"b": "è"}]}',
    '10.0.0.1', 'glad', 'X@y', 's', '%s')""",
    """('a@b.example', NULL, NULL, 0.00000001, 'NaN', 'Infinity', 1e20, false, '', '', '', repeat('x', 200)::bytea,
    'infinity', '-infinity', 'infinity', '00:00', '-1 day', NULL, 'null', NULL, NULL, NULL, NULL, NULL)""",
    """('a@b.example', 0, 0, 12345678901234567890.5, 0, 1e-7, 0, NULL, '\\N', NULL, '\\.', '', '0044-03-15 BC',
    '0044-03-15 12:00 BC', '12024-01-01 00:00:00.000001+00', '24:00', '0', NULL, '"x"',
    'fe80::1/64', 'sad', NULL, '', '')""",
)


def test_copy_writes_what_the_path_of_few_rows_writes(engine: Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "DROP TABLE IF EXISTS kinds; DROP TYPE IF EXISTS mood; DROP DOMAIN IF EXISTS email_text"
        )
        connection.exec_driver_sql("CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN email_text AS text")
        connection.execute(text(EVERY_TYPE))
        for row in ROWS:
            connection.execute(text(f"INSERT INTO kinds VALUES {row}".replace(":", "\\:")))
        names = connection.exec_driver_sql("SELECT * FROM kinds").keys()
    columns = "\n".join(f'"{name}" = {{}}' for name in names if name != "email")
    data_map = tmp_path / "map.toml"
    data_map.write_text(f'[tables.kinds.columns]\nemail = {{ identity = "email" }}\n{columns}\n')
    source = Sql(url=url, map=str(data_map))
    few = list(_items(source))
    with engine.begin() as connection:
        for _ in range(2):
            connection.exec_driver_sql("INSERT INTO kinds SELECT * FROM kinds")
    many = list(_items(source))
    assert [type(item) for item in (*few, *many)] == [Record] * 3 + [Lines]
    assert many[0].records == 12
    by_value = [json.loads(encode(item.values)) for item in few]
    by_copy = [json.loads(line) for line in many[0].data.splitlines()]
    for copied, valued in zip(by_copy, by_value * 4, strict=True):
        assert {name: (copied[name], valued[name]) for name in valued if copied[name] != valued[name]} == {}
    assert by_value[0]["at"] == "2024-02-29T08:00:00+00:00"
    assert (by_value[0]["amount"], by_value[1]["amount"], by_value[1]["ratio"]) == ("1.10", "0.00000001", "Infinity")
    assert (by_value[0]["took"], by_value[0]["at_local"]) == ("P1Y2DT3H4M5S", "2024-02-29T10:00:00.500000")


def test_what_json_as_it_was_typed_may_hold_goes_the_slower_way(engine: Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS typed; CREATE TABLE typed (email text, doc json, tags text[])")
        connection.exec_driver_sql(
            "INSERT INTO typed SELECT 'a@b.example', E'{\"a\":\\n 1}', '{x,\"y z\"}' FROM generate_series(1, 30)"
        )
    data_map = tmp_path / "map.toml"
    data_map.write_text('[tables.typed.columns]\nemail = { identity = "email" }\ndoc = "json"\ntags = {}\n')
    items = list(_items(Sql(url=url, map=str(data_map))))
    rows = [json.loads(line) for item in items for line in item.data.splitlines()]
    assert rows == [{"email": "a@b.example", "doc": {"a": 1}, "tags": ["x", "y z"]}] * 30


KEYS = {"uuid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "numeric(12,2)": "7.50", "date": "2024-02-29", "bigint": "7",
        "timestamptz": "2024-02-29 10:00:00.5+02", "bytea": "\\x00ff", "citizen": "NL-1", "char(6)": "ab"}  # fmt: skip


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_type_lead_on(engine: Engine, url: str, tmp_path: Path, kind: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS child, parent; DROP DOMAIN IF EXISTS citizen")
        connection.exec_driver_sql("CREATE DOMAIN citizen AS varchar(20)")
        connection.exec_driver_sql(f"CREATE TABLE parent (id {kind}, email text); CREATE TABLE child (parent {kind})")
        connection.execute(text("INSERT INTO parent VALUES (:key, 'a@b.example')"), {"key": KEYS[kind]})
        connection.execute(text("INSERT INTO child VALUES (:key), (NULL)"), {"key": KEYS[kind]})
    data_map = tmp_path / "map.toml"
    data_map.write_text(
        '[tables.parent.columns]\nid = {}\nemail = { identity = "email" }\n'
        '[tables.child.columns]\nparent = { references = "parent.id" }\n'
    )
    assert [item.table for item in _items(Sql(url=url, map=str(data_map)))] == ["parent", "child"]


def test_a_column_of_several_values_leads_nowhere_and_says_so(engine: Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS child, parent; CREATE TABLE child (parent int)")
        connection.exec_driver_sql("CREATE TABLE parent (id int[], email text)")
        connection.exec_driver_sql("INSERT INTO parent VALUES ('{1,2}', 'a@b.example')")
    data_map = tmp_path / "map.toml"
    data_map.write_text(
        '[tables.parent.columns]\nid = {}\nemail = { identity = "email" }\n'
        '[tables.child.columns]\nparent = { references = "parent.id" }\n'
    )
    with pytest.raises(PermanentFailure, match=r"parent\.id holds several values"):
        list(_items(Sql(url=url, map=str(data_map))))


def test_values_of_a_megabyte_pass_in_bounded_memory(engine: Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS large; CREATE TABLE large (email text, body text, doc json)")
        connection.exec_driver_sql(
            "INSERT INTO large SELECT 'a@b.example', repeat('x', 1000000), '{}' FROM generate_series(1, 40)"
        )
    for columns in ("body = {}", 'body = {}\ndoc = "json"'):
        data_map = tmp_path / "map.toml"
        data_map.write_text(f'[tables.large.columns]\nemail = {{ identity = "email" }}\n{columns}\n')
        source = Sql(url=url, map=str(data_map))
        tracemalloc.start()
        rows = sum(item.records if isinstance(item, Lines) else 1 for item in _items(source))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert rows == 40
        assert peak < 25_000_000


def test_a_statement_that_takes_too_long_is_asked_later(url: str, engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "DROP VIEW IF EXISTS slow; CREATE VIEW slow AS SELECT 'ana@example.org' AS email, pg_sleep(5)::text AS nap"
        )
    data_map = tmp_path / "map.toml"
    data_map.write_text('[tables.slow.columns]\nemail = { identity = "email" }\nnap = { identity = "identifier" }\n')
    source = Sql(url=url, map=str(data_map), statement_timeout=1)
    with pytest.raises(RetryLater, match="QueryCanceled"):
        source.find(Query(email="ana@example.org", details="C-1001"))


def test_what_the_account_may_not_read_fails_for_good(url: str, engine: Engine) -> None:
    shop.filled(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS sql_reader; CREATE ROLE sql_reader LOGIN")
    as_reader = make_url(url).set(username="sql_reader").render_as_string(hide_password=False)
    with pytest.raises(PermanentFailure, match="InsufficientPrivilege"):
        Sql(url=as_reader, map=str(shop.MAP)).find(Query(email="ana@example.org"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE sql_reader")


def test_a_server_that_is_away_is_asked_later() -> None:
    source = Sql(url=f"postgresql://reader:secret@127.0.0.1:{services.free_port()}/shop", map=str(shop.MAP))
    with pytest.raises(RetryLater) as away:
        source.find(Query(email="ana@example.org"))
    assert "secret" not in str(away.value)


def _items(source: Sql) -> Iterator[Any]:
    return iter(source.extract(['{"email": ["a@b.example"]}'], request_id="x"))  # type: ignore[arg-type]
