"""What people of `InMemory` are erased, changed and marked by: everything happens in their own entries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from requests_app.rules.addresses import normalise

from .at_erasure import Treatment
from .records import Table
from .work import Carried, Change, Changed, ConsentAct, Instruction, Outcome, Planned, Remaining, Way

Person = dict[str, Any]
Row = Mapping[str, Any]


def planned(people: Sequence[Person], treatments: Mapping[str, Treatment]) -> list[Planned]:
    """Return what each table holds of them, and what its treatment proposes."""
    plan = []
    for table, treatment in treatments.items():
        if rows := list(_rows(people, table)):
            keeping = treatment.keeping
            until = keeping.until(row.get(keeping.counted_from) for row in rows) if keeping else None
            plan.append(Planned(table, len(rows), treatment.way, treatment.why, until))
    return plan


def erased(
    everybody: list[Person],
    people: Sequence[Person],
    items: Iterable[Instruction],
    treatments: Mapping[str, Treatment],
) -> list[Carried]:
    """Carry the items out, one table after another. Whoever has no record left is on file no more."""
    done = []
    for item in items:
        rows = list(_rows(people, item.table))
        if item.way == Way.KEEP or item.table not in treatments:
            done.append(Carried(item.table, item.way, 0, left=len(rows)))
            continue
        if item.way == Way.ANONYMISE and rows:
            stays = treatments[item.table].stays
            nobodys = [{name: value if name in stays else None for name, value in row.items()} for row in rows]
            everybody.append({"records": {item.table: nobodys}})
        for person in people:
            person.get("records", {}).pop(item.table, None)
        done.append(Carried(item.table, item.way, len(rows)))
    for person in people:
        if done and not any(person.get("records", {}).values()):
            person.clear()  # and its place stays: others may be named by theirs
    return done


def remaining(people: Sequence[Person], tables: Iterable[str]) -> list[Remaining]:
    """Count what each table holds of them."""
    counted = ((table, sum(1 for _ in _rows(people, table))) for table in tables)
    return [Remaining(table, count) for table, count in counted if count]


def note_consent(people: Sequence[Person], acts: Iterable[ConsentAct]) -> None:
    """Keep {purpose: {allowed, at}}; an act that is older than what stands there changes nothing."""
    for person in people:
        noted = person.setdefault("consents", {})
        for act in acts:
            if act.purpose not in noted or noted[act.purpose]["at"] <= act.at:
                noted[act.purpose] = {"allowed": act.allowed, "at": act.at}


def rectified(
    people: Sequence[Person],
    changes: Iterable[Change],
    tables: Mapping[str, Table],
    treatments: Mapping[str, Treatment],
) -> list[Changed]:
    """Change the one value that is meant; where several differ and none is named, people have to."""
    return [Changed(change.field, _rectified(people, change, tables, treatments)) for change in changes]


def _rectified(
    people: Sequence[Person], change: Change, tables: Mapping[str, Table], treatments: Mapping[str, Treatment]
) -> Outcome:
    found = [
        (table.name, column)
        for table in tables.values()
        for column in table.columns
        if change.field in {column.name, f"{table.name}.{column.name}"}
    ]
    meant = [(row, column.name) for table, column in found for row in _rows(people, table) if column.name in row]
    if change.before:
        before = normalise(change.before)
        named = [one for one in meant if normalise(str(one[0][one[1]])) == before]
        meant = named or [one for one in meant if str(one[0][one[1]]) == change.wanted]
    if not meant:
        return Outcome.NOT_FOUND
    values = {str(row[name]) for row, name in meant}
    if values == {change.wanted}:
        return Outcome.ALREADY
    if len(values) > 1 or any(
        column.name not in treatments[table].rectify or column.kind != "text" for table, column in found
    ):
        return Outcome.REFUSED
    for row, name in meant:
        row[name] = change.wanted  # type: ignore[index]
    return Outcome.CHANGED


def _rows(people: Iterable[Person], table: str) -> Iterator[Row]:
    for person in people:
        yield from person.get("records", {}).get(table, ())
