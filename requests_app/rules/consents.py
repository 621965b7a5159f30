"""What stands for a purpose after whatever a person said of it: the latest act, and only an act (H6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from requests_app.rules.policy import Policy, Purpose

MARKETING = "direct_marketing"  # the purpose that a marketing opt-out is about (P5)
COOKIES = "optional_cookies"  # the purpose that a browser refuses or allows for itself (P25)


class Act(StrEnum):
    """What somebody did. `undone`: took back what they had said, and had said nothing before it."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Said:
    """The latest act on a purpose, and the version of the text that was seen."""

    act: Act
    text_version: str = ""


def by_default(purpose: Purpose) -> bool:
    """Whether it is allowed of somebody who said nothing: GDPR 4(11), 7; only what rests on no consent."""
    return purpose.consent_mode == "opt_out"


def allowed(purpose: Purpose, said: Said | None) -> bool:
    """Whether it is allowed of somebody whose latest act this is.

    A no stays a no, whatever becomes of the text. A yes to an older text counts as long as the policy says so (P28).
    """
    if said is None or said.act == Act.UNDONE:
        return by_default(purpose)
    if said.act == Act.GRANTED:
        return by_default(purpose) or said.text_version in purpose.counted
    return False


def concerned(right: str, chosen: Sequence[str], policy: Policy) -> tuple[Purpose, ...]:
    """Return the purposes that a request stops: those chosen, or all; of a marketing opt-out, marketing."""
    if right == "marketing_optout":
        return tuple(p for p in policy.purposes if p.key == MARKETING)
    return tuple(p for p in policy.purposes if not chosen or p.key in chosen)
