"""Erasing rows of Django models: whoever names before whoever is named, and nothing that a cascade would take along."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import SET_DEFAULT, SET_NULL, ForeignKey, Max, Model, ProtectedError, Q, QuerySet
from django.db.models.deletion import Collector

from requests_app.rules.policy import Text

from .at_erasure import Treatment, emptied
from .base import PermanentFailure
from .records import NOTHING, Table
from .work import Carried, Instruction, Planned, Remaining, Way

BATCH = 1000  # rows of one transaction
SHARED = Text("Rows of other people may name them, too.", "Anche righe di altre persone possono indicarli.")
SIGN = "~"  # with which a random text begins
FIXED: Mapping[str, Any] = {
    **dict.fromkeys(("CharField", "TextField", "SlugField", "FileField", "FilePathField"), ""),
    **dict.fromkeys(("IntegerField", "BigIntegerField", "PositiveIntegerField", "SmallIntegerField", "FloatField",
                     "PositiveSmallIntegerField", "PositiveBigIntegerField", "DecimalField"), 0),
    "BooleanField": False, "DateField": date(1900, 1, 1), "DateTimeField": datetime(1900, 1, 1, tzinfo=UTC),
    "TimeField": time(0), "DurationField": timedelta(0), "JSONField": {}, "BinaryField": b"",
    "GenericIPAddressField": "192.0.2.0", "UUIDField": UUID(int=0),  # of RFC 5737, nobody's
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A model that holds something of people: `person` leads from it to the people, as a look-up of Django's.

    `own`: its rows name the person, or rows that do; else rows of others may share them.
    """

    model: type[Model]
    person: str
    table: Table
    treatment: Treatment
    own: bool

    def rows(self, keys: Sequence[Any], database: str) -> QuerySet[Model]:
        """Return the rows of these people."""
        found = self.model._default_manager.using(database).filter(**{f"{self.person}__in": keys})
        return found if self.person == "pk" else found.filter(pk__in=found.order_by().values("pk"))

    def held(self, keys: Sequence[Any], database: str) -> QuerySet[Model]:
        """Return those that still hold something of them; what is emptied is nobody's."""
        owed = Q()
        for field in self.emptied_fields():
            owed |= _owed(field)
        return self.rows(keys, database).filter(owed)

    def emptied_fields(self) -> list[Any]:
        """Return the fields that are emptied where a row stays."""
        return [one for one in self.model._meta.concrete_fields if self._can_be(one)]

    def _can_be(self, field: Any) -> bool:
        if field.primary_key or {field.name, field.attname} & self.treatment.stays:
            return False
        if field.null:
            return True
        fixed = FIXED.get(field.get_internal_type())
        if fixed is None or isinstance(field, ForeignKey):
            return False
        return not field.unique or isinstance(fixed, str) or type(fixed) is int

    @property
    def method(self) -> Text:
        """Say what stays."""
        gone = self.emptied_fields()
        return emptied(one.name for one in self.model._meta.concrete_fields if one not in gone)


def leads_forward(model: type[Model], person: str) -> bool:
    """Whether each row names one person, by references of its own and of what it names."""
    for part in person.split("__") if person != "pk" else ():
        field: Any = model._meta.get_field(part) if part != "pk" else None
        if field is None or not isinstance(field, ForeignKey):
            return field is None
        model = field.related_model
    return True


def planned(listed: Sequence[Held], keys: Sequence[Any], database: str) -> list[Planned]:
    """Return what each model holds, in the order in which they go, and what is proposed."""
    plan: list[Planned] = []
    ways: dict[str, Way] = {}
    for held in in_order(listed):
        rows, keeping = held.held(keys, database), held.treatment.keeping
        way, why = _proposed(held, listed, ways)
        ways[held.table.name] = way
        until = None
        if way == Way.KEEP and keeping and keeping.counted_from:
            until = keeping.until([rows.aggregate(latest=Max(keeping.counted_from))["latest"]])
        if count := rows.count():
            plan.append(Planned(held.table.name, count, way, why, until))
    return plan


def erased(listed: Sequence[Held], keys: Sequence[Any], items: Sequence[Instruction], database: str) -> list[Carried]:
    """Carry the items out in batches; killed anywhere it may run again."""
    ways = {item.table: item.way for item in items}
    for held in listed:
        if conflict := _conflict(held, listed, ways, keys, database):
            raise PermanentFailure(conflict)
    records: dict[str, int] = {}
    for held in in_order(listed):
        way = ways.get(held.table.name, Way.KEEP)
        if way != Way.KEEP:
            records[held.table.name] = sum(_batches(held, way, keys, database))
    by_name = {held.table.name: held for held in listed}
    left = {name: by_name[name].held(keys, database).count() for name in ways if name in by_name}
    return [Carried(one.table, one.way, records.get(one.table, 0), left.get(one.table, 0)) for one in items]


def remaining(listed: Sequence[Held], keys: Sequence[Any], database: str) -> list[Remaining]:
    """Count what still holds something."""
    counted = [(held.table.name, held.held(keys, database).count()) for held in in_order(listed)]
    return [Remaining(name, count) for name, count in counted if count]


def in_order(listed: Sequence[Held]) -> Iterator[Held]:
    """Yield whoever names before whoever is named; in a circle as they are listed."""
    left = list(listed)
    while left:
        free = [one for one in left if not any(_names(other, one) for other in left if other is not one)]
        chosen = (free or left)[0]
        left.remove(chosen)
        yield chosen


def _proposed(held: Held, listed: Sequence[Held], ways: Mapping[str, Way]) -> tuple[Way, Text]:
    way = held.treatment.way
    if not held.own:
        return Way.KEEP, held.treatment.why if way == Way.KEEP else SHARED
    staying = [one.table.name for one in listed if one is not held and _holds(one, held, ways)]
    if way == Way.ERASE and staying:
        named, method = ", ".join(staying), held.method
        return Way.ANONYMISE, Text(
            f"Rows of {named} name it, and stay. {method.en}",
            f"Righe di {named} lo indicano e restano. {method.it}",
        )
    if way == Way.ANONYMISE:
        return way, held.method
    return way, held.treatment.why if way == Way.KEEP else NOTHING


def _conflict(held: Held, listed: Sequence[Held], ways: Mapping[str, Way], keys: Sequence[Any], database: str) -> str:
    name, way = held.table.name, ways.get(held.table.name, Way.KEEP)
    if way == Way.KEEP:
        return ""
    if not held.own:
        return f"rows of {name} may be named by rows of others: nothing of it is erased from here"
    if way == Way.ANONYMISE and not held.emptied_fields():
        return f"every field of {name} is kept, so nothing of it becomes nobody's"
    for other in listed if way == Way.ERASE else ():
        if other is not held and _holds(other, held, ways) and other.rows(keys, database).exists():
            return f"rows of {other.table.name} stay and name rows of {name}: decide to anonymise {name}"
    return ""


def _holds(other: Held, held: Held, ways: Mapping[str, Way]) -> bool:
    """Whether rows of the other stay, and would not let those that they name go."""
    way = ways.get(other.table.name, Way.KEEP)
    return any(
        way == Way.KEEP or (way == Way.ANONYMISE and field not in other.emptied_fields())
        for field in _foreign_keys(other, held)
        if field.remote_field.on_delete not in {SET_NULL, SET_DEFAULT}
    )


def _names(other: Held, held: Held) -> bool:
    return bool(_foreign_keys(other, held))


def _foreign_keys(other: Held, held: Held) -> list[Any]:
    fields = other.model._meta.concrete_fields
    return [one for one in fields if isinstance(one, ForeignKey) and one.related_model is held.model]


def _batches(held: Held, way: Way, keys: Sequence[Any], database: str) -> Iterator[int]:
    wanted = held.held(keys, database) if way == Way.ANONYMISE else held.rows(keys, database)
    while True:
        with transaction.atomic(using=database):
            batch = list(wanted.order_by("pk").values_list("pk", flat=True)[:BATCH])
            if not batch:
                return
            rows = held.model._default_manager.using(database).filter(pk__in=batch)
            try:
                _delete(held, rows, database) if way == Way.ERASE else _empty(held, rows)
            except (IntegrityError, ProtectedError):
                raise PermanentFailure(
                    f"{held.table.name}: rows that are not configured name rows of it, or may not stand without a value"
                ) from None
        yield len(batch)


def _delete(held: Held, rows: QuerySet[Model], database: str) -> None:
    collector = Collector(using=database)
    collector.collect(list(rows))
    own = {held.model, *held.model._meta.get_parent_list()}
    taken = [model for model, found in collector.data.items() if found]
    taken += [found.model for found in collector.fast_deletes if found.exists()]
    along = sorted({model._meta.label for model in taken if model not in own and not model._meta.auto_created})
    if along:
        raise PermanentFailure(f"{held.table.name}: with its rows would go rows of {', '.join(along)}: configure these")
    collector.delete()


def _empty(held: Held, rows: QuerySet[Model]) -> None:
    fields = held.emptied_fields()
    if not any(field.unique and not field.null for field in fields):
        rows.update(**{field.attname: _value(field) for field in fields})
        return
    for key in list(rows.values_list("pk", flat=True)):
        rows.filter(pk=key).update(**{field.attname: _value(field) for field in fields})


def _value(field: Any) -> Any:
    kind = field.get_internal_type()
    if field.null:
        return None
    if not field.unique:
        return FIXED[kind]
    if isinstance(FIXED[kind], str):
        return (SIGN + secrets.token_hex(16))[: field.max_length or 33]
    return -1 - secrets.randbelow(2**31 - 1)


def _owed(field: Any) -> Q:
    """The condition that a field still holds something."""
    name = field.attname
    if field.null:
        return Q(**{f"{name}__isnull": False})
    if not field.unique:
        return ~Q(**{name: FIXED[field.get_internal_type()]})
    if isinstance(FIXED[field.get_internal_type()], str):
        return ~Q(**{f"{name}__startswith": SIGN})
    return Q(**{f"{name}__gte": 0})
