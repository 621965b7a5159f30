"""What has to be said of each item before it may be erased, anonymised, kept or isolated.

Dates are local days of the controller. Source: GDPR 17(1), 17(3), 18(2); recital 26; policy A4 and B-V(3) (P3, P19,
P20, P40).
"""

from dataclasses import dataclass
from datetime import date

ERASE, ANONYMISE, KEEP, ISOLATE = WAYS = ("erase", "anonymise", "keep", "isolate")
GOES = frozenset({ERASE, ANONYMISE})


@dataclass(frozen=True, slots=True)
class Choice:
    """What staff decide of one item."""

    way: str
    ground: str = ""
    until_on: date | None = None
    basis: str = ""
    use: str = ""
    method: str = ""
    note: str = ""


def mistakes(choice: Choice, *, grounds: frozenset[str], today: date) -> list[str]:
    """Return in words what is missing or wrong; nothing where the choice stands."""
    if choice.way not in WAYS:
        return ["Choose what becomes of it."]
    found = []
    if choice.way == KEEP:
        if choice.ground not in grounds:
            found.append("Choose a ground that the law allows for keeping it (GDPR 17(3)).")
        if not choice.basis.strip():
            found.append("Name the law or contract on which it is kept.")
        if not choice.use.strip():
            found.append("Say for what alone it may be used while it is kept.")
    if choice.way in (KEEP, ISOLATE):
        if choice.until_on is None:
            found.append("Say until when. What is kept without an end is kept for ever.")
        elif choice.until_on < today:
            found.append("That day has passed: what may be kept no longer is erased.")
    if choice.way == ANONYMISE:
        if not choice.method.strip():
            found.append("Say by which method it is made anonymous.")
        if not choice.note.strip():
            found.append("Say why nobody can be told from it any more, other data considered (recital 26).")
    return found


def goes_beyond(way: str, shown: str) -> bool:
    """Whether more would go than the person was shown when they confirmed it; less may always go."""
    return bool(shown) and way in GOES and shown not in GOES


def is_partly(ways: list[str]) -> bool:
    """Whether something stays, so that the answer is "partly done" and has a ground (GDPR 12(4))."""
    return any(way == KEEP for way in ways)
