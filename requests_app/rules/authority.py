"""When somebody may act for another person: shown, within its scope, and not over (P29 to P31, H5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .age import FOURTEEN, is_under, last_day_as_minor


class Kind(StrEnum):
    """Why somebody acts for another person."""

    AGENT = "agent"  # authorised by the person: CCPA regulations, 11 CCR 7063; GDPR leaves it to national law
    GUARDIAN = "guardian"
    REPORT = "report"  # of an account of a child under 14: anybody may, and nobody is asked for papers (B-VI)


class Over(StrEnum):
    """The address over which the person confirmed."""

    NOWHERE = ""
    TYPED = "subject"  # whoever filed typed it
    ON_FILE = "on_file"  # a data source knew it


# What follows for a child under 14, whatever else is asked for it (B-VI).
CHILD_TRACK = ("account_closure", "deletion")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands about one authority."""

    kind: Kind
    scope: tuple[str, ...]  # rights
    ends_on: date | None = None  # an agent's: the last day
    born_on: date | None = None  # a guardian's child; None where it is not known any more
    confirmed_over: Over = Over.NOWHERE
    accepted: bool = False  # by two members of the team, who compared document and person by hand
    has_contact: bool = False  # any address of the person is known
    stopped: bool = False  # refused or revoked by the person, or ended
    taken_over: bool = False  # the person, of age now, goes on alone


def last_day(standing: Standing) -> date | None:
    """Return the last day on which it holds; None for a report, which ends with its answer."""
    if standing.kind == Kind.AGENT:
        return standing.ends_on
    return last_day_as_minor(standing.born_on) if standing.born_on else None


def is_over(standing: Standing, *, on: date) -> bool:
    """Whether it holds no more on this day. What cannot be known any more does not hold."""
    if standing.stopped:
        return True
    last = last_day(standing)
    return standing.kind != Kind.REPORT if last is None else on > last


def stops_release(standing: Standing, *, on: date) -> bool:
    """Whether nobody is left for whom the answer could be: whoever acted does not any more, and the person has not
    gone on alone."""
    return is_over(standing, on=on) and not standing.taken_over


def agreement_needed(standing: Standing, *, on: date) -> bool:
    """Whether the person has to agree: everybody but a child under 14 does (H5)."""
    if standing.kind == Kind.AGENT:
        return True
    if standing.kind == Kind.REPORT or standing.born_on is None:
        return False
    return not is_under(standing.born_on, FOURTEEN, on=on)


def is_shown(standing: Standing, *, on: date) -> bool:
    """Whether it is proved well enough to release an answer on it.

    An address that whoever filed typed shows nothing by itself: the team compares as well, two of them. The address
    on file shows an agent's authority alone. A guardian always shows a document. Where no address of the person is
    known at all, the document accepted by two stands for the agreement.
    """
    agreed = standing.confirmed_over != Over.NOWHERE
    if standing.confirmed_over == Over.ON_FILE and (standing.kind == Kind.AGENT or standing.taken_over):
        return True
    if agreement_needed(standing, on=on) and standing.has_contact and not agreed:
        return False
    return standing.accepted


def rights_filed(
    kind: Kind, rights: Sequence[str], born_on: date | None, *, on: date, offered: Sequence[str]
) -> tuple[str, ...]:
    """Return the rights of a filing: for a child under 14, closing and deletion come with any of them (B-VI)."""
    added: tuple[str, ...] = ()
    if kind == Kind.REPORT or (kind == Kind.GUARDIAN and born_on and is_under(born_on, FOURTEEN, on=on)):
        added = tuple(right for right in CHILD_TRACK if right in offered)
    return tuple(dict.fromkeys((*rights, *added)))
