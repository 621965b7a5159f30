"""A source whose people are rows of a Django model of the same installation."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError
from django.db.models import Model, Q

from requests_app.rules.addresses import normalise

from .base import DataSource, Match, OnFile, Query, RetryLater

MOST = 20  # rows: whoever matches more names nobody in particular


class DjangoModel(DataSource):
    """`model`: app.Model; `email_fields`, `identifier_fields`: its fields, compared exactly but for case and blanks;
    `since_field`: when the row's address was stored as it is; `database`: an alias, if not the default."""

    def __init__(
        self,
        *,
        model: str,
        email_fields: Sequence[str] = ("email",),
        identifier_fields: Sequence[str] = (),
        since_field: str = "",
        database: str = "default",
    ) -> None:
        try:
            self.model: type[Model] = apps.get_model(model)
            for field in (*email_fields, *identifier_fields, *filter(None, [since_field])):
                self.model._meta.get_field(field)
        except (LookupError, FieldDoesNotExist) as error:
            raise ValueError(str(error)) from None
        if not email_fields:
            raise ValueError("email_fields is empty: nobody could be asked")
        self.email_fields, self.identifier_fields = tuple(email_fields), tuple(identifier_fields)
        self.since_field, self.database = since_field, database

    def find(self, query: Query) -> Sequence[Match]:
        """Ask the database for candidates and compare them here: its own idea of case is wider than ours."""
        wanted = Q()
        for address in query.addresses:
            wanted |= self._any(self.email_fields, address)
        for word in query.identifiers if self.identifier_fields else ():
            wanted |= self._any(self.identifier_fields, word)
        if not wanted:
            return []
        columns = ("pk", *self.email_fields, *self.identifier_fields, *filter(None, [self.since_field]))
        rows = self.model._default_manager.using(self.database).filter(wanted).order_by("pk").values(*columns)
        try:
            found = list(rows[:MOST])
        except DatabaseError as error:
            raise RetryLater(type(error).__name__) from error
        return [self._match(row) for row in found if self._is_meant(row, query)]

    def _any(self, fields: Sequence[str], value: str) -> Q:
        wanted = Q()
        for field in fields:
            wanted |= Q(**{f"{field}__iexact": value})
        return wanted

    def _is_meant(self, row: dict[str, Any], query: Query) -> bool:
        addresses = {normalise(str(row[field] or "")) for field in self.email_fields}
        identifiers = {normalise(str(row[field] or "")) for field in self.identifier_fields}
        named = {normalise(word) for word in query.identifiers}
        return bool(addresses & set(query.addresses) or identifiers & named)

    def _match(self, row: dict[str, Any]) -> Match:
        since = _instant(row[self.since_field]) if self.since_field else None
        addresses = [str(row[field]) for field in self.email_fields if row[field]]
        return Match(str(row["pk"]), tuple(OnFile(address, since=since) for address in addresses))


def _instant(value: date | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC)
