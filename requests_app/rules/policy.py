"""What the controller promises, as frozen values; each with its source (H12). Read from a file by `policy_file`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

RIGHTS = (
    "access", "deletion", "consent_withdrawal", "marketing_optout", "correction",
    "restriction", "objection", "portability", "account_closure", "complaint",
)  # fmt: skip
NEVER_GATED = ("marketing_optout", "consent_withdrawal")  # P5, P8; GDPR 7(3), 21(3): no proof, no refusal
ERASING = ("deletion", "account_closure")  # the rights that a policy may answer by erasing (P3, P10)
HIGHEST_TABLE_RUNG = 2  # a document (rung 3) is asked of one person, for a written doubt, never by table (P11, P46)
CIRCUMSTANCES = ("sensitive", "agent", "guardian", "post", "phone", "mailbox", "counter")
COUNTINGS = ("calendar_days", "working_days", "months")
LANGUAGES = ("en", "it")
# The legal basis that each mode rests on: GDPR 6(1)(a), 6(1)(f) with 21(2), and 9(2)(a).
BASIS_OF_MODE = {"opt_in": "consent", "opt_out": "legitimate_interests", "explicit": "explicit_consent"}
CONSENT_MODES = tuple(BASIS_OF_MODE)
OTHER_BASES = ("contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests")


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
    text_version: str = "1"  # another one for every change of text or mode
    still_counts: tuple[str, ...] = ()  # earlier versions: a yes to them stays, since the change is not material

    @property
    def basis(self) -> str:
        """The legal basis that it rests on."""
        return BASIS_OF_MODE[self.consent_mode]

    @property
    def counted(self) -> tuple[str, ...]:
        """The versions of the text to which a yes counts."""
        return (self.text_version, *self.still_counts)

    @property
    def sha256(self) -> str:
        """Of what is shown to whoever decides, in all languages, with its mode."""
        shown = [self.key, self.text.en, self.text.it, self.consent_mode]
        return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class GoesOn:
    """What is done whatever a person says of the purposes, since it rests on another basis than consent (P8)."""

    key: str
    label: Text
    basis: str
    source: str


@dataclass(frozen=True)
class Retention:
    proof_days: int
    package_days: int
    contact_days: int
    message_days: int  # what was written, and the texts of letters
    case_days: int  # the data key, and with it whatever is still sealed
    reissue_days: int = 0  # after the end of a package, in which it can be made available again

    @property
    def kept_days(self) -> int:
        """For how long an ended package is there: a day at least, so that no running download is cut."""
        return max(1, self.reissue_days)

    @property
    def kept(self) -> timedelta:
        """The same as a duration."""
        return timedelta(days=self.kept_days)


@dataclass(frozen=True)
class Fees:
    first_request_free: bool
    may_quote: bool
    second_person: bool


@dataclass(frozen=True)
class Recipient:
    key: str
    name: Text
    gets: Text  # what of the person's data, and what for
    source: str


@dataclass(frozen=True)
class Answer:
    """What an answer says of the controller as a whole (GDPR 15(1)(c), (d), (h), 15(2))."""

    recipients: tuple[Recipient, ...]
    transfers: Text
    automated_decisions: Text
    retention: Text  # of whatever its data source names no period for


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
    holidays: str  # country, or country-subdivision, whose holidays the controller keeps; empty: not known
    weekend: tuple[int, ...]  # ISO: Monday 1 ... Sunday 7
    makeup_working_days: tuple[date, ...]
    time_zone: str
    notice_hour: int
    milestones: tuple[int, ...]  # days before the date; the day itself and the miss are always owed
    extension_days: int  # in units of `counting`, from the original start; 0: off
    pause_allowed: bool
    pause_days: int  # the longest that one pause may be planned for
    lapse_days_before: int
    erasing_rights: tuple[str, ...]  # those whose answer is an erasure
    erasure_cooling_off_days: int  # after the second confirmation, while it can still be stopped
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
    # By circumstance (sensitive data, who files, channel), the rights that then ask for more than `identity` says.
    identity_when: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    answer: Answer | None = None  # None: published before answers were made by the portal
    goes_on: tuple[GoesOn, ...] = ()

    def purpose(self, key: str) -> Purpose | None:
        """The purpose of this key, or None."""
        return next((purpose for purpose in self.purposes if purpose.key == key), None)

    def ground(self, key: str) -> Ground | None:
        """The ground of the catalogue of this key, or None."""
        return next((ground for ground in self.refusal_grounds if ground.key == key), None)

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
