"""What is withheld of a record before it is handed out (GDPR 15(4)): all of it, a field, or a passage of a field."""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARK = "[withheld]"
JSON_BEGINS = ("{", "[", '"')


@dataclass(frozen=True, slots=True)
class Hidden:
    """One thing that is withheld."""

    column: str = ""  # empty: the whole record
    passage: str = ""  # empty: the whole field


def apply(values: Mapping[str, Any], hidden: Sequence[Hidden]) -> dict[str, Any] | None:
    """Return what is left of a record, each gap marked; None where it is withheld as a whole.

    A passage is withheld wherever it stands in its field, in text, numbers, names of keys and in JSON written as
    text, compared after NFC. In doubt more is withheld: the whole field where the passage stands nowhere in it, the
    whole record where it has no such field.
    """
    if any(not one.column or one.column not in values for one in hidden):
        return None
    left = dict(values)
    for column in dict.fromkeys(one.column for one in hidden):
        passages = [unicodedata.normalize("NFC", one.passage) for one in hidden if one.column == column]
        left[column] = MARK if "" in passages else _without(values[column], passages)
    return left


def occurs(value: Any, passage: str) -> bool:
    """Whether a field has this passage, as `apply` looks for it."""
    found: set[str] = set()
    passage = unicodedata.normalize("NFC", passage)
    try:
        _cut(value, [passage], found)
    except RecursionError:
        return False
    return bool(passage) and passage in found


def _without(value: Any, passages: Sequence[str]) -> Any:
    found: set[str] = set()
    try:
        cut = _cut(value, passages, found)
    except RecursionError:  # nested deeper than anybody reads
        return MARK
    return cut if found.issuperset(passages) else MARK


def _cut(value: Any, passages: Sequence[str], found: set[str]) -> Any:
    if isinstance(value, str):
        return _cut_text(value, passages, found)
    if isinstance(value, Mapping):
        left: dict[str, Any] = {}
        for key, inner in value.items():
            left[_free(_cut_text(str(key), passages, found), left)] = _cut(inner, passages, found)
        return left
    if isinstance(value, list | tuple):
        return [_cut(inner, passages, found) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    hits = [passage for passage in passages if passage in str(value)]
    found.update(hits)
    return MARK if hits else value


def _cut_text(text: str, passages: Sequence[str], found: set[str]) -> str:
    plain = unicodedata.normalize("NFC", text)
    spans = sorted(_spans(plain, passages, found))
    left = _between(plain, spans) if spans else text
    if not left.lstrip().startswith(JSON_BEGINS):
        return left
    try:
        inner = json.loads(left)
    except ValueError:
        return left
    cut = _cut(inner, passages, found)
    return left if cut == inner else json.dumps(cut, ensure_ascii=False)


def _spans(text: str, passages: Sequence[str], found: set[str]) -> Iterator[tuple[int, int]]:
    for passage in passages:
        at = text.find(passage)
        while at >= 0:
            found.add(passage)
            yield at, at + len(passage)
            at = text.find(passage, at + 1)


def _between(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """What stands outside the spans; where they touch or overlap they are one gap."""
    left, at, gap = [], 0, -1
    for start, end in spans:
        if start > gap:
            left += [text[at:start], MARK]
        gap = at = max(gap, end)
    return "".join([*left, text[at:]])


def _free(key: str, taken: Mapping[str, Any]) -> str:
    """A name for a key that no other has: two that are withheld are still two."""
    name, number = key, 1
    while name in taken:
        number += 1
        name = f"{key} {number}"
    return name
