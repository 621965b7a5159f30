"""What a source holds, as its options tell it: tables, their columns, and what an answer has to say of them."""

from collections.abc import Collection, Mapping
from typing import Any

from requests_app.rules.policy import Text

from .records import ABOUT, BASES, KINDS, NOTHING, TEXTS, About, Column, Table

OF_BOTH = frozenset(ABOUT)


def tables(given: Mapping[str, Any], *, besides: Collection[str] = ()) -> tuple[Table, ...]:
    """Return the tables of {name: {label, columns: {name: kind, or {kind, ...}}, ...}}; ValueError names the place.

    What a table says of purpose, basis and the like holds for each of its columns that does not say it anew.
    `besides`: what else a table may say, which somebody else reads.
    """
    listed = [(name, _mapping(of, name)) for name, of in _mapping(given, "tables").items()]
    return tuple(_table(name, {key: of[key] for key in of if key not in besides}) for name, of in listed)


def _table(name: str, given: Mapping[str, Any]) -> Table:
    _known(given, OF_BOTH | {"label", "columns"}, name)
    columns = _mapping(given.get("columns", {}), f"{name}.columns")
    if not columns:
        raise ValueError(f"{name}.columns is empty: name what a record holds")
    shared = {key: value for key, value in given.items() if key in OF_BOTH}
    described = tuple(_column(column, shared, of, f"{name}.{column}") for column, of in columns.items())
    return Table(name, described, text(given.get("label", name), f"{name}.label"))


def _column(name: str, shared: Mapping[str, Any], given: Any, place: str) -> Column:
    own = _mapping({"kind": given} if isinstance(given, str) else given, place)
    _known(own, OF_BOTH | {"kind", "own"}, place)
    kind = own.get("kind", "text")
    if kind not in KINDS:
        raise ValueError(f"{place}.kind is not one of {', '.join(KINDS)}")
    theirs = own.get("own", False)
    if not isinstance(theirs, bool):
        raise ValueError(f"{place}.own has to be true or false")
    return Column(name, kind, _about({**shared, **own}, place), theirs)


def _about(given: Mapping[str, Any], place: str) -> About:
    basis, recipients, provided = given.get("basis", ""), given.get("recipients", ()), given.get("provided", False)
    if basis and basis not in BASES:
        raise ValueError(f"{place}.basis is not one of {', '.join(BASES)}")
    if not isinstance(recipients, list | tuple):
        raise ValueError(f"{place}.recipients has to be a list")
    if not isinstance(provided, bool):
        raise ValueError(f"{place}.provided has to be true or false")
    return About(
        **{key: text(given.get(key, ""), f"{place}.{key}") for key in TEXTS},
        basis=basis,
        recipients=tuple(text(one, f"{place}.recipients") for one in recipients),
        provided=provided,
    )


def text(given: Any, place: str) -> Text:
    """Return the words in both languages, {en, it}; one text stands for both. ValueError names the place."""
    if isinstance(given, str):
        return Text(given, given) if given else NOTHING
    if isinstance(given, Mapping) and set(given) == {"en", "it"} and all(isinstance(v, str) for v in given.values()):
        return Text(given["en"], given["it"])
    raise ValueError(f"{place} has to be a text, or {{en = ..., it = ...}}")


def _mapping(given: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} has to be a table")
    return given


def _known(given: Mapping[str, Any], names: frozenset[str], place: str) -> None:
    if unknown := set(given) - names:
        raise ValueError(f"{place}: {', '.join(sorted(unknown))} is not known")
