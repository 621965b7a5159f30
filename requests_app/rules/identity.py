"""How much proof of identity a right needs: the least that suffices (P11, P46)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from requests_app.rules import erasure
from requests_app.rules.policy import NEVER_GATED, Policy

NONE, CONTACT, CONTACT_ON_FILE, DOCUMENT = range(4)
RUNGS = (NONE, CONTACT, CONTACT_ON_FILE, DOCUMENT)

NO_PROOF_RIGHTS = frozenset(NEVER_GATED)  # P5, P8; GDPR 7(3), 21(3)


def required_rung(right: str, policy: Policy, *, sensitive: bool = False) -> int:
    """The rung that this right asks for under this policy. Raises KeyError for a right it does not offer.

    Sensitive data (P32) ask for the contact on file at least. No rule ever asks for a document: that takes a written
    reason for doubt about one request, which is an act of staff (P11).
    """
    rung = policy.identity[right]
    if right in NO_PROOF_RIGHTS:
        return NONE
    return max(rung, CONTACT_ON_FILE) if sensitive else rung


def suffices(right: str, reached: int, policy: Policy, *, sensitive: bool = False) -> bool:
    """Whether the assurance reached is enough to go on with this right."""
    return reached >= required_rung(right, policy, sensitive=sensitive)


class Obstacle(StrEnum):
    """What stands between an answer and its release: data handed out or erased for the wrong person come never back."""

    ADDRESS = "address"  # an address was given, and nobody showed that it is theirs
    LOOKUP = "lookup"  # a data source has not said yet who is on file, or cannot
    ON_FILE = "on_file"  # a contact on file was found, and has not confirmed
    UNPROVEN = "unproven"  # somebody is on file, and no address there vouches for them
    DENIED = "denied"  # whoever reads the mail of the contact on file did not ask
    ACCESS_FIRST = "access_first"  # what is erased cannot be shown any more (rules.erasure)
    SECOND_CONFIRMATION = "second_confirmation"
    COOLING_OFF = "cooling_off"
    RELEASED_JUST_NOW = "released_just_now"


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands about who asks, at the moment of the release."""

    address_given: bool
    reached: int
    # Of the contact on file, but for what two people overruled by hand, knowing it.
    lookup_open: bool = False
    on_file_silent: bool = False
    unproven: bool = False
    denied: bool = False
    erasure: erasure.Erasure | None = None  # of a request whose answer erases


def obstacles(right: str, policy: Policy, shown: Shown) -> tuple[Obstacle, ...]:
    """Everything that stands between a positive answer and its release; nothing where the right asks no proof."""
    found = [Obstacle(need) for need in erasure.needs(shown.erasure)] if shown.erasure else []
    rung = required_rung(right, policy)
    if rung == NONE:
        return tuple(found)
    if shown.address_given and shown.reached < CONTACT:
        found.append(Obstacle.ADDRESS)
    if shown.denied:  # whatever was asked for: somebody else may have asked
        found.append(Obstacle.DENIED)
    if rung >= CONTACT_ON_FILE:
        on_file = (Obstacle.LOOKUP, shown.lookup_open), (Obstacle.ON_FILE, shown.on_file_silent)
        found += [obstacle for obstacle, stands in (*on_file, (Obstacle.UNPROVEN, shown.unproven)) if stands]
    return tuple(found)
