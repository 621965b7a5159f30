"""Readers for the tables of policy and regime files: every mistake is gathered with its place, none stops them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from requests_app.rules.policy import LANGUAGES, Mistake, PolicyError, Text

T = TypeVar("T")
Read = Callable[[object], T]


def text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("has to be a text that is not blank")
    return raw


def flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("has to be true or false")
    return raw


def whole(least: int, most: int) -> Read[int]:
    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise ValueError(f"has to be a whole number from {least} to {most}")
        return raw

    return read


def one_of(allowed: Collection[str]) -> Read[str]:
    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in allowed:
            raise ValueError(f"{raw!r} is not one of: {', '.join(allowed)}")
        return raw

    return read


def list_of(item: Read[T], *, empty: bool = False) -> Read[tuple[T, ...]]:
    def read(raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list) or not (raw or empty):
            raise ValueError("has to be a list" + ("" if empty else " that is not empty"))
        items = tuple(item(one) for one in raw)
        if len(set(items)) != len(items):
            raise ValueError("names something twice")
        return items

    return read


def words(raw: object) -> Text:
    if not isinstance(raw, dict) or set(raw) != set(LANGUAGES):
        raise ValueError("has to be given in exactly: " + ", ".join(LANGUAGES))
    return Text(en=text(raw["en"]), it=text(raw["it"]))


def zone(raw: object) -> str:
    name = text(raw)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a known time zone") from error
    return name


def place(raw: object) -> str:
    """Country, or country and subdivision, as `IT` or `GB-ENG` (ISO 3166)."""
    if not isinstance(raw, str) or not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", raw):
        raise ValueError("has to be a country like IT, or a country with its part like GB-ENG")
    return raw


def day(raw: object) -> date:
    """A date without a time, as TOML writes it: 2026-11-22."""
    if not isinstance(raw, date) or isinstance(raw, datetime):
        raise ValueError("has to be a date like 2026-11-22")
    return raw


def weekend(raw: object) -> tuple[int, ...]:
    """ISO days of the week without work, at most six of them."""
    days = list_of(whole(1, 7), empty=True)(raw)
    if len(days) > 6:
        raise ValueError("leaves no working day")
    return days


def tables_of(text: str) -> Mapping[str, object]:
    """The tables of a TOML text; PolicyError if it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError((Mistake("file", f"is not TOML: {error}"),)) from error


class Table:
    """One table of the file. Every read takes its key away; what is left over at the end is unknown."""

    def __init__(
        self,
        raw: object,
        place: str,
        mistakes: list[Mistake],
        sources: dict[str, str],
        checked: dict[str, date] | None = None,
    ) -> None:
        """`checked`: where given, every value also has to say when it was last held against its source."""
        self.place, self.mistakes, self.sources, self.checked = place, mistakes, sources, checked
        self.left: dict[str, object] = dict(raw) if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self.wrong("", "has to be a table")

    def at(self, name: str) -> str:
        return ".".join(part for part in (self.place, name) if part)

    def wrong(self, name: str, reason: str) -> None:
        self.mistakes.append(Mistake(self.at(name) or "file", reason))

    def sub(self, name: str) -> Table:
        if name not in self.left:
            self.wrong(name, "is missing")
        return Table(self.left.pop(name, {}), self.at(name), self.mistakes, self.sources, self.checked)

    def rows(self, name: str) -> list[Table]:
        raw = self.left.pop(name, None)
        if not isinstance(raw, list):
            self.wrong(name, "is missing" if raw is None else "has to be a list of tables")
            return []
        named = [one.get("key", i) if isinstance(one, dict) else i for i, one in enumerate(raw)]
        for twice in sorted({str(n) for n in named if named.count(n) > 1}):
            self.wrong(f"{name}.{twice}", "stands here twice")
        return [
            Table(one, self.at(f"{name}.{n}"), self.mistakes, self.sources, self.checked)
            for n, one in zip(named, raw, strict=True)
        ]

    def bare(self, name: str, read: Read[T], default: object = None) -> Any:
        """A value without a source of its own. Gives None after a mistake."""
        if name not in self.left:
            if default is None:
                self.wrong(name, "is missing")
            return default
        try:
            return read(self.left.pop(name))
        except ValueError as error:
            self.wrong(name, str(error))
            return None

    def sourced(self, name: str, read: Read[T], default: object = None) -> Any:
        """A value written `name = { value = ..., source = "..." }`; a default is the rule of H1."""
        place = self.at(name)
        if default is not None and name not in self.left:
            self.sources[place] = "house rule H1 (not set in the file)"
            return default
        if name not in self.left:
            self.wrong(name, "is missing")
            return None
        inner = Table(self.left.pop(name), place, self.mistakes, self.sources)
        value, self.sources[place] = inner.bare("value", read), inner.bare("source", text) or ""
        if self.checked is not None and (checked_on := inner.bare("checked_on", day)):
            self.checked[place] = checked_on
        inner.close()
        return value

    def close(self) -> None:
        for name in self.left:
            self.wrong(name, "is not a known key")
