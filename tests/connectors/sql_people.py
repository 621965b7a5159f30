"""Several people under one address, in a database of any kind: a match for each, by the key of their row."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from requests_app.connectors import Instruction, Match, PermanentFailure, Query, Way
from requests_app.connectors.contract import REQUEST, items_of
from requests_app.connectors.erasure_contract import carried, left
from requests_app.connectors.sql import Sql, reading
from requests_app.connectors.sql import source as sql_source
from tests.connectors import shop
from tests.connectors.sql_erasing import ERASING, rows

HOME = "ana@example.org"


def found(source: Sql, email: str = HOME, details: str = "") -> dict[str, Match]:
    """Everybody by what staff read of them."""
    return {match.label: match for match in source.find(Query(email=email, details=details))}


def held(source: Sql, *matches: Match) -> dict[str, list[Any]]:
    """The numbers, or the pages, of what is handed out, by table."""
    told: dict[str, list[Any]] = {}
    for item in items_of(source, [match.reference for match in matches]):
        values = item.values  # type: ignore[union-attr]
        told.setdefault(item.table, []).append(values.get("id", values.get("page", values.get("order_id"))))  # type: ignore[union-attr]
    return {table: sorted(numbers) for table, numbers in told.items()}


class SqlPeople:
    """Subclass it with the fixtures of `SqlContract`."""

    @pytest.fixture
    def made(self, engine: Engine, url: str, tmp_path: Path) -> Callable[..., Sql]:
        """The shop, in which Otto has Ana's address, and whatever else stands in `more`."""
        shop.filled(engine)
        customers = shop.schema.tables["customer"]
        with engine.begin() as connection:
            connection.execute(customers.update().where(customers.c.id == 20).values(email=HOME))

        def make(*changes: tuple[str, str], more: tuple[dict[str, Any], ...] = ()) -> Sql:
            text = ERASING.replace("ORDERS", "")
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            with engine.begin() as connection:
                for row in more:
                    connection.execute(customers.insert(), row)
            path = tmp_path / "map.toml"
            path.write_text(text)
            return Sql(url=url, write_url=url, map=str(path))

        return make

    def test_each_is_a_match_and_what_lies_under_the_address_alone_is_one_more(self, made: Callable[..., Sql]) -> None:
        people = found(made())
        assert set(people) == {"customer 10, C-1001", "customer 20, C-2002", "under the address alone: visit"}
        for match in people.values():
            assert [contact.address for contact in match.contacts] == [HOME]
        assert json.loads(people["customer 10, C-1001"].reference)["only"]["customer"] == [{"id": 10}]

    def test_a_reference_leads_to_one_of_them_and_to_nothing_of_the_other(self, made: Callable[..., Sql]) -> None:
        source = made()
        people = found(source)
        ana, otto, alone = (
            held(source, people[label])
            for label in ("customer 10, C-1001", "customer 20, C-2002", "under the address alone: visit")
        )
        assert ana == {"customer": [10], "orders": [1000, 1001], "order_item": [1000, 1000, 1001],
                       "address": [100, 101], "product": [1, 2]}  # fmt: skip
        assert otto == {"customer": [20], "orders": [2000], "order_item": [2000], "address": [101, 200],
                        "product": [3]}  # fmt: skip
        assert alone == {"visit": ["/lamps", "/lamps"]}
        together = held(source, people["customer 10, C-1001"], people["under the address alone: visit"])
        assert together == ana | alone

    def test_asked_again_and_asked_otherwise_they_are_the_same_people(self, made: Callable[..., Sql]) -> None:
        source = made()
        first = [match.reference for match in source.find(Query(email=HOME))]
        assert [match.reference for match in source.find(Query(email=f" {HOME.upper()}"))] == first

    @pytest.mark.parametrize("details", ["My number is C-1001.", f"C-1001, and before that {HOME}"])
    def test_a_number_chooses_nobody(self, made: Callable[..., Sql], details: str) -> None:
        source = made()
        for email in (HOME, "new@example.com"):
            people = found(source, email, details)
            assert {"customer 10, C-1001", "customer 20, C-2002"} <= set(people)

    def test_numbers_of_others_do_not_push_a_second_row_of_the_address_out(self, made: Callable[..., Sql]) -> None:
        crowd = tuple(shop.customer(number, f"N-{number}", "crowd@example.net") for number in range(1000, 1195))
        last = {**shop.customer(9000, "Z-9000", "rosa@example.org")}
        source = made(more=(*crowd, last))
        numbers = " ".join(row["number"] for row in crowd)
        with pytest.raises(PermanentFailure, match="more than 20 people"):
            source.find(Query(email="rosa@example.org", details=numbers))
        assert {"customer 22, C-4004", "customer 9000, Z-9000"} <= set(found(source, "rosa@example.org"))

    def test_more_rows_than_are_read_by_numbers_fail(
        self, made: Callable[..., Sql], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sql_source, "CANDIDATES", 2)
        source = made()
        with pytest.raises(PermanentFailure, match="more than 2 row"):
            source.find(Query(email="rosa@example.org", details="C-1001 C-2002 C-4004"))
        assert "customer 20, C-2002" in found(source, details="C-1001")  # by an address every row is read

    def test_rows_that_name_only_the_address_are_of_no_customer_and_of_the_address_alone(
        self, made: Callable[..., Sql], engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = made(('[tables.visit.columns]\nemail = { identity = "email" }',
                       '[tables.visit.columns]\nemail = { references = "customer.email" }'))  # fmt: skip
        people = found(source)
        ana, alone = people["customer 10, C-1001"], people["under the address alone: visit"]
        for number in (500, 0):
            monkeypatch.setattr(reading, "MANY", number)
            assert "visit" not in held(source, ana)
            assert "visit" not in held(source, people["customer 20, C-2002"])
            assert held(source, alone) == {"visit": ["/lamps", "/lamps"]}
            assert held(source, ana, alone)["visit"] == ["/lamps", "/lamps"]
            (rosa,) = found(source, "rosa@example.org").values()
            assert set(held(source, rosa)) == {"customer"}
        planned = source.plan_erasure([ana.reference], request_id=REQUEST)
        assert "visit" not in {one.table for one in planned}
        carried(source, [ana.reference], [Instruction(one.table, one.way) for one in planned])
        assert len(rows(engine, "visit")) == 3

    def test_an_address_is_no_key_by_which_two_people_are_told_apart(self, made: Callable[..., Sql]) -> None:
        by_address = ('email = { identity = "email" }\npage', 'email = { references = "customer.email" }\npage')
        nobody = ('number = { identity = "identifier", rectify = true }', "number = {}")
        orders = ('customer_id = { kind = "number", references = "customer.id" }', 'customer_id = "number"')
        key = "[tables.customer.columns]"
        for said in ("", 'primary_key = "email"\n', 'people = true\nprimary_key = "email"\n'):
            with pytest.raises(ValueError, match="customer.*told apart"):
                made(by_address, nobody, orders, (key, f"[tables.customer]\n{said}{key}"))
        for said in ('primary_key = "id"\n', "people = false\n"):
            made(by_address, nobody, orders, (key, f"[tables.customer]\n{said}{key}"))

    def test_an_address_of_one_customer_leads_to_all_of_it_as_ever(self, made: Callable[..., Sql]) -> None:
        source = made()
        (rosa,) = found(source, "rosa@example.org").values()
        assert json.loads(rosa.reference) == {"email": ["rosa@example.org"]}
        assert rosa.label == "customer 22, C-4004"

    def test_one_row_under_two_addresses_is_one_person(self, made: Callable[..., Sql]) -> None:
        source = made(
            ('settings = "json"', 'settings = "json"\npassword_hash = { identity = "email" }'),
            more=({**shop.customer(30, "C-5005", "petra@example.org"), "password_hash": "p@example.net"},),
        )
        (petra,) = found(source, "petra@example.org", "Also p@example.net, C-5005.").values()
        assert petra.label == "customer 30, C-5005"
        assert held(source, petra) == {"customer": [30]}
        (again,) = found(source, "p@example.net", "C-5005").values()
        assert held(source, again) == {"customer": [30]}

    def test_a_map_may_say_that_rows_are_people_and_that_they_are_not(self, made: Callable[..., Sql]) -> None:
        (both,) = made(
            ("[tables.customer.columns]", "[tables.customer]\npeople = false\n[tables.customer.columns]")
        ).find(Query(email=HOME))
        assert json.loads(both.reference) == {"email": [HOME]}
        alone = ('[tables.visit]\nat_erasure = "delete"', '[tables.visit]\npeople = true\nprimary_key = "page"')
        people = found(made(alone))
        assert "visit /lamps" in people

    def test_of_the_chosen_one_everything_is_erased_and_of_the_other_nothing(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source = made()
        ana = [found(source)["customer 10, C-1001"].reference]
        planned = source.plan_erasure(ana, request_id=REQUEST)
        assert {one.table: one.records for one in planned if one.way == Way.ERASE} == {
            "order_item": 3, "orders": 2, "customer": 1, "address": 2,
        }  # fmt: skip
        carried(source, ana, [Instruction(one.table, one.way) for one in planned])
        assert left(source, ana) == {}
        assert [row["id"] for row in rows(engine, "customer")] == [20, 21, 22]
        assert [row["id"] for row in rows(engine, "orders")] == [2000]
        assert len(rows(engine, "visit")) == 3
        (otto,) = source.find(Query(email=HOME))
        assert json.loads(otto.reference) == {"email": [HOME]}  # the address is his alone now

    def test_a_key_that_is_no_key_of_the_map_names_nobody(self, made: Callable[..., Sql]) -> None:
        source = made()
        for only in ({"customer": [{"password_hash": "x"}]}, {"customer": [{}]}, {"customer": []}, {}, []):
            reference = json.dumps({"email": [HOME], "only": only})
            assert list(items_of(source, [reference])) == []
