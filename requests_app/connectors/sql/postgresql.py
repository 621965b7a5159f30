"""What psycopg2 reads, written as JSON will have it; and the same expressions for COPY, which never passes Python.

Both paths write one form: numbers of any precision, times and intervals as text, instants in UTC by ISO 8601 with no or
six digits of a second. The text of PostgreSQL is kept where Python has no value for it, as for `infinity`.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import psycopg2.extensions
from sqlalchemy import Connection, Text, case, cast, func, not_
from sqlalchemy.sql import ColumnElement

from requests_app.connectors.records import decode

AS_THEY_ARE = {16, 18, 19, 20, 21, 23, 25, 869, 1042, 1043, 2950, 3802}  # boolean, integers, texts, inet, uuid, jsonb
FLOATS = {700, 701}
BYTES = 17
JSON = (114, 3802)
DATE, TIMESTAMP, TIMESTAMPTZ = 1082, 1114, 1184
OWN_TEXT = (DATE, 1083, 1186, 1266, 1700)  # date, time, interval, time with zone, numeric
# Those, and types of which psycopg2 knows nothing but the text: money, bits, addresses of networks, search, xml.
TEXTS = {*OWN_TEXT, 142, 650, 774, 790, 829, 1560, 1562, 3614, 3615}
FIRST_OF_OTHERS = 16384  # enumerations and types of extensions: of them too
# All else takes the slower path: json as it was typed may hold newlines, arrays and ranges are values of Python.
FRACTION = re.compile(r"(\.\d{1,6})")


def prepare(connection: Connection, seconds: int) -> None:
    """Begin to read: one snapshot, in UTC, and types that are text where JSON has none."""
    connection.exec_driver_sql(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
        f"SET LOCAL statement_timeout = {seconds * 1000};"
        "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601';"
        "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL synchronize_seqscans = off"
    )
    connection.info["statement_timeout"] = seconds
    raw: Any = connection.connection.dbapi_connection
    if raw.encoding not in {"UTF8", "UNICODE"}:
        raw.set_client_encoding("UTF8")
    for known in _TYPES:
        psycopg2.extensions.register_type(known, raw)


def _text(value: str | None, _cursor: object) -> str | None:
    return value


def _float(value: str | None, _cursor: object) -> float | str | None:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else value


def _instant(value: str | None, _cursor: object) -> str | None:
    if value is None or "BC" in value or not value[0].isdigit():
        return value
    day, _, rest = value.partition(" ")
    hour = FRACTION.sub(lambda found: found[1].ljust(7, "0"), rest)
    return f"{day}T{hour}:00" if hour.endswith("+00") else f"{day}T{hour}"


def _json(value: str | None, _cursor: object) -> Any:
    return None if value is None else decode(value)


_TYPES: Sequence[Any] = [
    psycopg2.extensions.new_type(JSON, "PORTAL_JSON", _json),
    psycopg2.extensions.new_type(OWN_TEXT, "PORTAL_TEXT", _text),
    psycopg2.extensions.new_type(tuple(FLOATS), "PORTAL_FLOAT", _float),
    psycopg2.extensions.new_type((TIMESTAMP, TIMESTAMPTZ), "PORTAL_INSTANT", _instant),
]


def as_json(column: ColumnElement[Any], oid: int) -> ColumnElement[Any] | None:
    """Return what row_to_json has to be given so that it writes what the other path does; None where it cannot."""
    if oid in AS_THEY_ARE or oid in FLOATS:
        return column
    if oid in TEXTS or oid >= FIRST_OF_OTHERS:
        return cast(column, Text)
    if oid == BYTES:
        return func.translate(func.encode(column, "base64"), "\n", "")
    if oid in {TIMESTAMP, TIMESTAMPTZ}:
        return _instant_in_sql(column, '"+00:00"' if oid == TIMESTAMPTZ else "")
    return None


def _instant_in_sql(column: ColumnElement[Any], zone: str) -> ColumnElement[Any]:
    whole = 'YYYY-MM-DD"T"HH24:MI:SS'
    return case(
        (not_(func.isfinite(column)) | (column < "0001-01-01"), cast(column, Text)),
        (func.date_trunc("second", column) == column, func.to_char(column, whole + zone)),
        else_=func.to_char(column, f"{whole}.US{zone}"),
    )
