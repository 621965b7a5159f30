"""What the files of a package mean, for programs: JSON Schema 2020-12, one definition for each table."""

import json
from collections.abc import Mapping
from typing import Any

from requests_app.connectors import Column
from requests_app.rules.policy import Text
from requests_app.rules.redaction import MARK

from .contents import Contents, Part

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "number": {"type": ["number", "string", "null"], "$comment": "decimals are text, so that no digit is lost"},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "instant": {"type": ["string", "null"], "format": "date-time"},
    "json": {},
    "binary": {"type": ["string", "null"], "contentEncoding": "base64"},
}


def schema(contents: Contents, paths: Mapping[tuple[str, str], str]) -> bytes:
    """Return the document; `paths` gives by source and table where the lines lie in the package."""
    defined = {
        f"{paths[source.alias, part.table.name]}.jsonl": _table(contents, source.alias, part)
        for source in contents.sources
        for part in source.parts
    }
    document = {
        "$schema": DIALECT,
        "title": "The tables of this package, by the path of their JSON Lines; each line is one object",
        "$defs": defined,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _table(contents: Contents, alias: str, part: Part) -> dict[str, Any]:
    return {
        "type": "object",
        "title": str(part.table.label) or part.table.name,
        "x-source": alias,
        "x-table": part.table.name,
        "x-label": _text(part.table.label),
        "properties": {column.name: _column(contents, column, part) for column in part.shown_columns},
    }


def _column(contents: Contents, column: Column, part: Part) -> dict[str, Any]:
    about = column.about
    general = contents.answer.retention if contents.answer else Text("", "")
    kind = dict(KINDS[column.kind])
    held = {"anyOf": [kind, {"const": MARK}]} if part.hidden else kind
    return {
        **held,
        "x-category": _text(about.category),
        "x-purpose": _text(about.purpose),
        "x-basis": about.basis,
        "x-origin": _text(about.origin),
        "x-retention": _text(about.retention if str(about.retention) else general),
        "x-recipients": [_text(one) for one in about.recipients],
        "x-provided": about.provided,
    }


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "it": text.it}
