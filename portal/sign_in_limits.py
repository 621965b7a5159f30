"""Where the sign-in counts failed tries and used codes: a table, so that all processes see the same.

Django's own cache in a table would not do: it unpickles what it reads, so that whoever can write a row can run code;
it names the addresses of visitors; and above 300 rows it forgets a third of them, which a flood of tries can bring
about. Here values are JSON, keys are keyed digests, and only what has expired goes.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connections, router

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def digested(key: str, prefix: str, version: int) -> str:
    """The digest that stands in the table for a key such as "login:ip:198.51.100.7"."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{prefix}:{version}:{key}".encode(), hashlib.sha256).hexdigest()


class SignInLimits(BaseDatabaseCache):
    """A cache of JSON values in the table of `createcachetable`."""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default where there is none any more."""
        there = "SELECT value FROM {} WHERE cache_key = %s AND expires > %s"
        rows, _ = self._run(there, self._key(key, version), _now())
        return json.loads(rows[0][0]) if rows else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store it, over whatever was there; what has expired goes."""
        self._run("DELETE FROM {} WHERE expires <= %s", _now())
        self._run(
            "INSERT INTO {} (cache_key, value, expires) VALUES (%s, %s, %s) ON CONFLICT (cache_key)"
            " DO UPDATE SET value = excluded.value, expires = excluded.expires",
            *(self._key(key, version), json.dumps(value), self._until(timeout)),
        )

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store it where nothing is; of any number at the same time one succeeds."""
        row = self._key(key, version)
        self._run("DELETE FROM {} WHERE cache_key = %s AND expires <= %s", row, _now())
        _, written = self._run(
            "INSERT INTO {} (cache_key, value, expires) VALUES (%s, %s, %s) ON CONFLICT (cache_key) DO NOTHING",
            *(row, json.dumps(value), self._until(timeout)),
        )
        return written == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        """Whether there was one."""
        return self._run("DELETE FROM {} WHERE cache_key = %s", self._key(key, version))[1] == 1

    def clear(self) -> None:
        """All of them."""
        self._run("DELETE FROM {}")

    def _key(self, key: str, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _until(self, timeout: Any) -> datetime:
        seconds = self.get_backend_timeout(timeout)
        return FOR_EVER if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)

    def _run(self, sql: str, *values: Any) -> tuple[list[tuple[Any, ...]], int]:
        connection = connections[router.db_for_write(self.cache_model_class)]
        adapt = connection.ops.adapt_datetimefield_value
        with connection.cursor() as cursor:
            cursor.execute(
                sql.format(connection.ops.quote_name(self._table)),
                [adapt(value) if isinstance(value, datetime) else value for value in values],
            )
            return list(cursor.fetchall()) if cursor.description else [], cursor.rowcount


def _now() -> datetime:
    return datetime.now(tz=UTC)
