"""What the answer to a request for access has to contain (GDPR 15(1)(a) to (h), 15(2)), and what of it is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from requests_app.rules.policy import Answer

# What has to be told of each thing that is held; the rest may be told of the controller as a whole.
FACTS: Mapping[str, str] = {
    "category": "15(1)(b)",
    "purpose": "15(1)(a)",
    "basis": "13(1)(c), 14(1)(c)",
    "origin": "15(1)(g)",
    "retention": "15(1)(d)",
}
WORDS: Mapping[str, str] = {
    "category": "which category of data it is",
    "purpose": "for which purpose it is held",
    "basis": "on which legal basis it is held",
    "origin": "from whom it came",
    "retention": "how long it is kept",
}
MOST_NAMED = 3
PORTABLE = ("consent", "contract")  # GDPR 20(1)(a)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one column that something was found in: the names of the FACTS that are told."""

    source: str
    table: str
    column: str
    told: frozenset[str]
    provided: bool


def missing(facts: Iterable[Fact], answer: Answer | None) -> list[str]:
    """Return in words for staff what the answer does not say yet; nothing where it is complete."""
    lacking: dict[tuple[str, str, str], list[str]] = {}
    for fact in facts:
        for name in FACTS:
            if name not in fact.told and not _told_in_general(name, fact, answer):
                lacking.setdefault((fact.source, fact.table, name), []).append(fact.column)
    found = [
        f"The data map of {source} does not say of {table} {WORDS[name]} (GDPR {FACTS[name]}): {_named(columns)}."
        for (source, table, name), columns in lacking.items()
    ]
    if answer is None:
        found.append(
            "The policy does not say who receives personal data, what goes to third countries and which decisions are"
            " automated (GDPR 15(1)(c), 15(1)(h), 15(2)): publish one with a table [answer]."
        )
    return found


def _told_in_general(name: str, fact: Fact, answer: Answer | None) -> bool:
    if name == "origin":
        return fact.provided  # from the person
    return name == "retention" and answer is not None


def _named(columns: Sequence[str]) -> str:
    more = len(columns) - MOST_NAMED
    named = ", ".join(columns[:MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named
