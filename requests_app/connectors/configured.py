"""The sources of this installation: settings.DATA_SOURCES = {alias: {"BACKEND": dotted path, "OPTIONS": {...}}}."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from .base import DataSource, PermanentFailure, RetryLater
from .records import Table

ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def source(alias: str) -> DataSource:
    """Return the source of this name. Raises PermanentFailure where it is not, or not rightly, configured."""
    entry = settings.DATA_SOURCES.get(alias)
    if entry is None:
        raise PermanentFailure("not configured")
    try:
        made = _made(entry)
    except ValueError as error:
        raise PermanentFailure("not rightly configured") from error
    made.alias = alias
    return made


def tables_of(alias: str) -> dict[str, Table]:
    """Return what the source says of its tables, by name; none where it is not configured any more.

    Raises RetryLater where it cannot describe itself now.
    """
    try:
        return {table.name: table for table in source(alias).describe()}
    except PermanentFailure:
        return {}


def holders() -> list[str]:
    """Return the names of the sources that hand out what they hold."""
    return [alias for alias in settings.DATA_SOURCES if _is(alias, lambda made: bool(made.describe()))]


def finders() -> list[str]:
    """Return the names of the sources that can tell who is on file."""
    return [alias for alias in settings.DATA_SOURCES if _is(alias, lambda made: made.knows_people)]


def departments() -> list[str]:
    """Return the names of the sources whose people get a task: they erase as a whole what no map lists."""
    return [alias for alias in settings.DATA_SOURCES if _is(alias, lambda made: made.asks_people)]


def _is(alias: str, question: Callable[[DataSource], bool]) -> bool:
    """One that is not rightly configured is taken for it: it is asked, fails, and somebody sees it."""
    try:
        return question(source(alias))
    except (PermanentFailure, RetryLater):
        return True


def mistakes() -> Iterator[tuple[str, str]]:
    """Yield (alias, sentence) for whatever could not be asked."""
    for alias, entry in settings.DATA_SOURCES.items():
        if not ALIAS.fullmatch(alias):
            yield alias, "its name has to be at most 40 lower-case letters, digits, - and _"
            continue
        try:
            _made(entry)
        except ValueError as error:
            yield alias, str(error)


def _made(entry: object) -> DataSource:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("BACKEND"), str):
        raise ValueError("BACKEND is missing: the dotted path of a class")
    if unknown := set(entry) - {"BACKEND", "OPTIONS"}:
        raise ValueError(f"{', '.join(sorted(unknown))}: only BACKEND and OPTIONS are known")
    options: Any = entry.get("OPTIONS", {})
    if not isinstance(options, Mapping):
        raise ValueError("OPTIONS has to be a table")
    try:
        made = import_string(entry["BACKEND"])(**options)
    except ImportError:
        raise ValueError(f"BACKEND {entry['BACKEND']} cannot be imported") from None
    except TypeError as error:
        raise ValueError(f"OPTIONS do not fit {entry['BACKEND']}: {error}") from None
    if not isinstance(made, DataSource):
        raise ValueError(f"BACKEND {entry['BACKEND']} is no DataSource")
    return made
