"""What a cell of a CSV holds, so that no program that opens it takes it for a formula (OWASP, CSV injection).

The exact words stand in the JSON Lines beside it; an apostrophe here is the price of opening the CSV without fear.
"""

import json
import math
import re
from typing import Any

# As they are, full width, small, and the minus of typographers: all are normalised to the plain sign somewhere.
_FORMULA = "[=+\\-@＝＋－＠﹦﹢﹣﹫−]"
_BLANKS = "[\\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_DANGEROUS = re.compile(f"[\t\r\n]|{_BLANKS}{_FORMULA}")
# Opened with another separator than the comma (Excel takes that of the country), a cell begins inside of ours, too.
_SEPARATORS = (";", "\n", "\t", "\r", "|")
_BEGINS_WITHIN = re.compile(f"([;\t\r\n|]{_BLANKS})({_FORMULA}?)")
_NUMBER = re.compile(r"[-+]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,4})?")


def inert(text: str) -> str:
    """Return the text with an apostrophe wherever a cell would begin as a formula."""
    if _DANGEROUS.match(text):
        text = "'" + text
    if any(separator in text for separator in _SEPARATORS):
        return _BEGINS_WITHIN.sub(_apart, text)
    return text


def _apart(begins: re.Match[str]) -> str:
    return f"{begins[1]}'{begins[2]}" if begins[2] else begins[1]


def cell(value: Any, *, number: bool = False) -> str:
    """Return one value as it stands in a line: numbers as they are, all else quoted and inert.

    `number`: the column holds numbers, also where they are written as text.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        if number and _NUMBER.fullmatch(value):
            return value
        return _quoted(inert(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    return _quoted(inert(json.dumps(value, ensure_ascii=False, separators=(",", ":"))))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def header(names: list[str]) -> str:
    """Return the first line of a CSV, without its end."""
    return ",".join(_quoted(inert(name)) for name in names)
