"""Everybody whom a database knows, row by row: nothing but the row at hand is in memory."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from requests_app.connectors.base import Match, OnFile
from requests_app.connectors.data_map import Visit
from requests_app.connectors.data_map.model import EMAIL_IDENTITY
from requests_app.rules.addresses import normalise

from .database import Database
from .matching import instant
from .reading import relation
from .rows import streamed


def everybody(database: Database, visits: Sequence[Visit]) -> Iterator[Match]:
    """Yield a match for each address of each table, and for each identifier of a row without an address."""
    with database.reading() as connection:
        for visit in visits:
            if not (columns := visit.table.identities):
                continue
            source = relation(visit.table)
            named = [source.c[one.name] for one in columns]
            since = [func.max(source.c[visit.table.since])] if visit.table.since else []
            for row in streamed(connection, select(*named, *since).group_by(*named)):
                yield from _matches(visit, row)


def _matches(visit: Visit, row: Sequence[Any]) -> Iterator[Match]:
    columns = visit.table.identities
    held = [(one.identity, str(value)) for one, value in zip(columns, row, strict=False) if value is not None]
    since = instant(row[len(columns)]) if visit.table.since else None
    addresses = [value for identity, value in held if identity == EMAIL_IDENTITY and value.strip()]
    for value in addresses:
        reference = json.dumps({EMAIL_IDENTITY: [normalise(value)]}, ensure_ascii=False)
        yield Match(reference, (OnFile(value.strip(), since=since),))
    for identity, value in () if addresses else held:
        yield Match(json.dumps({identity: [normalise(value)]}, ensure_ascii=False), ())
