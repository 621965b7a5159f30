"""A Fides dataset in YAML as a data map: one that exists already works as it stands.

What it says that has no meaning for a database, or that nobody could follow, is kept in `left_out`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from requests_app.connectors.at_erasure import DELETE, MASK
from requests_app.connectors.records import About
from requests_app.rules.policy import Mistake, Text

from .categories import is_contact, words_of
from .model import BOTH, FOLLOW, DataMap, MapColumn, MapTable, Reference
from .toml_file import DataMapError, wrong

KINDS = {"string": "text", "integer": "number", "float": "number", "boolean": "boolean", "object": "json"}
Raw = Mapping[str, Any]


def read_fides(content: str, *, dataset: str = "", above: About | None = None) -> DataMap:
    """Return the map of one dataset; `dataset` is its key where the file holds several. Raises DataMapError.

    `above`: what holds for every column, since a dataset names neither purpose nor basis.
    """
    try:
        raw = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _error("file", f"is not YAML{f' (line {mark.line + 1})' if mark else ''}") from None
    chosen = _chosen(raw, dataset)
    reader = _Reader(chosen, above or About())
    made = DataMap(tuple(reader.tables()), tuple(reader.left_out))
    mistakes = reader.mistakes or wrong(made)
    if mistakes:
        raise DataMapError(tuple(mistakes))
    return made


def _error(place: str, reason: str) -> DataMapError:
    return DataMapError((Mistake(place, reason),))


def _chosen(raw: object, key: str) -> Raw:
    listed = raw.get("dataset") if isinstance(raw, Mapping) else None
    datasets = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(datasets, list) or not all(isinstance(one, Mapping) and one.get("fides_key") for one in datasets):
        raise _error("dataset", "has to be a list of datasets, each with a fides_key")
    keys = [str(one["fides_key"]) for one in datasets]
    if not key and len(keys) == 1:
        return datasets[0]  # type: ignore[no-any-return]
    if key not in keys:
        raise _error("dataset", f"there are several: name one of {', '.join(keys)} in the option `dataset`")
    return datasets[keys.index(key)]  # type: ignore[no-any-return]


class _Reader:
    def __init__(self, dataset: Raw, above: About) -> None:
        self.dataset, self.key = dataset, str(dataset["fides_key"])
        self.above = _with_retention(dataset, above)
        self.mistakes: list[Mistake] = []
        self.left_out: list[tuple[str, str]] = []

    def tables(self) -> Iterator[MapTable]:
        collections = self._named(self.dataset.get("collections"), "collections")
        used = [(name, raw) for name, raw in collections if not meta(raw).get("skip_processing")]
        known = {name: {str(one.get("name")) for one in _maps(raw.get("fields"))} for name, raw in used}
        for name, raw in used:
            fields = self._named(raw.get("fields"), f"{name}.fields")
            about = _with_retention(raw, self.above)
            persons = any(meta(one).get("identity") for _, one in fields)
            erased = _strategy(raw) or DELETE
            columns = tuple(
                self._column(name, field, one, about, known, persons=persons, erased=erased) for field, one in fields
            )
            yield MapTable(
                key=name,
                name=name,
                schema=self._schema(raw),
                columns=columns,
                primary_key=tuple(field for field, one in fields if meta(one).get("primary_key")),
                label=_description(raw),
                said=bool(_strategy(raw)),
            )

    def _named(self, raw: object, place: str) -> list[tuple[str, Raw]]:
        if not isinstance(raw, list) or not raw or not all(isinstance(o, Mapping) and o.get("name") for o in raw):
            self.mistakes.append(Mistake(f"{self.key}.{place}", "has to be a list, and each of it needs a name"))
            return []
        return [(str(one["name"]), one) for one in raw]

    def _schema(self, raw: Raw) -> str:
        for one in (raw, self.dataset):
            namespace = meta(one).get("namespace")
            if isinstance(namespace, Mapping) and namespace.get("schema"):
                return str(namespace["schema"])
        return ""

    def _column(
        self,
        table: str,
        name: str,
        raw: Raw,
        above: About,
        known: dict[str, set[str]],
        *,
        persons: bool,
        erased: str,
    ) -> MapColumn:
        place, said = f"{table}.{name}", meta(raw)
        nested = _maps(raw.get("fields"))
        for inner, one in _inner(nested, place):
            if meta(one).get("identity") or meta(one).get("references"):
                self.left_out.append((inner, "nobody is found by a field within another: name a column of its own"))
        kind = KINDS.get(str(said.get("data_type", "")).removesuffix("[]"), "text")
        listed = str(said.get("data_type", "")).endswith("[]")
        category = words_of([*_categories(raw), *(c for _, one in _inner(nested, place) for c in _categories(one))])
        about = _with_retention(raw, above)
        return MapColumn(
            name=name,
            kind="json" if nested or listed else kind,
            about=replace(about, category=category) if category else about,
            identity=str(said.get("identity") or ""),
            own=persons and is_contact(_categories(raw)),
            references=tuple(self._references(place, said.get("references"), known)),
            at_erasure=_strategy(raw) or erased,
        )

    def _references(self, place: str, raw: object, known: dict[str, set[str]]) -> Iterator[Reference]:
        for one in _maps(raw):
            parts = str(one.get("field", "")).split(".")
            dataset = one.get("dataset", self.key)
            if len(parts) == 3 and parts[0] == dataset:
                parts = parts[1:]
            direction = one.get("direction") or BOTH
            if dataset != self.key:
                self.left_out.append(
                    (place, f"refers to another dataset, {dataset}: connect it as a source of its own")
                )
            elif len(parts) != 2 or parts[1] not in known.get(parts[0], ()):
                self.left_out.append((place, f"refers to {one.get('field')}, which is no column of this dataset"))
            elif direction not in FOLLOW:
                self.mistakes.append(Mistake(f"{self.key}.{place}", "direction has to be from or to"))
            else:
                yield Reference(parts[0], parts[1], direction)


def meta(raw: Raw) -> Raw:
    """Return what is said for those who answer requests, under its name of today or an older one."""
    for name in ("fides_meta", "fidesops_meta", "meta"):
        if isinstance(said := raw.get(name), Mapping):
            return said
    return {}


def _strategy(raw: Raw) -> str:
    """What becomes of a collection or a field; every strategy but to delete is ours to mask."""
    said = meta(raw).get("masking_strategy_override")
    strategy = said.get("strategy") if isinstance(said, Mapping) else None
    return "" if not strategy else DELETE if strategy == "delete" else MASK


def _maps(raw: object) -> list[Raw]:
    return [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list) else []


def _inner(fields: list[Raw], place: str) -> Iterator[tuple[str, Raw]]:
    for one in fields:
        inner = f"{place}.{one.get('name')}"
        yield inner, one
        yield from _inner(_maps(one.get("fields")), inner)


def _categories(raw: Raw) -> list[str]:
    listed = raw.get("data_categories")
    return [str(one) for one in listed] if isinstance(listed, list) else []


def _with_retention(raw: Raw, above: About) -> About:
    said = raw.get("retention")
    return replace(above, retention=Text(said, said)) if isinstance(said, str) and said.strip() else above


def _description(raw: Raw) -> Text:
    said = raw.get("description")
    return Text(said, said) if isinstance(said, str) and said.strip() else Text("", "")
