"""What may be changed in a database besides erasing: consent, a value that is wrong, and the flag of a restriction.

Only what the map names; each is one statement over the person's own rows.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from requests_app.connectors.base import NotOffered
from requests_app.connectors.data_map import MapColumn
from requests_app.connectors.data_map.model import Switch
from requests_app.connectors.work import Change, Changed, ConsentAct, Outcome, Remaining
from requests_app.rules.addresses import normalise

from .reach import Reach

SPELLINGS = 20  # values of one column of a person that are compared


def set_consent(reach: Reach, acts: Iterable[ConsentAct]) -> None:
    """Set the switches of these purposes; NotOffered names those that have none, after the others were set."""
    latest = {act.purpose: act for act in sorted(acts, key=lambda act: act.at)}
    switches = reach.erasure.data_map.consent
    for purpose, switch in switches:
        if act := latest.get(purpose):
            _set(reach, switch, act)
    if missing := sorted(set(latest) - {purpose for purpose, _ in switches}):
        raise NotOffered(f"the map names no column for {', '.join(missing)}")


def _set(reach: Reach, switch: Switch, act: ConsentAct) -> None:
    condition, source = reach.conditions.get(switch.table), reach.shapes[switch.table].source
    if condition is None:
        return
    value = switch.allowed if act.allowed else switch.stopped
    values = {switch.column: value}
    owed = or_(source.c[switch.column].is_(None), source.c[switch.column] != value)
    if switch.at:
        instant = act.at.strftime("%Y-%m-%d %H:%M:%S")  # UTC, as the connection is
        values[switch.at] = instant
        owed = or_(source.c[switch.at].is_(None), source.c[switch.at] <= instant)
    with reach.connection.begin():
        reach.connection.execute(update(source).where(condition, owed).values(values))


def set_restriction(reach: Reach, restricted: bool) -> list[Remaining]:
    """Set the flag in each table that has one; return how many rows of a person it stands in now."""
    if not reach.erasure.data_map.restriction:
        raise NotOffered("the map names no column for a restriction")
    done = []
    for key, column in reach.erasure.data_map.restriction:
        if (condition := reach.conditions.get(key)) is not None:
            source = reach.shapes[key].source
            with reach.connection.begin():
                rows = reach.connection.scalar(select(func.count()).select_from(source).where(condition))
                reach.connection.execute(update(source).where(condition).values({column: restricted}))
            done.append(Remaining(key, int(rows or 0)))
    return done


def put_right(reach: Reach, changes: Sequence[Change]) -> list[Changed]:
    """Change the one value that is meant; where several stand there and none is named, people have to."""
    columns = [(table.key, one) for table in reach.erasure.data_map.tables for one in table.columns]
    if not any(column.rectify for _, column in columns):
        raise NotOffered("the map names no column that may be put right")
    return [
        Changed(
            change.field,
            _put_right(reach, change, [(k, c) for k, c in columns if change.field in {c.name, f"{k}.{c.name}"}]),
        )
        for change in changes
    ]


def _put_right(reach: Reach, change: Change, columns: Sequence[tuple[str, MapColumn]]) -> Outcome:
    with reach.connection.begin():
        meant = [(key, column, value) for key, column in columns for value in _values(reach, key, column.name)]
        if change.before:
            before = normalise(change.before)
            named = [one for one in meant if normalise(one[2]) == before]
            meant = named or [one for one in meant if one[2] == change.wanted]
        if not meant:
            return Outcome.NOT_FOUND
        if {value for _, _, value in meant} == {change.wanted}:
            return Outcome.ALREADY
        if len({value for _, _, value in meant}) > 1:
            return Outcome.REFUSED
        if any(not column.rectify or column.kind != "text" or key not in reach.erasure.own for key, column, _ in meant):
            return Outcome.REFUSED
        for key, column, value in meant:
            source = reach.shapes[key].source
            where: ColumnElement[bool] = and_(reach.conditions[key], source.c[column.name] == value)
            reach.connection.execute(update(source).where(where).values({column.name: change.wanted}))
    return Outcome.CHANGED


def _values(reach: Reach, key: str, name: str) -> list[str]:
    if (condition := reach.conditions.get(key)) is None:
        return []
    column = reach.shapes[key].source.c[name]
    found = select(column).where(condition, column.is_not(None)).distinct().limit(SPELLINGS)
    return [str(value) for value in reach.connection.scalars(found)]
