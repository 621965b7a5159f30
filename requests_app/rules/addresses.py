"""When two addresses are the same, and when they only look it (A02)."""

import unicodedata

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

# Letters of other scripts, and digits, that are read as Latin letters (a part of Unicode TS 39, confusables).
_LOOKS = {
    ord(other): latin
    for latin, others in {
        "a": "аɑα", "b": "вьβ", "c": "сϲ", "d": "ԁđ", "e": "еєε", "g": "ɡ", "h": "һн", "j": "јϳ", "k": "кκ",
        "l": "ıіιӏłǀ|1!", "m": "м", "n": "пη", "o": "оοøσ0", "p": "рρ", "q": "ԛ", "s": "ѕ5$", "t": "тτ", "u": "υц",
        "v": "ѵν", "w": "ԝω", "x": "хχ", "y": "уγ", "z": "ᴢ",
    }.items()
    for other in others
}  # fmt: skip
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))


def normalise(address: str) -> str:
    """Return the form that two spellings of one mailbox share: trimmed, ASCII in lower case. Nothing is guessed.

    Only ASCII: in lower case the sign for Kelvin is a "k", and the address would be somebody else's.
    """
    return address.strip().translate(_ASCII_LOWER)


def is_spelled_as_mailed(address: str) -> bool:
    """Return whether mail would go to this very spelling; whoever writes one mailbox in many ways passes every bound.

    Of a domain that is not ASCII, mail uses a form in which width, case and signs that cannot be seen are gone
    (RFC 3490); a local part that is not ASCII reaches nobody.
    """
    local, _, domain = normalise(address).rpartition("@")
    try:
        return local.isascii() and (domain.isascii() or domain.encode("idna").decode("idna") == domain)
    except UnicodeError:
        return False


def skeleton(address: str) -> str:
    """Return what an address looks like at a glance: for warnings only, since different mailboxes share it."""
    local, _, domain = normalise(address).rpartition("@")
    return f"{_seen(local.partition('+')[0]).replace('.', '')}@{_seen(_readable(domain))}"


def look_alike(one: str, other: str) -> bool:
    """Whether two different addresses could be taken for each other."""
    return normalise(one) != normalise(other) and skeleton(one) == skeleton(other)


def _readable(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _seen(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in plain if unicodedata.category(c) not in {"Mn", "Cf", "Cc", "Zs", "Pc", "Pd"})
    looked = kept.translate(_LOOKS).replace("i", "l")
    for pair, letter in _PAIRS:
        looked = looked.replace(pair, letter)
    return looked
