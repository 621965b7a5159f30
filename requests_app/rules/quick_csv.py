"""Lines of JSON as lines of CSV without reading them: most lines are plain, and then both hold the same words.

A value that is a text without escapes, without what another program takes for a separator, beginning with a letter or
a digit, stands in both as it is. What is nested stands as its JSON, as deep as one level. Whatever is not as plain as
that is left to `spreadsheet.cell`.
"""

import json
import re
from collections.abc import Sequence

# First bytes of a text that begin no formula: letters, digits, and in UTF-8 the letters of Latin, Cyrillic and Han.
_PLAIN = rb"[0-9A-Za-z\xc3\xd0\xd1\xe4-\xe9]"
_TEXT = rb'"(?:"|' + _PLAIN + rb'[^"]*+")'  # where no backslash stands, a quotation mark ends it
_NUMBER = rb"-?[0-9]{1,400}+(?:\.[0-9]{1,400}+)?+(?:[eE][-+]?[0-9]{1,4})?+"
_NESTED = rb"\{[^{}\[\]]*+\}|\[[^{}\[\]]*+\]"
_SPLITS = re.compile(rb"[;|](?! ?[0-9A-Za-z])")  # a separator of others with what may be a formula behind it
# What JSON has between its strings: a name that begins so could make the end of a string look like that of an object.
_BETWEEN = (":", ",", "]", "}", " ")


class QuickCsv:
    """For one table. `names`: in the order of its lines; `numbers`, `nested`: whether a column holds such values."""

    def __init__(self, names: Sequence[str], *, numbers: Sequence[bool], nested: Sequence[bool]) -> None:
        keys = [json.dumps(name, ensure_ascii=False).encode("utf-8", "replace") for name in names]
        kinds = zip(numbers, nested, strict=True)
        values = [b"|".join((*_more(number, deep), _NUMBER, b"true|false")) for number, deep in kinds]
        pairs = [re.escape(key) + b":(?:(" + value + b")|null)" for key, value in zip(keys, values, strict=True)]
        self._usable = bool(names) and not any(b"\\" in key for key in keys)
        self._line = re.compile(rb"^\{" + b",".join(pairs) + rb"\}\n", re.MULTILINE)
        self._nested = [number for number, deep in enumerate(nested) if deep]
        if self._nested and any(name.startswith(_BETWEEN) for name in names):
            self._usable = False
        self._single = len(names) == 1

    def lines(self, lines: bytes) -> bytes | None:
        """Return whole lines as CSV, or None where one of them has to be made of its values."""
        if not self._usable or b"\\" in lines or b"\t" in lines or b"\r" in lines:
            return None
        if (b";" in lines or b"|" in lines) and _SPLITS.search(lines):
            return None
        found = self._line.findall(lines)
        if len(found) != lines.count(b"\n"):
            return None
        if self._single:
            found = [(value,) for value in found]
        if self._nested:
            found = [self._with_cells(row) for row in found]
        return b"\r\n".join(map(b",".join, found)) + b"\r\n"

    def _with_cells(self, row: Sequence[bytes]) -> list[bytes]:
        values = list(row)
        for number in self._nested:
            if (value := values[number])[:1] in (b"{", b"["):
                values[number] = b'"' + value.replace(b'"', b'""') + b'"'
        return values


def _more(number: bool, nested: bool) -> list[bytes]:
    """What a value may be besides a number, true, false and null. Numbers as text are left to the long way."""
    return [*([] if number else [_TEXT]), *([_NESTED] if nested else [])]
