"""Putting values of Django models right: the one that is meant, and only where the options let it."""

from collections.abc import Sequence
from typing import Any

from requests_app.rules.addresses import normalise

from .base import NotOffered
from .django_erasing import Held
from .work import Change, Changed, Outcome

SPELLINGS = 20  # values of one field of a person that are compared


def put_right(listed: Sequence[Held], keys: Sequence[Any], changes: Sequence[Change], database: str) -> list[Changed]:
    """Return the outcome of each; where several values stand there and none is named, people have to."""
    if not any(held.treatment.rectify for held in listed):
        raise NotOffered("the options list no field that may be put right")
    return [Changed(change.field, _put_right(listed, keys, change, database)) for change in changes]


def _put_right(listed: Sequence[Held], keys: Sequence[Any], change: Change, database: str) -> Outcome:
    meant = [
        (held, column, value)
        for held in listed
        for column in held.table.columns
        if change.field in {column.name, f"{held.table.name}.{column.name}"}
        for value in held.rows(keys, database).order_by().values_list(column.name, flat=True).distinct()[:SPELLINGS]
        if value is not None
    ]
    if change.before:
        before = normalise(change.before)
        named = [one for one in meant if normalise(str(one[2])) == before]
        meant = named or [one for one in meant if str(one[2]) == change.wanted]
    if not meant:
        return Outcome.NOT_FOUND
    values = {str(value) for _, _, value in meant}
    if values == {change.wanted}:
        return Outcome.ALREADY
    if len(values) > 1 or not all(_may(held, column) for held, column, _ in meant):
        return Outcome.REFUSED
    for held, column, value in meant:
        held.rows(keys, database).filter(**{column.name: value}).update(**{column.name: change.wanted})
    return Outcome.CHANGED


def _may(held: Held, column: Any) -> bool:
    return held.own and column.kind == "text" and column.name in held.treatment.rectify
