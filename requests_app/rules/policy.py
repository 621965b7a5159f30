"""What the controller promises, as frozen values read from a policy file (TOML text); each value with its source (H12).

`parse` reports every mistake of a file at once. The file format is described in docs/policy-files.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

RIGHTS = (
    "access", "deletion", "consent_withdrawal", "marketing_optout", "correction",
    "restriction", "objection", "portability", "account_closure", "complaint",
)  # fmt: skip
NEVER_GATED = ("marketing_optout", "consent_withdrawal")  # P5, P8; GDPR 7(3), 21(3): no proof, no refusal
HIGHEST_TABLE_RUNG = 2  # a document (rung 3) is asked of one person, for a written doubt, never by table (P11, P46)
COUNTINGS = ("calendar_days", "working_days", "months")
LANGUAGES = ("en", "it")
CONSENT_MODES = ("opt_in", "opt_out", "explicit")

# The longest answer time of each regime as (count, unit), from CLOCK.md; None: only the policy's own words bind.
REGIMES: Mapping[str, tuple[int, str] | None] = MappingProxyType({
    "gdpr": (1, "months"), "uk_gdpr": (1, "months"), "uk_part3": (1, "months"), "california": (45, "calendar_days"),
    "brazil": (15, "calendar_days"), "china": (15, "working_days"), "switzerland": (30, "calendar_days"),
    "canada": (30, "calendar_days"), "korea": (10, "calendar_days"), "singapore": (30, "calendar_days"),
    "australia": (30, "calendar_days"), "new_zealand": (20, "working_days"), "hong_kong": (40, "calendar_days"),
    "india": (90, "calendar_days"), "saudi_arabia": (30, "calendar_days"), "own_terms": None,
})  # fmt: skip
_LONGEST = {"calendar_days": 1, "working_days": 3, "months": 31}  # days per unit, taken at its worst for the person
_SHORTEST = {"calendar_days": 1, "working_days": 1, "months": 28}


@dataclass(frozen=True)
class Mistake:
    place: str  # dotted path into the file
    reason: str


class PolicyError(ValueError):
    """A policy file that cannot be used, with everything that is wrong with it."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(f"{m.place}: {m.reason}" for m in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Text:
    """The same words in every language of the pages; `str()` gives the English."""

    en: str
    it: str

    def __str__(self) -> str:
        return self.en

    def in_language(self, language: str) -> str:
        return self.it if language.split("-")[0] == "it" else self.en


@dataclass(frozen=True)
class Ground:
    key: str
    label: Text
    clause: str
    rights: tuple[str, ...]
    regimes: tuple[str, ...]  # the regimes that allow it (H13)
    needs_evidence: bool = False
    legal_reviewer_only: bool = False
    partial_only: bool = False


@dataclass(frozen=True)
class Purpose:
    key: str
    label: Text
    text: Text  # what a person agrees to or refuses (P28)
    consent_mode: str
    source: str


@dataclass(frozen=True)
class Retention:
    proof_days: int
    package_days: int
    contact_days: int


@dataclass(frozen=True)
class Fees:
    first_request_free: bool
    may_quote: bool
    second_person: bool


@dataclass(frozen=True)
class Policy:
    key: str
    title: str
    controller_name: str
    contact: str  # the word "portal": the public address of this portal (H7)
    rights: tuple[str, ...]
    regimes: tuple[str, ...]
    response_days: int  # in units of `counting`
    counting: str
    day_of_receipt: str
    roll_over: str
    missing_month_day: str
    time_zone: str
    notice_hour: int
    milestones: tuple[int, ...]  # days before the date; the day itself and the miss are always owed
    extension_days: int  # 0: off
    pause_allowed: bool
    lapse_days_before: int
    legal_decision: str
    identity: Mapping[str, int] = field(hash=False)
    refusal_grounds: tuple[Ground, ...]
    purposes: tuple[Purpose, ...]
    retention: Retention
    fees: Fees
    languages: tuple[str, ...]
    governing_language: str
    missing_texts: tuple[str, ...]  # languages whose text of the policy is not at hand (H9)
    complaint_authority: Text
    court_note: Text
    sources: Mapping[str, str] = field(hash=False, repr=False)

    def source(self, place: str) -> str:
        """Where a value comes from: `response_days`, `retention.proof_days`; a whole table gives all its sources."""
        if place in self.sources:
            return self.sources[place]
        inside = [s for p, s in self.sources.items() if p.startswith(place + ".")]
        if not inside:
            raise KeyError(place)
        return "; ".join(dict.fromkeys(inside))

    @property
    def governing_text_missing(self) -> bool:
        """The text that prevails is not at hand: decisions quote another language and say so (H9)."""
        return self.governing_language in self.missing_texts


T = TypeVar("T")
Read = Callable[[object], T]


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("has to be a text that is not blank")
    return raw


def _flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("has to be true or false")
    return raw


def _whole(least: int, most: int) -> Read[int]:
    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise ValueError(f"has to be a whole number from {least} to {most}")
        return raw

    return read


def _one_of(allowed: Collection[str]) -> Read[str]:
    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in allowed:
            raise ValueError(f"{raw!r} is not one of: {', '.join(allowed)}")
        return raw

    return read


def _list(item: Read[T], *, empty: bool = False) -> Read[tuple[T, ...]]:
    def read(raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list) or not (raw or empty):
            raise ValueError("has to be a list" + ("" if empty else " that is not empty"))
        items = tuple(item(one) for one in raw)
        if len(set(items)) != len(items):
            raise ValueError("names something twice")
        return items

    return read


def _words(raw: object) -> Text:
    if not isinstance(raw, dict) or set(raw) != set(LANGUAGES):
        raise ValueError("has to be given in exactly: " + ", ".join(LANGUAGES))
    return Text(en=_text(raw["en"]), it=_text(raw["it"]))


def _zone(raw: object) -> str:
    name = _text(raw)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a known time zone") from error
    return name


class _Table:
    """One table of the file. Every read takes its key away; what is left over at the end is unknown."""

    def __init__(self, raw: object, place: str, mistakes: list[Mistake], sources: dict[str, str]) -> None:
        self.place, self.mistakes, self.sources = place, mistakes, sources
        self.left: dict[str, object] = dict(raw) if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self.wrong("", "has to be a table")

    def at(self, name: str) -> str:
        return ".".join(part for part in (self.place, name) if part)

    def wrong(self, name: str, reason: str) -> None:
        self.mistakes.append(Mistake(self.at(name) or "file", reason))

    def sub(self, name: str) -> _Table:
        if name not in self.left:
            self.wrong(name, "is missing")
        return _Table(self.left.pop(name, {}), self.at(name), self.mistakes, self.sources)

    def rows(self, name: str) -> list[_Table]:
        raw = self.left.pop(name, None)
        if not isinstance(raw, list):
            self.wrong(name, "is missing" if raw is None else "has to be a list of tables")
            return []
        named = [one.get("key", i) if isinstance(one, dict) else i for i, one in enumerate(raw)]
        for twice in sorted({str(n) for n in named if named.count(n) > 1}):
            self.wrong(f"{name}.{twice}", "stands here twice")
        return [_Table(one, f"{name}.{n}", self.mistakes, self.sources) for n, one in zip(named, raw, strict=True)]

    def bare(self, name: str, read: Read[T], default: T | None = None) -> Any:
        """A value without a source of its own. Gives None after a mistake."""
        if name not in self.left:
            if default is None:
                self.wrong(name, "is missing")
            return default
        try:
            return read(self.left.pop(name))
        except ValueError as error:
            self.wrong(name, str(error))
            return None

    def sourced(self, name: str, read: Read[T], default: T | None = None) -> Any:
        """A value written `name = { value = ..., source = "..." }`; a default is the rule of H1."""
        place = self.at(name)
        if default is not None and name not in self.left:
            self.sources[place] = "house rule H1 (not set in the file)"
            return default
        if name not in self.left:
            self.wrong(name, "is missing")
            return None
        inner = _Table(self.left.pop(name), place, self.mistakes, self.sources)
        value, self.sources[place] = inner.bare("value", read), inner.bare("source", _text) or ""
        inner.close()
        return value

    def close(self) -> None:
        for name in self.left:
            self.wrong(name, "is not a known key")


def _ground(row: _Table) -> Ground:
    ground = Ground(
        key=row.bare("key", _text), label=row.bare("label", _words), clause=row.bare("source", _text),
        rights=row.bare("rights", _list(_one_of(RIGHTS))) or (), regimes=row.bare("regimes", _list(_one_of(REGIMES))),
        needs_evidence=row.bare("needs_evidence", _flag, False),
        legal_reviewer_only=row.bare("legal_reviewer_only", _flag, False),
        partial_only=row.bare("partial_only", _flag, False),
    )  # fmt: skip
    for right in set(ground.rights) & set(NEVER_GATED):
        row.wrong("rights", f"{right} is never refused: it takes effect at filing (P5, P8)")
    row.sources[row.place] = ground.clause
    row.close()
    return ground


def _purpose(row: _Table) -> Purpose:
    purpose = Purpose(
        key=row.bare("key", _text), label=row.bare("label", _words), text=row.bare("text", _words),
        consent_mode=row.bare("consent_mode", _one_of(CONSENT_MODES)), source=row.bare("source", _text),
    )  # fmt: skip
    row.sources[row.place] = purpose.source
    row.close()
    return purpose


def _identity(table: _Table, rights: tuple[str, ...]) -> Mapping[str, int]:
    rungs = {right: table.sourced(right, _whole(0, HIGHEST_TABLE_RUNG)) for right in rights}
    for right in NEVER_GATED:
        if rungs.get(right):
            table.wrong(right, "asks for proof, but this right needs none (P5, P8)")
    table.close()
    return MappingProxyType(rungs)


def _retention(table: _Table) -> Retention:
    days = [table.sourced(name, _whole(0, 36500)) for name in ("proof_days", "package_days", "contact_days")]
    if None not in days and days != sorted(days):
        table.wrong("", "proofs go first, then packages, then contact data (P19)")
    table.close()
    return Retention(*days)


def _fees(table: _Table) -> Fees:
    fees = Fees(*(table.sourced(name, _flag) for name in ("first_request_free", "may_quote", "second_person")))
    for name in ("first_request_free", "second_person"):
        if getattr(fees, name) is False:
            table.wrong(name, "has to be true (H3)")
    table.close()
    return fees


def _too_long(count: int, unit: str, limit: tuple[int, str] | None) -> bool:
    if limit is None:
        return False
    if unit == limit[1]:
        return count > limit[0]
    return count * _LONGEST[unit] > limit[0] * _SHORTEST[limit[1]]


def _check_together(p: Policy, top: _Table) -> None:
    """What only several values together show; a value that was already refused is None and left out."""
    if p.response_days and p.counting and not p.legal_decision:
        for regime in p.regimes or ():
            if _too_long(p.response_days, p.counting, REGIMES[regime]):
                top.wrong("response_days", f"is longer than {regime} allows; this needs a legal_decision")
    counted_in_days = p.response_days and p.lapse_days_before and p.counting != "months"
    if counted_in_days and p.lapse_days_before >= p.response_days:
        top.wrong("lapse_days_before", "leaves no day before the lapse")
    if p.governing_language and p.languages and p.governing_language not in p.languages:
        top.wrong("governing_language", "is not one of the languages")
    for right in sorted({r for g in p.refusal_grounds for r in g.rights} - set(p.rights or RIGHTS)):
        top.wrong("refusal_grounds", f"names the right {right}, which this policy does not offer")


def parse(text: str | Mapping[str, object]) -> Policy:
    """The policy that a file's text (or its tables) describes. Raises PolicyError with every mistake in it."""
    try:
        raw = tomllib.loads(text) if isinstance(text, str) else dict(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError((Mistake("file", f"is not TOML: {error}"),)) from error
    mistakes: list[Mistake] = []
    sources: dict[str, str] = {}
    top = _Table(raw, "", mistakes, sources)
    rights = top.sourced("rights", _list(_one_of(RIGHTS)))
    policy = Policy(
        key=top.bare("key", _text),
        title=top.sourced("title", _text),
        controller_name=top.sourced("controller_name", _text),
        contact=top.sourced("contact", _text),
        rights=rights,
        regimes=top.sourced("regimes", _list(_one_of(REGIMES))),
        response_days=top.sourced("response_days", _whole(1, 366)),
        counting=top.sourced("counting", _one_of(COUNTINGS)),
        day_of_receipt=top.sourced("day_of_receipt", _one_of(("excluded", "period_opens_next_day")), "excluded"),
        roll_over=top.sourced("roll_over", _one_of(("none", "next_working_day")), "none"),
        missing_month_day=top.sourced("missing_month_day", _one_of(("last_day", "next_day")), "last_day"),
        time_zone=top.sourced("time_zone", _zone),
        notice_hour=top.sourced("notice_hour", _whole(0, 23)),
        milestones=top.sourced("milestones", _list(_whole(1, 366))),
        extension_days=top.sourced("extension_days", _whole(0, 366)),
        pause_allowed=top.sourced("pause_allowed", _flag),
        lapse_days_before=top.sourced("lapse_days_before", _whole(1, 366)),
        legal_decision=top.sourced("legal_decision", _text) if "legal_decision" in raw else "",
        identity=_identity(top.sub("identity"), rights or RIGHTS),
        refusal_grounds=tuple(_ground(row) for row in top.rows("refusal_grounds")),
        purposes=tuple(_purpose(row) for row in top.rows("purposes")),
        retention=_retention(top.sub("retention")),
        fees=_fees(top.sub("fees")),
        languages=top.sourced("languages", _list(_one_of(LANGUAGES))),
        governing_language=top.sourced("governing_language", _one_of(LANGUAGES)),
        missing_texts=top.sourced("missing_texts", _list(_one_of(LANGUAGES), empty=True)),
        complaint_authority=top.sourced("complaint_authority", _words),
        court_note=top.sourced("court_note", _words),
        sources=MappingProxyType(sources),
    )
    top.close()
    _check_together(policy, top)
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return policy
