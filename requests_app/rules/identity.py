"""How much proof of identity a right needs: the least that suffices (P11, P46)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from requests_app.rules import erasure
from requests_app.rules.policy import NEVER_GATED, Policy

NONE, CONTACT, CONTACT_ON_FILE, DOCUMENT = range(4)
RUNGS = (NONE, CONTACT, CONTACT_ON_FILE, DOCUMENT)

TIME_TO_SHOW = timedelta(days=3)  # a request does not lapse before the person had so long to send what was asked
KEPT = timedelta(days=30)  # a document, if nobody decides about it: the longest that it is there at all

SELF = "self"  # whoever files asks for themselves

NO_PROOF_RIGHTS = frozenset(NEVER_GATED)  # P5, P8; GDPR 7(3), 21(3)


class Reason(StrEnum):
    """Why a right asks for this proof; the pages say it before they ask."""

    FREE = "free"  # nothing is handed out, and it can be undone
    TAKEN_BACK = "taken_back"  # it can be taken back
    HANDS_OUT = "hands_out"  # personal data go to whoever asks
    UNDOES = "undoes"  # it cannot be undone
    CHANGES = "changes"  # what is held becomes another
    SENSITIVE = "sensitive"
    FOR_ANOTHER = "for_another"  # an agent or a guardian asks
    CHANNEL = "channel"  # it came in by a way that shows less


RAISED = frozenset({Reason.SENSITIVE, Reason.FOR_ANOTHER, Reason.CHANNEL})  # the circumstances, not the right

_WHY = {
    "access": Reason.HANDS_OUT,
    "portability": Reason.HANDS_OUT,
    "deletion": Reason.UNDOES,
    "account_closure": Reason.UNDOES,
    "correction": Reason.CHANGES,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The rung that is asked for, and why."""

    rung: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What may raise the rung of one request beyond that of its right."""

    filer: str = SELF  # or a kind of `rules.authority`; a policy names agent and guardian
    channel: str = "web"  # as `Submission.Channel`
    sensitive: bool = False


PLAIN = Circumstances()


def asked(right: str, policy: Policy, about: Circumstances = PLAIN) -> Asked:
    """The rung that this right asks for under this policy, and why. Raises KeyError for a right it does not offer.

    Sensitive data (P32) ask for the contact on file at least. A circumstance raises, never lowers, and no rule ever
    asks for a document: that takes a written reason for doubt about one request, which is an act of staff (P11).
    """
    base = policy.identity[right]
    if right in NO_PROOF_RIGHTS:
        return Asked(NONE, Reason.FREE)
    found = Asked(base, _WHY.get(right, Reason.TAKEN_BACK) if base else Reason.FREE)
    raised = (
        (Reason.SENSITIVE, max(CONTACT_ON_FILE, _when(policy, "sensitive", right)) if about.sensitive else NONE),
        (Reason.FOR_ANOTHER, _when(policy, about.filer, right)),
        (Reason.CHANNEL, _when(policy, about.channel, right)),
    )
    for reason, rung in raised:
        if rung > found.rung:
            found = Asked(rung, reason)
    return found


def _when(policy: Policy, circumstance: str, right: str) -> int:
    return policy.identity_when.get(circumstance, {}).get(right, NONE)


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
    DOUBT = "doubt"  # a document was asked for in this case, and nobody confirmed one
    AUTHORITY = "authority"  # filed for somebody else, and it is not proved that they want it
    AUTHORITY_OVER = "authority_over"  # whoever acted for the person does so no more
    OUTSIDE_SCOPE = "outside_scope"  # a right that whoever acts may not exercise
    CONTACT_CHANGED = "contact_changed"  # an old channel may vouch for a new one, never the reverse (EDPB 01/2022, 66)


# A dry run of an erasure comes before these: the person sees what it reaches when they confirm.
BEFORE_A_PLAN = frozenset(
    {Obstacle.ACCESS_FIRST, Obstacle.SECOND_CONFIRMATION, Obstacle.COOLING_OFF, Obstacle.RELEASED_JUST_NOW}
)

# These stand before an answer is given, and cast no doubt on whom it went to: what was released stays released.
BEFORE_AN_ANSWER = frozenset(
    {
        Obstacle.ACCESS_FIRST,
        Obstacle.SECOND_CONFIRMATION,
        Obstacle.COOLING_OFF,
        Obstacle.RELEASED_JUST_NOW,
        Obstacle.LOOKUP,  # a source that is asked anew, as about a changed address, has found nobody else yet
        Obstacle.AUTHORITY_OVER,  # whoever acted reads nothing more; the person's answer is the person's
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands about who asks, at the moment of the release."""

    address_given: bool
    reached: int
    about: Circumstances = PLAIN
    # Of the contact on file, but for what two people overruled by hand, knowing it.
    lookup_open: bool = False
    on_file_silent: bool = False
    unproven: bool = False
    denied: bool = False
    contact_changed: bool = False  # and neither the earlier address nor two people by hand said that it was them
    erasure: erasure.Erasure | None = None  # of a request whose answer erases
    doubted: bool = False
    authority_shown: bool = True  # as it is where somebody asks for themselves
    authority_over: bool = False
    in_scope: bool = True


def obstacles(right: str, policy: Policy, shown: Shown) -> tuple[Obstacle, ...]:
    """Everything that stands between a positive answer and its release; nothing where the right asks no proof."""
    found = [Obstacle(need) for need in erasure.needs(shown.erasure)] if shown.erasure else []
    rung = asked(right, policy, shown.about).rung
    if rung == NONE:
        return tuple(found)
    if shown.address_given and shown.reached < CONTACT:
        found.append(Obstacle.ADDRESS)
    if shown.contact_changed:
        found.append(Obstacle.CONTACT_CHANGED)
    if shown.denied:  # whatever was asked for: somebody else may have asked
        found.append(Obstacle.DENIED)
    if rung >= CONTACT_ON_FILE:
        on_file = (Obstacle.LOOKUP, shown.lookup_open), (Obstacle.ON_FILE, shown.on_file_silent)
        found += [obstacle for obstacle, stands in (*on_file, (Obstacle.UNPROVEN, shown.unproven)) if stands]
    if shown.doubted:
        found.append(Obstacle.DOUBT)
    if not shown.authority_shown:
        found.append(Obstacle.AUTHORITY)
    if shown.authority_over:
        found.append(Obstacle.AUTHORITY_OVER)
    if not shown.in_scope:
        found.append(Obstacle.OUTSIDE_SCOPE)
    return tuple(found)
