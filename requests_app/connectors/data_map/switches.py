"""Where a database keeps what people allowed, and that their data are not used: [consent.PURPOSE] and [restriction]."""

from collections.abc import Iterator

from requests_app.rules.policy import Mistake
from requests_app.rules.toml_table import Table, text

from .model import DataMap, Switch


def consent(root: Table) -> tuple[tuple[str, Switch], ...]:
    """Read [consent.PURPOSE] with table, column, allowed and stopped (its values), and at (a column)."""
    if "consent" not in root.left:
        return ()
    listed = root.sub("consent")
    return tuple((purpose, _switch(listed.sub(purpose))) for purpose in list(listed.left))


def _switch(table: Table) -> Switch:
    allowed = table.bare("allowed", _value, True)
    if not isinstance(allowed, bool) and "stopped" not in table.left:
        table.wrong("stopped", "is missing: the value that says that it is not allowed")
    made = Switch(
        table=table.bare("table", text) or "",
        column=table.bare("column", text) or "",
        allowed=allowed,
        stopped=table.bare("stopped", _value, not allowed),
        at=table.bare("at", str, "") or "",
    )
    table.close()
    return made


def restriction(root: Table) -> tuple[tuple[str, str], ...]:
    """Read [restriction] with table = "column", one for each table that has such a flag."""
    if "restriction" not in root.left:
        return ()
    listed = root.sub("restriction")
    return tuple((table, listed.bare(table, text) or "") for table in list(listed.left))


def switches_wrong(data_map: DataMap) -> Iterator[Mistake]:
    """Yield the tables and columns that these name and the map has not."""
    named = [
        (f"consent.{purpose}", one.table, name)
        for purpose, one in data_map.consent
        for name in (one.column, one.at)
        if name
    ]
    named += [("restriction", table, column) for table, column in data_map.restriction]
    for place, key, column in named:
        table = data_map.by_key.get(key)
        if table is None or table.column(column) is None:
            yield Mistake(place, f"{key}.{column} is not in this map")


def _value(raw: object) -> object:
    if not isinstance(raw, bool | int | str):
        raise ValueError("has to be true, false, a whole number or a text")
    return raw
