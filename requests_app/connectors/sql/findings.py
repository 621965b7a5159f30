"""What a check of a data map says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong`: extraction fails or goes astray by it; else it is for somebody to know."""

    place: str
    words: str
    wrong: bool = True
