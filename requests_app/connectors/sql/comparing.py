"""Whether a column holds one of some addresses or identifiers, as `rules.addresses.normalise` would have it.

The database is asked for the very same: trimmed, the letters A to Z in lower case, byte for byte. Nothing is ever found
by LIKE, nor by what a collation takes for the same letter.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, and_, cast, false, func, or_
from sqlalchemy.dialects import mysql
from sqlalchemy.sql import ColumnElement

BLANKS = " \t\n\r\v\f"
EXACT = {"postgresql", "mysql", "mariadb", "sqlite"}  # of others the database gives candidates only
# The signs for Kelvin and the I with a dot, in UTF-8: the only ones whose small letter is an ASCII one.
BECOME_ASCII = (b"\xe2\x84\xaa", b"\xc4\xb0")


def holds(column: ColumnElement[Any], values: Sequence[str], *, dialect: str, normalised: bool) -> ColumnElement[bool]:
    """`values` are normalised. `normalised`: what is stored is so too, and the index of the column serves."""
    if dialect == "postgresql":
        plain = cast(column, Text).collate("C")
        if normalised:
            return and_(column.in_(values), plain.in_(values))
        return func.btrim(func.lower(plain), BLANKS).in_(values)
    if dialect == "sqlite":
        if normalised:
            return column.in_(values)
        return func.trim(func.lower(cast(column, Text)), BLANKS).in_(values)
    if dialect in {"mysql", "mariadb"}:
        return _in_mysql(column, values, normalised=normalised)
    return column.in_(values) if normalised else func.trim(func.lower(cast(column, Text))).in_(values)


def _in_mysql(column: ColumnElement[Any], values: Sequence[str], *, normalised: bool) -> ColumnElement[bool]:
    plain = cast(column, mysql.CHAR(charset="utf8mb4"))
    if normalised:
        return and_(column.in_(values), _bytes(plain).in_([value.encode() for value in values]))
    ways: list[ColumnElement[bool]] = []
    if ascii_only := [value.encode() for value in values if value.isascii()]:
        others = [func.instr(_bytes(plain), sign) == 0 for sign in BECOME_ASCII]
        ways.append(and_(_bytes(func.trim(func.lower(plain))).in_(ascii_only), *others))
    if rest := [value.encode() for value in values if not value.isascii()]:
        ways.append(_bytes(func.trim(plain)).in_(rest))
    return or_(false(), *ways)


def _bytes(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, mysql.BINARY())
