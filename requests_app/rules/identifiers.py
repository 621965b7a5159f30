"""One form for all the spellings of an address, a telephone number or a customer number, to know again who was erased.

Two people must never share a form: what may be another mailbox stays another, such as dots and what follows a plus.
An entry of the register keeps the version of these rules, since nobody can compute it anew.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

import idna

from .addresses import normalise

NORMALISER = 1
LONGEST = 512  # characters; an address has 254
SHORTEST_PHONE = 6  # digits
_WIDTHS = ("<wide>", "<narrow>", "<small>", "<noBreak>")  # the same sign, drawn otherwise
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58]")
_SCHEME = re.compile(r"\s*(?:mailto|smtp|tel|callto|sms|fax)\s*:", re.IGNORECASE)
_ATOM = re.compile(r"[^\s()<>\[\]:;@\\,\"]+")
_TRUNK = re.compile(r"\(\s*0\s*\)")
_EXTENSION = re.compile(
    r"[;,]?\s*(?:ext(?:ension|n)?|int(?:erno)?|durchwahl|x|#)\s*[.=:]?\s*(\d{1,7})\D*$", re.IGNORECASE
)
_KEEP_ZERO = ("39", "378", "379")  # Italy, San Marino and the Vatican: the zero belongs to the number


class Kind(StrEnum):
    """What is known again."""

    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Identifier:
    """What somebody is known by. `scope`: of a number the system that gave it, since two systems count alike."""

    kind: Kind
    value: str
    scope: str = ""

    @property
    def type(self) -> str:
        """What kind of thing is compared with what."""
        return f"{self.kind}:{self.scope}" if self.scope else self.kind.value


def normal_form(identifier: Identifier) -> str:
    """Return what all spellings of it share; "" for what identifies nobody."""
    if len(identifier.value) > LONGEST:
        return ""
    forms = {Kind.EMAIL: _email, Kind.PHONE: _phone, Kind.NUMBER: _number}
    return forms[identifier.kind](_drawn_alike(identifier.value))


def _drawn_alike(text: str) -> str:
    """Full and half width are the same letters, and what cannot be seen is not there. No other sign is."""
    wide = "".join(
        unicodedata.normalize("NFKC", c) if unicodedata.decomposition(c).startswith(_WIDTHS) else c for c in text
    )
    seen = "".join(c for c in wide if c.isspace() or unicodedata.category(c) not in {"Cf", "Cc", "Cs"})
    return unicodedata.normalize("NFC", _UNSEEN.sub("", seen))


def _number(text: str) -> str:
    """A number of a customer: dashes are all one dash, and stay; blanks count for nothing."""
    return "".join(normalise(_DASHES.sub("-", text)).split())


# --- e-mail ------------------------------------------------------------------------------------------------------


def _email(text: str) -> str:
    uri = _SCHEME.match(text)
    if uri:
        text = unquote(text[uri.end() :].partition("?")[0])
    elif "@" not in text:
        text = unquote(text)
    signs = _mailbox(_drawn_alike(text))
    at = max((place for place, (sign, quoted) in enumerate(signs) if sign == "@" and not quoted), default=-1)
    local, domain = _local(signs[:at]) if at > 0 else "", _domain("".join(sign for sign, _ in signs[at + 1 :]))
    return f"{local}@{domain}" if local and domain else ""


def _mailbox(text: str) -> list[tuple[str, bool]]:
    """Return the signs of the address, each with whether it was quoted: without comments and the name before `<`.

    What closes nothing, or is never closed, was no quotation and no comment (RFC 5322, 3.2).
    """
    found: list[tuple[str, bool]] = []
    place, comments, quoted = 0, 0, False
    while place < len(text):
        sign = text[place]
        if sign == "\\" and (quoted or comments) and place + 1 < len(text):
            place += 1
            found += [] if comments else [(text[place], True)]
        elif sign == '"' and not comments:
            quoted = not quoted
        elif quoted:
            found.append((sign, True))
        elif sign == "(":
            comments += 1
        elif sign == ")" and comments:
            comments -= 1
        elif comments:
            pass
        elif sign == "<":
            found = []
            scheme = _SCHEME.match(text, place + 1)
            place = scheme.end() - 1 if scheme else place
        elif sign == ">":
            break
        else:
            found.append((sign, False))
        place += 1
    return found if not (quoted or comments) else [(sign, False) for sign in text]


def _local(signs: list[tuple[str, bool]]) -> str:
    """Return the part before the at sign; quoted only where it has to be."""
    # Blanks that are not quoted may stand around dots and at both ends (RFC 5322, 4.4), and count for nothing there.
    bare = "".join("\0" if quoted and sign.isspace() else sign for sign, quoted in signs)
    bare = re.sub(r"\s*\.\s*", ".", bare.strip()).replace("\0", " ")
    lower = unicodedata.normalize("NFC", normalise(f"x{bare}x")[1:-1].lower())
    return lower if all(_ATOM.fullmatch(atom) for atom in lower.split(".")) else f'"{lower}"' if lower else ""


def _domain(text: str) -> str:
    """Return the domain as the wires know it: ASCII, lower case, without the last dot."""
    seen = re.sub("[\u3002\uff0e\uff61]", ".", "".join(text.split())).rstrip(".").lower()
    if seen.isascii():
        return seen
    try:
        return idna.encode(seen, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        labels = unicodedata.normalize("NFKC", seen).lower().split(".")
        return ".".join(one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in labels)


# --- telephone ---------------------------------------------------------------------------------------------------


def _phone(text: str) -> str:
    """Return +, country and number where the country is said, else the digits as they are: nobody guesses a country."""
    text = _SCHEME.sub("", text, count=1)
    text = "".join(str(unicodedata.decimal(c)) if unicodedata.decimal(c, None) is not None else c for c in text)
    further = _EXTENSION.search(text)
    if further:
        text = text[: further.start()]
    trunk = _TRUNK.search(text)
    before, after = (text[: trunk.start()], text[trunk.end() :]) if trunk else (text, "")
    abroad = before.lstrip(" (\t").startswith("+")
    head, tail = _digits(before), _digits(after)
    if not abroad and head.startswith("00"):
        abroad, head = True, head[2:]
    if trunk and (not abroad or _keeps_zero(head, tail)):
        tail = f"0{tail}"
    number = head + tail
    if len(number) < SHORTEST_PHONE:
        return ""
    return ("+" if abroad else "") + number + (f"x{further[1]}" if further else "")


def _digits(text: str) -> str:
    return "".join(c for c in text if "0" <= c <= "9")


def _keeps_zero(country: str, number: str) -> bool:
    """An Italian mobile number has ten digits, begins with 3, and has no zero before it."""
    return country in _KEEP_ZERO and not (number.startswith("3") and len(number) == 10)
