"""A data map in TOML. Every mistake is gathered with its place, none stops the others."""

from collections.abc import Mapping
from typing import Any

from requests_app.connectors.at_erasure import AT_ERASURE, DELETE, KEEP, keeping_of
from requests_app.connectors.records import BASES, KINDS, NOTHING, TEXTS, About
from requests_app.rules.policy import Mistake, PolicyError, Text
from requests_app.rules.toml_table import Table, flag, list_of, one_of, tables_of, text, words

from .model import EMAIL_IDENTITY, FOLLOW, FROM, DataMap, MapColumn, MapTable, Reference
from .switches import consent, restriction, switches_wrong

IDENTITIES = (EMAIL_IDENTITY, "identifier")


class DataMapError(PolicyError):
    """A data map that cannot be used, with everything that is wrong with it."""


def read_map(content: str) -> DataMap:
    """Return the map; raises DataMapError."""
    try:
        raw = tables_of(content)
    except PolicyError as error:
        raise DataMapError(error.mistakes) from None
    mistakes: list[Mistake] = []
    root = Table(raw, "", mistakes, {})
    about, at_erasure = About(), DELETE
    if "defaults" in root.left:
        defaults = root.sub("defaults")
        about, at_erasure = read_about(defaults, about), _at_erasure(defaults, DELETE)
        defaults.close()
    listed = root.sub("tables")
    tables = [_table(listed.sub(key), key, about, at_erasure) for key in list(listed.left)]
    told, flags = consent(root), restriction(root)
    root.close()
    made = DataMap(tuple(tables), consent=told, restriction=flags)
    if not mistakes:
        mistakes += wrong(made)
    if mistakes:
        raise DataMapError(tuple(mistakes))
    return made


def read_defaults(raw: Mapping[str, Any]) -> About:
    """Return what holds for every column where the map says nothing else; raises DataMapError."""
    mistakes: list[Mistake] = []
    table = Table(dict(raw), "defaults", mistakes, {})
    about = read_about(table, About())
    table.close()
    if mistakes:
        raise DataMapError(tuple(mistakes))
    return about


def read_about(table: Table, above: About) -> About:
    """Return why something is held; what a place does not say is as above it."""
    return About(
        **{key: table.bare(key, plain, getattr(above, key)) or NOTHING for key in TEXTS},
        basis=table.bare("basis", one_of(BASES), above.basis) or "",
        recipients=table.bare("recipients", list_of(plain, empty=True), above.recipients) or (),
        provided=bool(table.bare("provided", flag, above.provided)),
    )


def plain(raw: object) -> Text:
    """One text for both languages, or one for each."""
    if isinstance(raw, dict):
        return words(raw)
    return Text(text(raw), text(raw))


def _table(table: Table, key: str, above: About, erased: str) -> MapTable:
    about = read_about(table, above)
    said = "at_erasure" in table.left or "keep" in table.left
    at_erasure = _at_erasure(table, KEEP if "keep" in table.left else erased)
    listed = table.sub("columns")
    columns = tuple(_column(listed, key, name, about, at_erasure) for name in list(listed.left))
    if not columns:
        table.wrong("columns", "has to name at least one column")
    names = [column.name for column in columns]
    keeping = table.bare("keep", lambda raw: keeping_of(raw, names, "keep")) if "keep" in table.left else None
    made = MapTable(
        key=key,
        columns=columns,
        primary_key=table.bare("primary_key", _names, ()) or (),
        name=table.bare("name", text, key) or key,
        schema=table.bare("schema", str, "") or "",
        label=table.bare("label", plain, NOTHING) or NOTHING,
        since=table.bare("since", str, "") or "",
        said=said,
        keeping=keeping,
        people=table.bare("people", flag) if "people" in table.left else None,
    )
    table.close()
    return made


def _names(raw: object) -> tuple[str, ...]:
    return (text(raw),) if isinstance(raw, str) else list_of(text)(raw)


def _column(listed: Table, key: str, name: str, above: About, erased: str) -> MapColumn:
    if isinstance(listed.left[name], str):  # the kind alone
        listed.left[name] = {"kind": listed.left[name]}
    column = listed.sub(name)
    identity = column.bare("identity", one_of(IDENTITIES), "") or ""
    follow = column.bare("follow", one_of(FOLLOW), FROM) or FROM
    places = column.bare("references", _places, ()) or ()
    made = MapColumn(
        name=name,
        kind=column.bare("kind", one_of(KINDS), "text") or "text",
        about=read_about(column, above),
        identity=f"{key}.{name}" if identity == "identifier" else identity,
        own=bool(column.bare("own", flag, False)),
        normalised=bool(column.bare("normalised", flag, False)),
        references=tuple(Reference(table, referred, follow) for table, referred in places),
        at_erasure=_at_erasure(column, erased),
        rectify=bool(column.bare("rectify", flag, False)),
    )
    column.close()
    return made


def _at_erasure(table: Table, above: str) -> str:
    return table.bare("at_erasure", one_of(AT_ERASURE), above) or above


def _places(raw: object) -> tuple[tuple[str, str], ...]:
    named = [raw] if isinstance(raw, str) else raw
    if not isinstance(named, list) or not all(isinstance(one, str) and one.count(".") == 1 for one in named):
        raise ValueError('has to be "table.column", or a list of them')
    return tuple((one.split(".")[0], one.split(".")[1]) for one in named)


def wrong(data_map: DataMap) -> list[Mistake]:
    """What one table says of another, or of its own columns, that is not so."""
    mistakes = []
    for table in data_map.tables:
        named = [("primary_key", name) for name in table.primary_key]
        named += [("since", table.since)] if table.since else []
        for place, name in named:
            if table.column(name) is None:
                mistakes.append(Mistake(f"tables.{table.key}.{place}", f"{name} is not among its columns"))
        if table.people and not table.primary_key:
            mistakes.append(Mistake(f"tables.{table.key}.people", "needs a primary_key, by which they are told apart"))
        for column in table.columns:
            for reference in column.references:
                referred = data_map.by_key.get(reference.table)
                if referred is None or referred.column(reference.column) is None:
                    place = f"tables.{table.key}.columns.{column.name}.references"
                    mistakes.append(Mistake(place, f"{reference.table}.{reference.column} is not in this map"))
    mistakes += switches_wrong(data_map)
    if not any(table.identities for table in data_map.tables):
        mistakes.append(Mistake("tables", 'no column has identity = "email" or "identifier": nobody could be found'))
    return mistakes
