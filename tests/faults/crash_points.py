"""The points at which a process may die: before and after every commit and every call to the outside.

Outside are the mail server and the files. A statement outside any transaction is a commit of its own; that is how the
keys are made and how mails are claimed. At a commit the death comes either before the server has it, or after it has
it and before anybody was told.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from requests_app.operations import files

WRITES = ("INSERT", "UPDATE", "DELETE")


class Died(BaseException):
    """The process is gone: no `except Exception` of its own catches it."""


class Points:
    """Counts the points that are passed, and dies at one of them."""

    def __init__(self, fatal: int | None, die: Callable[[], None]) -> None:
        self.fatal, self.die = fatal, die
        self.names: list[str] = []

    def passed(self, name: str, undo: Callable[[], object] | None = None) -> None:
        """`undo`: what the other side does when the process dies just now."""
        self.names.append(name)
        if len(self.names) - 1 == self.fatal:
            if undo is not None:
                undo()
            self.die()

    def around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.passed(f"before {name}")
            result = real(*args, **kwargs)
            self.passed(f"after {name}")
            return result

        return call

    def statement(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        connection = context["connection"]
        if connection.in_atomic_block or not sql.startswith(WRITES):
            return execute(sql, params, many, context)
        return self.around(f"a write of its own in {connection.alias}", execute)(sql, params, many, context)

    def commit(self, connection: BaseDatabaseWrapper, real: Callable[[], None]) -> None:
        # Whoever dies before the commit: the server rolls back when the line ends.
        self.passed(f"before a commit in {connection.alias}", connection.connection.rollback)
        real()
        self.passed(f"after a commit in {connection.alias}")


def _dies() -> None:
    raise Died


@contextlib.contextmanager
def crash_points(fatal: int | None = None, die: Callable[[], None] = _dies) -> Iterator[Points]:
    """Count the points of what runs inside; die at number `fatal`, the first being 0."""
    points = Points(fatal, die)
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(points.statement))
            real = connection._commit
            patch.setattr(connection, "_commit", lambda c=connection, real=real: points.commit(c, real))
        patch.setattr(EmailBackend, "send_messages", points.around("the mail server", EmailBackend.send_messages))
        for name in ("write", "destroy"):
            patch.setattr(files, name, points.around(f"files.{name}", getattr(files, name)))
        patch.setattr(Path, "replace", points.around("the rename of a file", Path.replace))
        yield points
