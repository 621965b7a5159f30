"""What a source answers over HTTP to what it is told to do: counts and outcomes, read with suspicion."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from requests_app.rules.policy import Text

from .described import text
from .http_answers import Unreadable
from .work import Attested, Carried, Change, Changed, ConsentAct, Instruction, Outcome, Planned, Remaining, Way

PLAN, ERASE, VERIFY, CONSENT, RECTIFY, RESTRICT = ACTS = (
    "plan", "erase", "verify", "consent", "rectify", "restrict",
)  # fmt: skip
MOST_ITEMS = 1000
LONGEST = 500  # characters of a reason
E = TypeVar("E", Way, Outcome)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered: `attested` is the line that is kept of it, `body` the bytes that were signed."""

    said: Any
    attested: str
    body: bytes


def attested(answer: Iterable[T], told: Told) -> Attested[T]:
    """Return the answer with what shows it."""
    return Attested(answer, attested=told.attested, body=told.body)


def planned(said: Any, tables: Collection[str]) -> list[Planned]:
    """Read {"items": [{"table", "records", "way", "why", "until"}]}; the last two may be left out."""
    return [
        Planned(
            one["table"], _count(one, "records"), _one_of(Way, one.get("way")), _why(one.get("why")),
            _day(one.get("until")),
        )
        for one in _items(said, tables)
    ]  # fmt: skip


def carried(said: Any, asked: Sequence[Instruction]) -> list[Carried]:
    """Read {"items": [{"table", "way", "records", "left"}]}: one for each that was asked for."""
    items = {one["table"]: one for one in _items(said, {item.table for item in asked})}
    if set(items) != {item.table for item in asked}:
        raise Unreadable("items")
    found = [(item.table, items[item.table]) for item in asked]
    return [
        Carried(table, _one_of(Way, one.get("way")), _count(one, "records"), _count(one, "left"))
        for table, one in found
    ]


def remaining(said: Any, tables: Collection[str]) -> list[Remaining]:
    """Read {"items": [{"table", "records"}]}."""
    return [Remaining(one["table"], _count(one, "records")) for one in _items(said, tables)]


def confirmed(said: Any, asked: Sequence[ConsentAct]) -> list[ConsentAct]:
    """Read {"purposes": [...]}: those whose act was carried out."""
    purposes = said.get("purposes") if isinstance(said, dict) else None
    if not isinstance(purposes, list) or not set(map(str, purposes)) <= {act.purpose for act in asked}:
        raise Unreadable("purposes")
    return [act for act in asked if act.purpose in purposes]


def changed(said: Any, asked: Sequence[Change]) -> list[Changed]:
    """Read {"outcomes": [...]}, in the order asked."""
    outcomes = said.get("outcomes") if isinstance(said, dict) else None
    if not isinstance(outcomes, list) or len(outcomes) != len(asked):
        raise Unreadable("outcomes")
    return [Changed(one.field, _one_of(Outcome, said)) for one, said in zip(asked, outcomes, strict=True)]


def _items(said: Any, tables: Collection[str]) -> list[dict[str, Any]]:
    items = said.get("items") if isinstance(said, dict) else None
    if not isinstance(items, list) or len(items) > MOST_ITEMS or not all(isinstance(one, dict) for one in items):
        raise Unreadable("items")
    named = [one.get("table") for one in items]
    # A table that is described nowhere nobody could decide about.
    if not all(isinstance(one, str) and one in tables for one in named) or len(set(named)) != len(named):
        raise Unreadable("table")
    return items


def _count(one: dict[str, Any], name: str) -> int:
    said = one.get(name)
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 2**53:
        raise Unreadable(name)
    return said


def _one_of(kind: type[E], said: Any) -> E:
    try:
        return kind(said)
    except ValueError:
        raise Unreadable(kind.__name__.lower()) from None


def _why(said: Any) -> Text:
    try:
        words = text("" if said is None else said, "why")
    except ValueError:
        raise Unreadable("why") from None
    if max(len(words.en), len(words.it)) > LONGEST:
        raise Unreadable("why")
    return words


def _day(said: Any) -> date | None:
    try:
        return None if said is None else date.fromisoformat(said)
    except (TypeError, ValueError):
        raise Unreadable("until") from None
