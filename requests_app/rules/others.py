"""Where a record seems to tell of somebody else (GDPR 15(4)): addresses, telephone numbers, accounts, cards, and names
after a title or in the head of a message. Somebody has to look there; a name in plain text is not found."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .addresses import normalise

EMAIL, PHONE, ACCOUNT, CARD, NAME, UNREAD = "e-mail address", "telephone", "IBAN", "card number", "name", "not read"
MOST_OF_A_FIELD = 40  # then it is the whole field that tells of others

_AT = r"@|%40|&#0*64;|&#[xX]0*40;|&commat;|＠"
_PHONE = (
    r"\+[0-9(][0-9 ()./-]{6,18}[0-9]|(?<![0-9.:-])(?<![0-9] )00[1-9][0-9 ()./-]{6,18}[0-9]"
    r"|(?<![0-9.:T-])0[1-9][0-9]{0,3}[ /.-]?[0-9]{5,8}(?![0-9])|(?<![0-9.:T-])0[1-9](?:[ .-][0-9]{2}){4}(?![0-9])"
    r"|(?<![0-9.-])3[1-9][0-9][ .-]?[0-9]{6,7}(?![0-9.])"
    r"|(?<![0-9.-])\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9])"
)
_CARD = r"(?<![0-9.])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])"
_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sig|Sig\.ra|Sig\.na|Signor|Signora|Dott|Dott\.ssa|Dottor|Dottoressa|Avv|Ing|Herr|"
    r"Frau|Monsieur|Madame|Mme|Sr|Sra|Señor|Señora)"
)
_HEAD = r"(?:From|To|Cc|Bcc|Reply-To|Da|Von|An) ?:"

# The gate, of plain searches: a line without any of these is not read at all.
_SIGNS = tuple(
    sign.encode()
    for sign in (
        "@", "%40", "&#", "&commat", "＠", "\\u00", "Mr", "Ms", "Mis", "Mx", "Dr", "Prof", "Sig", "Dot", "Avv", "Ing",
        "Herr", "Frau", "Mons", "Mad", "Mme", "Sr", "Señ", "From", "To:", "To :", "Cc", "Bcc", "Reply-To", "Da:",
        "Da :", "Von", "An:", "An :",
    )
)  # fmt: skip
_DIGITS = bytes.maketrans(b"0123456789", b"9999999999")
_LONG_NUMBER = b"9" * 9

_ATS, _PHONES, _CARDS = re.compile(_AT), re.compile(_PHONE), re.compile(_CARD)
_IBANS = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
_NAMES = re.compile(rf"(?<!\w){_TITLE}(?:\.|(?!\w)) *((?:[A-ZÀ-ÖØ-Þ][\w'’.-]*(?:[ \u00a0]|(?!\w))){{1,3}})")
_HEADS = re.compile(rf"^[>\s]*{_HEAD}\s*(\S.{{0,300}})$", re.MULTILINE)
_BEFORE_AT = re.compile(r"[\w.+\u00ad\u200b-\u200f\u2060-]{1,64}\Z")
_AFTER_AT = re.compile(r"[\w\u00ad\u200b-\u200f\u2060-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_KNOWN_CARD = re.compile(r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|6\d{15}")
_NUMBER = re.compile(r"(?:[A-Z]{2})?[0-9+( ][0-9A-Z ()./-]{3,40}")
_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI NL", 19: "SI MK", 20: "AT BA EE LT LU", 21: "CH HR LI LV",
        22: "BG DE GB GE IE ME RS", 23: "AE GI IL", 24: "AD CZ ES MD SA SE SK RO", 25: "PT", 26: "IS TR",
        27: "FR GR IT MC SM", 28: "AL CY HU PL", 29: "BR UA", 31: "MT",
    }.items()
    for country in countries.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """What is known to be the person's."""

    addresses: frozenset[str] = frozenset()  # normalised
    numbers: frozenset[str] = frozenset()  # see `plain`
    names: frozenset[str] = frozenset()  # words, by casefold

    @classmethod
    def of(cls, *, names: Iterable[str], contacts: Iterable[str]) -> "Own":
        """Sort out what is an address and what a number."""
        known = [one for one in contacts if one.strip()]
        return cls(
            frozenset(normalise(one) for one in known if "@" in one),
            frozenset(_plain(one) for one in known if "@" not in one) - {""},
            frozenset(word.casefold() for name in names for word in re.findall(r"\w+", name)),
        )

    def with_values(self, values: Iterable[str]) -> "Own":
        """Take values as theirs that are one address or one number each; words beside it may tell of somebody else."""
        told = [one for one in values if "@" in one or _NUMBER.fullmatch(one)]
        more = Own.of(names=(), contacts=told)
        return replace(self, addresses=self.addresses | more.addresses, numbers=self.numbers | more.numbers)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that seems to be somebody else's: where it stands, in the words of `redaction.Hidden`."""

    kind: str
    column: str
    passage: str


def may_name_others(line: bytes) -> bool:
    """Whether a line of JSON has to be looked at more closely: a line in a few microseconds."""
    return any(sign in line for sign in _SIGNS) or _LONG_NUMBER in line.translate(_DIGITS, b" ()/.-+")


def others_in(line: bytes, own: Own) -> list[Found]:
    """Return what in one record seems to be somebody else's. What cannot be read is found as a whole."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return [Found(UNREAD, "", "")]
    if not isinstance(values, Mapping):
        return [Found(UNREAD, "", "")]
    found: list[Found] = []
    for column, value in values.items():
        if in_name := next(iter(others_in_text(column, own)), None):
            found.append(Found(in_name[0], "", ""))
        found += _in_field(column, value, own)
    return found


def _in_field(column: str, value: Any, own: Own) -> list[Found]:
    seen: dict[tuple[str, str], None] = {}
    try:
        for text in _texts(value):
            seen |= dict.fromkeys(others_in_text(text, own))
            if len(seen) > MOST_OF_A_FIELD:
                return [Found(next(iter(seen))[0], column, "")]
    except RecursionError:
        return [Found(UNREAD, column, "")]
    return [Found(kind, column, passage) for kind, passage in seen]


def others_in_text(text: str, own: Own) -> Iterator[tuple[str, str]]:
    """Yield (kind, passage) for what in a text seems to be somebody else's."""
    for at in _ATS.finditer(text):
        before, after = _BEFORE_AT.search(text, max(0, at.start() - 64), at.start()), _AFTER_AT.match(text, at.end())
        if before and after and normalise(f"{before[0]}@{after[0]}") not in own.addresses:
            yield EMAIL, text[before.start() : after.end()]
    for kind, pattern, is_one in ((ACCOUNT, _IBANS, _iban), (CARD, _CARDS, _card), (PHONE, _PHONES, _phone)):
        for match in pattern.finditer(text):
            if (passage := is_one(match[0])) and not _is_own(kind, passage, own):
                yield kind, passage
    for match in (*_NAMES.finditer(text), *_HEADS.finditer(text)):
        if _names_somebody(match[1], own):
            yield NAME, match[1].rstrip()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value.lstrip().startswith(("{", "[", '"')):
            try:
                yield from _texts(json.loads(value))
            except ValueError:
                pass
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, int) and not isinstance(value, bool) and _card(str(value)):
        yield str(value)


def _plain(number: str) -> str:
    """A number without what it is written with."""
    return re.sub(r"[^0-9A-Z]", "", number.upper())


def _is_own(kind: str, passage: str, own: Own) -> bool:
    plain = _plain(passage)
    if kind != PHONE:
        return plain in own.numbers
    return any(plain[-9:] == number[-9:] for number in own.numbers)  # with or without the country's prefix


def _phone(text: str) -> str:
    return text if 9 <= len(_plain(text)) <= 15 else ""


def _card(text: str) -> str:
    digits = _plain(text)
    if not _KNOWN_CARD.fullmatch(digits):
        return ""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return text if (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0 else ""


def _iban(text: str) -> str:
    """The account at the start of the text, which may run on into the words after it."""
    account = re.match(rf"(?: ?\w){{{_LENGTHS.get(text[:2], 0)}}}", text)
    taken = _plain(account[0]) if account else ""
    if not taken or int("".join(str(int(letter, 36)) for letter in taken[4:] + taken[:4])) % 97 != 1:
        return ""
    return account[0] if account else ""


def _names_somebody(text: str, own: Own) -> bool:
    rest = text
    for address in own.addresses:
        rest = re.sub(re.escape(address), " ", rest, flags=re.IGNORECASE)
    return any(len(word) > 1 and word.casefold() not in own.names for word in re.findall(r"[^\W\d_]+", rest))
