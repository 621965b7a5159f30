"""A source whose people are rows of a Django model of the same installation, and whose data are rows of others."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db import DatabaseError
from django.db.models import ForeignKey, Model, Q, QuerySet

from requests_app.rules.addresses import normalise

from . import at_erasure, django_changing, django_erasing
from .base import DataSource, Extracted, Match, NotOffered, OnFile, PermanentFailure, Query, RetryLater
from .described import tables as described_tables
from .django_erasing import Held
from .records import Record, Table
from .work import Carried, Change, Changed, ConsentAct, Instruction, Planned, Remaining

MOST = 20  # rows: whoever matches more names nobody in particular, and a list that is cut tells a lie of the rest
CHUNK = 500  # rows in memory at once
KIND_OF = {
    "BooleanField": "boolean", "DateField": "date", "DateTimeField": "instant", "JSONField": "json",
    "BinaryField": "binary", "DecimalField": "text",
    **dict.fromkeys(("AutoField", "BigAutoField", "IntegerField", "BigIntegerField", "PositiveIntegerField",
                     "SmallIntegerField", "PositiveSmallIntegerField", "PositiveBigIntegerField", "FloatField",
                     "SmallAutoField"), "number"),
}  # fmt: skip


class DjangoModel(DataSource):
    """`model`: app.Model; `email_fields`, `identifier_fields`: its fields, compared exactly but for case and blanks;
    `since_field`: when the row's address was stored as it is; `database`: an alias, if not the default;
    `verify_database`: one with other credentials, to count what is left; `consent`: {purpose: boolean field};
    `restriction_field`: the boolean field that says that nothing is used.

    `tables`: {app.Model: {person, fields, label, category, purpose, ...}}: what is handed out. `person` leads from
    that model to the people ("pk" for the people themselves, else such as "order__customer"); `fields` are its own.
    What becomes of them is read by `at_erasure.treatment`.
    """

    def __init__(
        self,
        *,
        model: str,
        email_fields: Sequence[str] = ("email",),
        identifier_fields: Sequence[str] = (),
        since_field: str = "",
        database: str = "default",
        verify_database: str = "",
        tables: Mapping[str, Mapping[str, Any]] | None = None,
        consent: Mapping[str, str] | None = None,
        restriction_field: str = "",
    ) -> None:
        try:
            self.model: type[Model] = apps.get_model(model)
            self.consent, self.restriction_field = dict(consent or {}), restriction_field
            flags = [*self.consent.values(), *filter(None, [restriction_field])]
            for field in (*email_fields, *identifier_fields, *filter(None, [since_field]), *flags):
                self.model._meta.get_field(field)
            self.held = [_held(name, told) for name, told in (tables or {}).items()]
        except (LookupError, FieldDoesNotExist, FieldError) as error:
            raise ValueError(str(error)) from None
        if not email_fields:
            raise ValueError("email_fields is empty: nobody could be asked")
        self.email_fields, self.identifier_fields = tuple(email_fields), tuple(identifier_fields)
        self.since_field, self.database = since_field, database
        self.verify_database = verify_database or database

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
        with _away():
            found = list(rows[: MOST + 1])
        if len(found) > MOST:
            raise PermanentFailure(f"more than {MOST} people are found")
        return [self._match(row) for row in found if self._is_meant(row, query)]

    def everybody(self) -> Iterator[Match]:
        """Read row by row."""
        columns = ("pk", *self.email_fields, *filter(None, [self.since_field]))
        rows = self.model._default_manager.using(self.database).order_by("pk").values(*columns)
        with _away():
            for row in rows.iterator(chunk_size=CHUNK):
                yield self._match(row)

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> Sequence[Planned]:
        """Count, and say what the options say."""
        with _away():
            return django_erasing.planned(self.held, list(self._keys(references)), self.database)

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Sequence[Carried]:
        """Whoever names goes before whoever is named; nothing goes along by a cascade."""
        with _away():
            return django_erasing.erased(self.held, list(self._keys(references)), list(items), self.database)

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> Sequence[Remaining]:
        """Count by the other credentials, where there are such."""
        with _away():
            return django_erasing.remaining(self.held, list(self._keys(references)), self.verify_database)

    def withdraw_consent(self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str) -> None:
        """Set the fields of these purposes; NotOffered names those that have none, after the others were set."""
        latest = {act.purpose: act for act in sorted(acts, key=lambda act: act.at)}
        with _away():
            for purpose, field in self.consent.items():
                if act := latest.get(purpose):
                    self._people(references).update(**{field: act.allowed})
        if missing := sorted(set(latest) - set(self.consent)):
            raise NotOffered(f"the options name no field for {', '.join(missing)}")

    def rectify(self, references: Sequence[str], *, changes: Sequence[Change], request_id: str) -> Sequence[Changed]:
        """Put right what the options list under `rectify`."""
        with _away():
            return django_changing.put_right(self.held, list(self._keys(references)), changes, self.database)

    def restrict(self, references: Sequence[str], *, restricted: bool, request_id: str) -> Sequence[Remaining]:
        """Set the one field that the options name."""
        if not self.restriction_field:
            raise NotOffered("the options name no restriction_field")
        with _away():
            marked = self._people(references).update(**{self.restriction_field: restricted})
        return [Remaining(self.model._meta.label, marked)]

    def _people(self, references: Sequence[str]) -> QuerySet[Model]:
        return self.model._default_manager.using(self.database).filter(pk__in=list(self._keys(references)))

    def describe(self) -> Sequence[Table]:
        """The models of `tables`."""
        return tuple(held.table for held in self.held)

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted:
        """Hand out the rows that lead to these people, model after model, in the order of their keys."""
        return self._extracted(references)

    def _extracted(self, references: Sequence[str]) -> Iterator[Record]:
        keys = list(self._keys(references))
        for held in self.held:
            names = [column.name for column in held.table.columns]
            rows = held.model._default_manager.using(self.database).filter(**{f"{held.person}__in": keys})
            with _away():
                for row in rows.order_by("pk").distinct().values_list(*names).iterator(chunk_size=CHUNK):
                    yield Record(held.table.name, dict(zip(names, row, strict=True)))

    def _keys(self, references: Sequence[str]) -> Iterator[Any]:
        """Yield what can be a key of a person; a reference of another source is none."""
        for reference in references:
            with suppress(ValidationError):
                yield self.model._meta.pk.to_python(reference)

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
        numbers = [str(row[field]) for field in self.identifier_fields if row.get(field)]
        label = ", ".join([f"{self.model._meta.verbose_name} {row['pk']}", *numbers])
        return Match(str(row["pk"]), tuple(OnFile(address, since=since) for address in addresses), label)


def _held(name: str, told: Mapping[str, Any]) -> Held:
    model, person = apps.get_model(name), str(told.get("person", ""))
    if not person:
        raise ValueError(f"table {name}: person is missing: the look-up that leads from it to the people")
    fields = told.get("fields") or [field.attname for field in model._meta.concrete_fields]
    own = told.get("own", ())
    if unknown := set(own) - set(fields):
        raise ValueError(f"table {name}: own names {', '.join(sorted(unknown))}, which is not among its fields")
    columns = {field: {"kind": _kind(model._meta.get_field(field)), "own": field in own} for field in fields}
    model._default_manager.filter(**{f"{person}__in": []})  # FieldError where it leads nowhere
    rest = {key: value for key, value in told.items() if key not in {"person", "fields", "own"}}
    (described,) = described_tables({name: {**rest, "columns": columns}}, besides=at_erasure.OPTIONS)
    known = {one for field in model._meta.concrete_fields for one in (field.name, field.attname)}
    treatment = at_erasure.treatment(told, known, f"table {name}")
    return Held(model, person, described, treatment, own=django_erasing.leads_forward(model, person))


def _kind(field: Any) -> str:
    target = field.target_field if isinstance(field, ForeignKey) else field
    return KIND_OF.get(target.get_internal_type(), "text")


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise RetryLater(type(error).__name__) from error


def _instant(value: date | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC)
