"""Text of others as somebody reads it at a screen: what cannot be seen, and what turns the order, is written out."""

import re
import unicodedata

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, format, half of a pair, private, unknown, separators
_WRITTEN_OUT = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")


def visible(text: str) -> str:
    """Write out every sign that has no shape of its own, as ⟨U+202E⟩; line breaks and tabs stay."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(sign) for sign in text)


def as_it_was(text: str) -> str:
    """Undo it: what somebody copied from the screen as it stands in the data."""
    return _WRITTEN_OUT.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), text)


def _shown(sign: str) -> str:
    plain = sign in "\n\t" or unicodedata.category(sign) not in HIDDEN
    return sign if plain else f"⟨U+{ord(sign):04X}⟩"
