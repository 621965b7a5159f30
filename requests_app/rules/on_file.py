"""What the addresses on file say about who asks: whether one vouches for the person, and where a code goes (P11, P46).

An old channel may vouch for a new one, never the reverse; and what is being corrected proves nothing (CCPA 7060(h)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from requests_app.rules.addresses import normalise

SETTLED = timedelta(days=30)  # before the receipt: an address that was put there later may have been put there for it
MOST_CONTACTED = 3  # people of one case: whoever names more gets nobody a mail


class Finding(StrEnum):
    """What a source answered."""

    NOBODY = "nobody"
    SAME = "same"  # everybody who was found has the typed address, and it vouches
    OTHER = "other"  # somebody was found by another address, which has to confirm
    UNPROVEN = "unproven"  # somebody was found, of whom no address vouches


@dataclass(frozen=True, slots=True)
class Held:
    """An e-mail address of a person in a source; `since` is None where the source does not know."""

    address: str
    since: datetime | None = None
    changed_recently: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The finding, and the addresses to which a code goes."""

    finding: Finding
    to: tuple[str, ...] = ()


def vouches(held: Held, *, received_at: datetime, corrected_at: datetime | None) -> bool:
    """Whether this address can prove who its owner is.

    `corrected_at`: receipt of the first request for correction by whoever asks now, None without one.
    """
    if held.changed_recently:
        return False
    if held.since is None:
        return corrected_at is None
    settled = held.since <= received_at - SETTLED
    return settled and (corrected_at is None or held.since < corrected_at)


def judge(
    typed: str, people: Sequence[Sequence[Held]], *, received_at: datetime, corrected_at: datetime | None
) -> Verdict:
    """Judge everybody who was found. Each has to be shown: two people named in one request are not one."""
    to: dict[str, str] = {}
    unproven = False
    for person in people:
        sound = [held for held in person if vouches(held, received_at=received_at, corrected_at=corrected_at)]
        if any(normalise(held.address) == normalise(typed) for held in sound):
            continue
        if not sound:
            unproven = True
            continue
        oldest = min(sound, key=lambda held: (held.since is None, held.since or received_at))
        to[normalise(oldest.address)] = oldest.address
    if len(to) > MOST_CONTACTED:
        return Verdict(Finding.UNPROVEN)
    if unproven:
        return Verdict(Finding.UNPROVEN, tuple(to.values()))
    if to:
        return Verdict(Finding.OTHER, tuple(to.values()))
    return Verdict(Finding.SAME if people else Finding.NOBODY)
