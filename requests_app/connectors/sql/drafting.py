"""A first data map from the schema of a database; what is only guessed says so, and somebody reads all of it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Inspector, inspect

from requests_app.connectors.records import BASES

from .database import Database
from .kinds import kind_of

GUESS = "# guess"
SECRET = re.compile(r"passw|pwd|secret|token|hash|salt|otp", re.IGNORECASE)
ADDRESS = re.compile(r"e[-_]?mail|(?:^|_)mail(?:$|_)", re.IGNORECASE)
NUMBER = re.compile(r"(number|_no|_nr|_code|_ref|iban)$|^(number|code|username|login)$", re.IGNORECASE)
CATEGORIES = (
    (ADDRESS, "Contact data"),
    (re.compile(r"phone|mobile|fax", re.IGNORECASE), "Contact data"),
    (re.compile(r"street|city|zip|postal|postcode|house|country|address", re.IGNORECASE), "Postal address"),
    (re.compile(r"iban|card|ccn|cvv|bank|price|total|amount", re.IGNORECASE), "Payment data"),
    (re.compile(r"birth|gender|nationality", re.IGNORECASE), "Personal details"),
    (re.compile(r"^ip$|ip_address|agent|device", re.IGNORECASE), "Device"),
    (re.compile(r"name$", re.IGNORECASE), "Name"),
)
HEAD = """# Drafted from the schema: read every line, since what says "guess" was guessed by a name. Add what only you
# know: why, on which basis, from whom, for how long. Then: manage.py data_map check {alias}
[defaults]
# purpose = {{ en = "Why you hold this", it = "Perché lo conserva" }}
# basis = "contract"  # one of: {bases}
# origin = {{ en = "From you", it = "Da Lei" }}
# retention = {{ en = "How long", it = "Per quanto tempo" }}
# recipients = ["Who gets it"]
# provided = true  # by the person: what portability hands out
"""


@dataclass
class Drafted:
    """A table of the schema. `keys`: column: (table, column) it refers to. `joint`: keys of several columns."""

    name: str
    columns: Sequence[Any]
    primary_key: Sequence[str]
    keys: dict[str, tuple[str, str]]
    joint: Sequence[Any]
    told: frozenset[str]  # columns that somebody said hold addresses

    @property
    def addresses(self) -> set[str]:
        """The columns that look like e-mail addresses."""
        texts = {str(one["name"]) for one in self.columns if kind_of(one["type"]) == "text"}
        return set(self.told) | {name for name in texts if ADDRESS.search(name) and not SECRET.search(name)}


def draft(database: Database, *, alias: str, schema: str = "", addresses: Sequence[str] = ()) -> str:
    """Return a data map in TOML; `addresses` are columns that hold such, as in "reader.contact".

    Raises RetryLater where the database is away, and ValueError where one of these is not there.
    """
    with database.reading() as connection:
        inspector = inspect(connection)
        names = inspector.get_table_names(schema or None)
        tables = [_of_schema(inspector, name, schema, addresses) for name in names]
    known = {f"{table.name}.{column['name']}" for table in tables for column in table.columns}
    if unknown := [one for one in addresses if one not in known]:
        raise ValueError(f"there is no column {', '.join(unknown)}; the tables are: {', '.join(sorted(names))}")
    head = HEAD.format(alias=alias, bases=", ".join(BASES))
    return head + "".join("\n" + "\n".join(lines) + "\n" for lines in _drafted(tables, schema))


def _of_schema(inspector: Inspector, name: str, schema: str, addresses: Sequence[str]) -> Drafted:
    keys = inspector.get_foreign_keys(name, schema or None)
    return Drafted(
        name,
        inspector.get_columns(name, schema or None),
        inspector.get_pk_constraint(name, schema or None)["constrained_columns"],
        {
            str(key["constrained_columns"][0]): (str(key["referred_table"]), str(key["referred_columns"][0]))
            for key in keys
            if len(key["constrained_columns"]) == 1
        },
        [key for key in keys if len(key["constrained_columns"]) > 1],
        frozenset(one.removeprefix(f"{name}.") for one in addresses if one.startswith(f"{name}.")),
    )


def _drafted(tables: Sequence[Drafted], schema: str) -> Iterator[list[str]]:
    people = {table.name for table in tables if table.addresses}
    own = _own(tables, people)
    kept = own | {key[0] for table in tables if table.name in own for key in table.keys.values()}
    kept = kept if people else {table.name for table in tables}
    for table in tables:
        table.keys = {name: key for name, key in table.keys.items() if key[0] in kept and "." not in "".join(key)}
        if table.name in kept:
            yield list(_table(table, own, people, schema))
        else:
            names = ", ".join(str(column["name"]) for column in table.columns)
            left = f"# {table.name} ({names})  {GUESS}: no address, and no way from a person; left out"
            yield [left, *_joint(table)]


def _own(tables: Sequence[Drafted], people: set[str]) -> set[str]:
    """The tables whose rows look like they are of one person: with an address, or naming such a row."""
    own = set(people)
    while more := {t.name for t in tables if t.name not in own and any(key[0] in own for key in t.keys.values())}:
        own |= more
    return own


def _table(table: Drafted, own: set[str], people: set[str], schema: str) -> Iterator[str]:
    yield f"[tables.{_key(table.name)}]"
    if schema:
        yield f"schema = {json.dumps(schema)}"
    if table.primary_key:
        yield f"primary_key = {json.dumps(list(table.primary_key))}"
    yield f"[tables.{_key(table.name)}.columns]"
    for column in table.columns:
        yield _column(table, str(column["name"]), kind_of(column["type"]), own, people)
    yield from _joint(table)


def _joint(table: Drafted) -> Iterator[str]:
    for key in table.joint:
        ours, theirs = ", ".join(key["constrained_columns"]), ", ".join(key["referred_columns"])
        yield f"# {ours} together name {key['referred_table']} ({theirs}): one alone would lead to rows of others."
        yield '# Join them in views, and map these: docs/data-sources.md, "Keys of several columns".'


def _column(table: Drafted, name: str, kind: str, own: set[str], people: set[str]) -> str:
    if SECRET.search(name):
        return f"# {_key(name)} = {json.dumps(kind)}  {GUESS}: a secret of yours, not handed out"
    told, guessed = [f"kind = {json.dumps(kind)}"], False
    referred, column = table.keys.get(name, ("", ""))
    if referred and (referred == table.name or {referred, table.name} <= people):
        # From a clerk to the customers they look after: to somebody else's rows.
        return f"{_key(name)} = {json.dumps(kind)}  {GUESS}: refers to {referred}.{column}: other people, not followed"
    if referred:
        told.append(f"references = {json.dumps(f'{referred}.{column}')}")
        if referred not in own:  # else everybody's rows would follow from what they share
            told.append('follow = "to"')
        guessed = True
    if name in table.addresses:
        told.append('identity = "email"')
        guessed = True
    if category := next((words for pattern, words in CATEGORIES if pattern.search(name)), ""):
        told.append(f"category = {json.dumps(category)}")
        guessed = True
    if kind == "text" and NUMBER.search(name):
        return f'{_key(name)} = {{ {", ".join(told)} }}  {GUESS}: identity = "identifier" where people know it'
    if not guessed:
        return f"{_key(name)} = {json.dumps(kind)}"
    return f"{_key(name)} = {{ {', '.join(told)} }}  {GUESS}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
