"""Of which kind a column is, as the database has it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import types

KIND_OF: Sequence[tuple[type[types.TypeEngine[Any]], str]] = (
    (types.Boolean, "boolean"),
    (types.Integer, "number"),
    (types.Numeric, "number"),
    (types.DateTime, "instant"),
    (types.Date, "date"),
    (types.JSON, "json"),
    (types._Binary, "binary"),
)


def kind_of(kind: types.TypeEngine[Any]) -> str:
    """Return the kind of a column as the database has it."""
    if getattr(kind, "display_width", None) == 1 or kind.__visit_name__ == "BIT":  # how MySQL has yes and no
        return "boolean"
    return next((name for base, name in KIND_OF if isinstance(kind, base)), "text")
