"""One database: its engine, read-only transactions with time-outs, and its errors in our words, without values."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from requests_app.connectors.base import PermanentFailure, RetryLater

from . import postgresql

CLIENTS = {"mysql": "PyMySQL", "mariadb": "PyMySQL", "postgresql": "psycopg2-binary"}
DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
FOR_GOOD = {"ProgrammingError", "NotSupportedError", "DataError", "IntegrityError"}
# What MySQL calls operational and no waiting mends: access, database, column, collation, a CHECK.
FOR_GOOD_MYSQL = {1044, 1049, 1054, 1142, 1143, 1227, 1267, 1271, 3819, 4025}
FOR_GOOD_SQLITE = ("no such", "file is not a database")


@dataclass(frozen=True, slots=True)
class Database:
    """`statement_timeout`: seconds that one statement may take; COPY may take ten times as long."""

    engine: Engine
    statement_timeout: int

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One connection, and on it one read-only transaction that sees one state throughout."""
        try:
            with self.engine.connect() as connection:
                _prepare(connection, self.statement_timeout)
                yield connection
        except (SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error) as error:
            raise told(error) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One connection, on which each change is a transaction of its own."""
        try:
            with self.engine.connect() as connection:
                _prepare_to_write(connection, self.statement_timeout)
                yield connection
        except (SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error) as error:
            raise told(error) from None


def database_of(
    url: str, url_file: str, *, connect_timeout: int = 10, statement_timeout: int = 120, to_write: bool = False
) -> Database:
    """Return the database of these options; raises ValueError. Nothing is asked of it."""
    engine = engine_of(address(url, url_file), connect_timeout, statement_timeout, to_write)
    return Database(engine, statement_timeout)


def address(url: str, url_file: str) -> str:
    """Return the URL as it was given, named by `env:NAME`, or from a file; raises ValueError, which never shows it."""
    if bool(url) == bool(url_file):
        raise ValueError("give either url or url_file")
    if url_file:
        try:
            return Path(url_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"url_file cannot be read ({type(error).__name__})") from None
    if url.startswith("env:"):
        name = url.removeprefix("env:")
        if not os.environ.get(name):
            raise ValueError(f"url names the variable {name}, which is not set")
        return os.environ[name]
    return url


@lru_cache(maxsize=32)
def engine_of(url: str, connect_timeout: int, statement_timeout: int, to_write: bool = False) -> Engine:
    """Return the engine, which holds no connection: workers may fork. Raises ValueError."""
    try:
        parsed = _opened(make_url(url), to_write)
    except (ArgumentError, ValueError):
        raise ValueError("url is no SQLAlchemy URL, such as postgresql://account:password@host/name") from None
    kind = parsed.get_backend_name()
    connect: dict[str, Any] = {"connect_timeout": connect_timeout}
    options: dict[str, Any] = {}
    if kind == "postgresql":
        options = {"use_native_hstore": False}
        connect |= {"tcp_user_timeout": 20_000, "application_name": "portal"}
    elif kind in {"mysql", "mariadb"}:
        connect |= {"read_timeout": statement_timeout + 5, "charset": "utf8mb4"}
    elif kind == "sqlite":
        connect = {"timeout": connect_timeout, "check_same_thread": False}
    else:
        connect = {}
    try:
        engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args=connect, **options)
    except (NoSuchModuleError, ImportError):
        client = CLIENTS.get(kind, "the SQLAlchemy dialect and client of this database")
        raise ValueError(f"the client of {parsed.drivername} is not installed: pip install {client}") from None
    if engine.dialect.is_async:
        raise ValueError(f"{parsed.drivername} is asynchronous: name the driver that is not, or none")
    return engine


def _opened(url: URL, to_write: bool) -> URL:
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
        # A file that is not there is an error, not made.
        place = f"file:{Path(url.database).absolute()}"
        url = url.set(database=place).update_query_dict({"mode": "rw" if to_write else "ro", "uri": "true"})
    return url


def _prepare(connection: Connection, seconds: int) -> None:
    name = connection.dialect.name
    if name == "postgresql":
        postgresql.prepare(connection, seconds)
    elif name in {"mysql", "mariadb"}:
        limit = (
            f"max_statement_time={seconds}"
            if getattr(connection.dialect, "is_mariadb", False)
            else f"max_execution_time={seconds * 1000}"
        )
        connection.exec_driver_sql(f"SET SESSION {limit}, time_zone='+00:00'")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    elif name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")


def _prepare_to_write(connection: Connection, seconds: int) -> None:
    name = connection.dialect.name
    if name == "postgresql":
        connection.exec_driver_sql(f"SET statement_timeout = {seconds * 1000}; SET TimeZone = 'UTC'")
    elif name in {"mysql", "mariadb"}:
        connection.exec_driver_sql("SET SESSION time_zone='+00:00', innodb_lock_wait_timeout=20")
    elif name == "sqlite":
        # What is erased is overwritten, and a row that others name does not go.
        connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
        connection.exec_driver_sql("PRAGMA foreign_keys = ON").close()
    connection.commit()


def told(error: Exception) -> Exception:
    """Return what the error means for us. Its own words may hold values, so only kind and number are kept."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    number = getattr(cause, "pgcode", None) or (cause.args[0] if cause.args and isinstance(cause.args[0], int) else "")
    words = f"{type(cause).__name__} {number}".strip()
    # What SQLAlchemy itself refuses never reached the database.
    refused = bool(kinds & FOR_GOOD) or number in FOR_GOOD_MYSQL or isinstance(cause, SQLAlchemyError)
    if not refused and type(cause).__module__ == "sqlite3":
        refused = str(cause).startswith(FOR_GOOD_SQLITE)
    if refused:
        return PermanentFailure(f"the database does not answer what the data map asks: {words}")
    return RetryLater(words)
