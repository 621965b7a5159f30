"""Tables that are hard to erase from: circles, rows that name their own table, keys of two columns, nothing empty."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    inspect,
    select,
)

from requests_app.connectors import Instruction, PermanentFailure, Way
from requests_app.connectors.contract import REQUEST
from requests_app.connectors.erasure_contract import carried, instructions, left, planned, references
from requests_app.connectors.sql import Sql
from requests_app.connectors.sql.checking import check

hard = MetaData()
Table(
    "member",
    hard,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("email", String(200), nullable=False),
    Column("code", Integer, nullable=False, unique=True),
    Column("nick", String(12), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("born", Date, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("photo", LargeBinary, nullable=False),
    Column("guardian_id", Integer, ForeignKey("member.id")),
    Column("favourite_id", Integer, ForeignKey("pet.id", use_alter=True, name="member_favourite")),
    Column("secret", String(20)),
)
Table(
    "pet",
    hard,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", Integer, ForeignKey("member.id"), nullable=False),
)
Table(
    "remark",
    hard,
    Column("member_id", Integer, ForeignKey("member.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("words", String(80)),
)
MAP = """
[tables.remark.columns]
member_id = { kind = "number", references = "member.id" }
place = "number"
words = {}
[tables.pet.columns]
id = "number"
owner_id = { kind = "number", references = "member.id" }
[tables.member]
AT
[tables.member.columns]
id = "number"
email = { identity = "email" }
code = "number"
nick = {}
name = {}
born = "date"
active = "boolean"
settings = "json"
photo = "binary"
guardian_id = { kind = "number", references = "member.id" }
favourite_id = { kind = "number", references = "pet.id", follow = "to" }
"""


def member(number: int, email: str, guardian: int | None = None) -> dict[str, Any]:
    values = {"id": number, "email": email, "code": 100 + number, "nick": f"nick{number}", "name": "Somebody"}
    more = {"born": date(1990, 5, 1), "active": True, "settings": {"a": 1}, "photo": b"\x01", "secret": "s"}
    return {**values, **more, "guardian_id": guardian, "favourite_id": None}


class SqlHardCases:
    """Subclass it with the fixtures `engine` and `url`."""

    @pytest.fixture
    def made(self, engine: Engine, url: str, tmp_path: Path) -> Iterator[Callable[[str], Sql]]:
        hard.drop_all(engine)
        hard.create_all(engine)
        members, pets, remarks = (hard.tables[name] for name in ("member", "pet", "remark"))
        with engine.begin() as connection:
            ana, otto = "ana@example.org", "otto@example.net"
            connection.execute(members.insert(), [member(1, ana), member(2, ana, 1), member(3, otto)])
            connection.execute(pets.insert(), [{"id": 1, "owner_id": 1}, {"id": 3, "owner_id": 3}])
            connection.execute(members.update().where(members.c.id == 1).values(favourite_id=1))
            notes = [{"member_id": one, "place": place, "words": "x"} for one in (1, 2, 3) for place in (1, 2)]
            connection.execute(remarks.insert(), notes)

        def make(said: str = "") -> Sql:
            path = tmp_path / "hard.toml"
            path.write_text(MAP.replace("AT", said))
            return Sql(url=url, write_url=url, map=str(path))

        yield make
        hard.drop_all(engine)
        assert "member" not in inspect(engine).get_table_names()

    def test_a_circle_is_opened_and_rows_of_one_table_that_name_each_other_go(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source = made()
        assert {one.table: (one.records, one.way) for one in planned(source)} == {
            "remark": (4, Way.ERASE), "pet": (1, Way.ERASE), "member": (2, Way.ERASE),
        }  # fmt: skip
        done = carried(source, references(source), instructions(source))
        assert {one.table: (one.records, one.left) for one in done} == {
            "remark": (4, 0), "pet": (1, 0), "member": (2, 0),
        }  # fmt: skip
        assert ids(engine, "member") == [3]
        assert ids(engine, "pet") == [3]

    def test_a_row_that_somebody_else_names_is_not_erased_and_staff_are_told(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        members = hard.tables["member"]
        with engine.begin() as connection:
            connection.execute(members.update().where(members.c.id == 3).values(guardian_id=1))
        source = made()
        known, items = references(source), instructions(source)
        with pytest.raises(PermanentFailure, match="member: rows that the map does not lead to"):
            source.erase(known, items=items, request_id=REQUEST)
        assert ids(engine, "member") == [1, 2, 3]
        done = carried(source, known, [Instruction("member", Way.ANONYMISE)])
        assert [(one.records, one.left) for one in done] == [(2, 0)]

    def test_where_nothing_may_be_empty_something_else_stands_there(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source = made('at_erasure = "mask"')
        (plan,) = [one for one in planned(source) if one.table == "member"]
        assert (plan.way, plan.records) == (Way.ANONYMISE, 2)
        assert "except id, secret." in plan.why.en  # the map does not name the last one
        known, items = references(source), instructions(source)
        carried(source, known, items)
        with engine.connect() as connection:
            rows = {row["id"]: row for row in connection.execute(select(hard.tables["member"])).mappings()}
        assert rows[3]["name"] == "Somebody"
        for row in (rows[1], rows[2]):
            assert (row["email"], row["name"], row["born"], row["active"]) == ("", "", date(1900, 1, 1), False)
            assert (row["settings"], row["photo"], row["guardian_id"], row["secret"]) == ({}, b"", None, "s")
            assert row["code"] < 0
            assert (row["nick"][0], len(row["nick"])) == ("~", 12)
        assert rows[1]["nick"] != rows[2]["nick"]
        assert left(source, known) == {}
        assert sum(one.records for one in carried(source, known, items)) == 0

    def test_the_check_tells_what_an_erasure_would_leave(self, made: Callable[..., Sql]) -> None:
        source = made('keep = { reason = "Law" }')
        said = [
            f"{one.place}: {one.words}" for one in check(source.map, source.visits, source.database, may_write=True)
        ]
        assert not [one for one in said if one.startswith("member: is kept")]
        source = made('at_erasure = "keep"')
        said = [
            f"{one.place}: {one.words}" for one in check(source.map, source.visits, source.database, may_write=True)
        ]
        assert [one for one in said if one.startswith("member: is kept at an erasure, and the person")]
        source = made('at_erasure = "mask"')
        said = [
            f"{one.place}: {one.words}" for one in check(source.map, source.visits, source.database, may_write=True)
        ]
        assert [one for one in said if one.startswith("member: is emptied") and one.endswith("name: secret")]
        assert [one for one in said if one.startswith("member.id: is a key")]


def ids(engine: Engine, table: str) -> list[int]:
    with engine.connect() as connection:
        return sorted(connection.scalars(select(hard.tables[table].c.id)))
