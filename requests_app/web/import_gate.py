"""Where the controller's systems ask, before they import people, who of them was erased: a truth value for each."""

from collections.abc import Mapping
from typing import Any

from requests_app.operations import suppression
from requests_app.operations.restore_guard import Stopped
from requests_app.rules.identifiers import Identifier, Kind

from .signed_api import Malformed, rows_of, signed, text_of

LONGEST_SCOPE = 40  # characters: the name of a system


@signed
def suppressed(sent: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Answer in the order of the question, or 503 while the register may not know all."""
    asked = [_identifier(row) for row in rows_of(sent, "identifiers")]
    try:
        return 200, {"suppressed": suppression.suppressed(asked)}
    except Stopped:
        return 503, {"error": "cannot be answered now"}


def _identifier(row: object) -> Identifier:
    kind, value = text_of(row, "kind"), text_of(row, "value")
    if kind not in list(Kind):
        raise Malformed(f"kind: has to be one of {', '.join(Kind)}")
    scope = text_of(row, "scope") if isinstance(row, dict) and "scope" in row else ""
    if len(scope) > LONGEST_SCOPE:
        raise Malformed(f"scope: has to be at most {LONGEST_SCOPE} characters")
    return Identifier(Kind(kind), value, scope)
