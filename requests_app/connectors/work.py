"""What a data source is told to do with what it holds of a person, and what it answers: counts, nothing personal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from requests_app.rules.policy import Text

from .records import NOTHING

T = TypeVar("T")


class Attested(tuple[T, ...]):
    """What a processor answered to what it was told, and signed.

    `attested`: one line by which it can be checked later that this was its answer; it names nobody. `body`: the bytes
    that were signed, which a processor may have written more into than was asked.
    """

    attested: str
    body: bytes

    def __new__(cls, answer: Iterable[T], *, attested: str, body: bytes) -> "Attested[T]":
        """Keep the answer with what shows it."""
        made = super().__new__(cls, tuple(answer))
        made.attested, made.body = attested, body
        return made


class Way(StrEnum):
    """What becomes of the records of one table."""

    ERASE = "erase"
    ANONYMISE = "anonymise"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Planned:
    """What is held in one table, and what the source proposes for it. Nothing is changed by asking.

    `why`: of what is anonymised the method, of what is kept the ground, as far as the source knows; `until`: the last
    day on which it is kept.
    """

    table: str
    records: int
    way: Way = Way.ERASE
    why: Text = NOTHING
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """What was decided for one table. A table that is not named is left as it is."""

    table: str
    way: Way


@dataclass(frozen=True, slots=True)
class Carried:
    """What was done in one table: `records` changed by this call, `left` still readable after it."""

    table: str
    way: Way
    records: int
    left: int = 0


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many records of a person one table still holds, read anew."""

    table: str
    records: int


@dataclass(frozen=True, slots=True)
class ConsentAct:
    """One purpose, by its key in the policy, that is allowed or not from an instant on (aware)."""

    purpose: str
    allowed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One value to be put right. `before` is what the person says stands there; empty where they do not know."""

    field: str
    wanted: str
    before: str = ""


class Outcome(StrEnum):
    """What became of one change."""

    CHANGED = "changed"
    ALREADY = "already"  # it stood there as wanted
    NOT_FOUND = "not_found"  # no such field is held
    REFUSED = "refused"  # the source does not let it be changed; people have to


@dataclass(frozen=True, slots=True)
class Changed:
    """The outcome of one change, in the order asked."""

    field: str
    outcome: Outcome
