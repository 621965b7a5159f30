"""What erasing, consent, correction and restriction are in a database of any kind."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from requests_app.connectors import Change, ConsentAct, Instruction, NotOffered, PermanentFailure, Remaining, Way
from requests_app.connectors.contract import REQUEST
from requests_app.connectors.erasure_contract import carried, instructions, left, planned, references
from requests_app.connectors.sql import Sql, erasing, reach
from requests_app.connectors.sql.erasing import Erasing
from tests.connectors import shop


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    """Everything in a table, in some fixed order."""
    with engine.connect() as connection:
        found = connection.execute(shop.schema.tables[table].select()).mappings()
        return sorted((dict(row) for row in found), key=str)


ERASING = """
[tables.visit]
at_erasure = "delete"
[tables.visit.columns]
email = { identity = "email" }
page = {}
[tables.order_item.columns]
order_id = { kind = "number", references = "orders.id" }
product_id = { kind = "number", references = "product.id", follow = "to" }
quantity = "number"
[tables.orders]
ORDERS
[tables.orders.columns]
id = "number"
customer_id = { kind = "number", references = "customer.id" }
shipping_address_id = { kind = "number", references = "address.id", follow = "to" }
placed_on = "date"
total = "number"
[tables.customer.columns]
id = "number"
number = { identity = "identifier", rectify = true }
email = { identity = "email" }
email_since = "instant"
address_id = { kind = "number", references = "address.id", follow = "to" }
newsletter = "boolean"
settings = "json"
photo = "binary"
[tables.address]
at_erasure = "delete"
[tables.address.columns]
id = "number"
street = { rectify = true }
city = {}
[tables.product.columns]
id = "number"
name = {}
[consent.direct_marketing]
table = "customer"
column = "newsletter"
[consent.profiling]
table = "customer"
column = "newsletter"
at = "email_since"
[restriction]
customer = "newsletter"
"""


class SqlErasing:
    """Subclass it with the fixtures of `SqlContract`."""

    @pytest.fixture
    def made(self, engine: Engine, url: str, tmp_path: Path) -> Callable[[str], Sql]:
        shop.filled(engine)

        def make(orders: str = "") -> Sql:
            path = tmp_path / "map.toml"
            path.write_text(ERASING.replace("ORDERS", orders))
            return Sql(url=url, write_url=url, map=str(path))

        return make

    def test_everything_of_hers_goes_and_what_she_shares_with_others_stays(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source = made()
        assert {item.table: (item.records, item.way.value) for item in planned(source)} == {
            "visit": (2, "erase"), "order_item": (3, "erase"), "orders": (2, "erase"), "customer": (1, "erase"),
            "address": (2, "erase"), "product": (2, "keep"),
        }  # fmt: skip
        done = carried(source, references(source), instructions(source))
        assert {one.table: one.records for one in done} == {
            "visit": 2, "order_item": 3, "orders": 2, "customer": 1, "address": 1, "product": 0,
        }  # fmt: skip
        assert [row["id"] for row in rows(engine, "customer")] == [20, 21, 22]
        assert [row["id"] for row in rows(engine, "orders")] == [2000]
        assert sorted(row["id"] for row in rows(engine, "address")) == [101, 200]  # Otto's order goes to 101
        assert len(rows(engine, "product")) == 3
        assert [row["email"] for row in rows(engine, "visit")] == ["otto@example.net"]

    def test_what_is_kept_keeps_the_row_that_it_names_without_its_values(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source = made('keep = { reason = "Tax law", years = 10, from = "placed_on" }')
        plan = {item.table: item for item in planned(source)}
        assert (plan["orders"].why.en, plan["orders"].until) == ("Tax law", date(2035, 3, 1))
        assert plan["customer"].way == Way.ANONYMISE
        assert "Rows of orders name it" in plan["customer"].why.en
        assert (plan["address"].way, plan["address"].records) == (Way.KEEP, 2)
        done = carried(source, references(source), instructions(source))
        assert {one.table: one.left for one in done if one.way != Way.KEEP} == {
            "visit": 0, "order_item": 0, "customer": 0,
        }  # fmt: skip
        (ana,) = [row for row in rows(engine, "customer") if row["id"] == 10]
        assert {name for name, value in ana.items() if value is not None} == {"id", "password_hash"}
        assert len([row for row in rows(engine, "orders") if row["customer_id"] == 10]) == 2

    def test_a_decision_that_would_leave_rows_naming_nobody_changes_nothing(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source, before = made(), rows(engine, "visit")
        items = [Instruction("visit", Way.ERASE), Instruction("customer", Way.ERASE)]
        with pytest.raises(PermanentFailure, match="rows of orders stay and name rows of customer"):
            source.erase(references(source), items=items, request_id=REQUEST)
        with pytest.raises(PermanentFailure, match="product is looked up"):
            source.erase(references(source), items=[Instruction("product", Way.ERASE)], request_id=REQUEST)
        assert rows(engine, "visit") == before

    def test_batches_are_bounded_and_a_kill_between_any_two_of_them_loses_nothing(
        self, made: Callable[..., Sql], engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasing, "BATCH", 2)
        with engine.begin() as connection:
            orders = [shop.order(3000 + number, 10, 100) for number in range(11)]
            connection.execute(shop.schema.tables["orders"].insert(), orders)
        source, whole = made(), Erasing._changed
        known, items = references(source), instructions(source)

        def kill_after(batches: int) -> None:
            left_to_do = iter(range(batches))

            def killed(self: Erasing, *args: Any) -> tuple[int, bool]:
                if next(left_to_do, None) is None:
                    raise KeyboardInterrupt
                changed, more = whole(self, *args)
                assert changed <= 2
                return changed, more

            monkeypatch.setattr(Erasing, "_changed", killed)
            with pytest.raises(KeyboardInterrupt):
                source.erase(known, items=items, request_id=REQUEST)

        for batches in (0, 1, 2, 1, 3, 4, 3):
            kill_after(batches)
            hers = [row for row in rows(engine, "orders") if row["customer_id"] == 10]
            assert not hers or len(rows(engine, "customer")) == 4  # by whom they are found
        monkeypatch.setattr(Erasing, "_changed", whole)
        carried(source, known, items)
        assert left(source, known) == {}
        assert [row["id"] for row in rows(engine, "orders")] == [2000]
        assert sorted(row["id"] for row in rows(engine, "address")) == [101, 200]

    def test_asked_within_statements_the_same_goes(
        self, made: Callable[..., Sql], engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reach, "MANY", 0)
        source = made()
        carried(source, references(source), instructions(source))
        assert [row["id"] for row in rows(engine, "orders")] == [2000]
        assert sorted(row["id"] for row in rows(engine, "address")) == [101, 200]

    def test_consent_goes_to_the_column_that_the_map_names(self, made: Callable[..., Sql], engine: Engine) -> None:
        source, known = made(), references(made())
        later, sooner = datetime(2026, 11, 22, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
        stop = [ConsentAct("direct_marketing", True, sooner), ConsentAct("direct_marketing", False, later)]
        source.withdraw_consent(known, acts=stop, request_id=REQUEST)
        assert {row["id"]: row["newsletter"] for row in rows(engine, "customer")} == {
            10: False, 20: True, 21: True, 22: True,
        }  # fmt: skip
        source.withdraw_consent(known, acts=[ConsentAct("profiling", True, later)], request_id=REQUEST)
        source.withdraw_consent(known, acts=[ConsentAct("profiling", False, sooner)], request_id=REQUEST)
        assert [row["newsletter"] for row in rows(engine, "customer") if row["id"] == 10] == [True]
        with pytest.raises(NotOffered, match="no column for cookies"):
            source.withdraw_consent(known, acts=[*stop, ConsentAct("cookies", False, later)], request_id=REQUEST)
        assert [row["newsletter"] for row in rows(engine, "customer") if row["id"] == 10] == [False]

    def test_what_the_map_lets_be_put_right_is_put_right_in_her_rows(
        self, made: Callable[..., Sql], engine: Engine
    ) -> None:
        source = made()
        changes = [
            Change("number", "C-1009", "c-1001"), Change("number", "C-1009", "C-1001"), Change("email", "x", ""),
            Change("city", "Roma", "Torino"), Change("street", "Via Roma 2", "Via Roma 1"), Change("phone", "1"),
        ]  # fmt: skip
        done = source.rectify(references(source), changes=changes, request_id=REQUEST)
        assert [one.outcome.value for one in done] == [
            "changed", "already", "refused", "refused", "refused", "not_found"
        ]  # fmt: skip
        assert {row["id"]: row["number"] for row in rows(engine, "customer")}[10] == "C-1009"
        assert {row["id"]: row["number"] for row in rows(engine, "customer")}[20] == "C-2002"
        assert sorted(row["city"] for row in rows(engine, "address")) == ["Bolzano", "Torino", "Utrecht"]

    def test_a_restriction_is_the_flag_that_the_map_names(self, made: Callable[..., Sql], engine: Engine) -> None:
        source, known = made(), references(made())
        assert source.restrict(known, restricted=False, request_id=REQUEST) == [Remaining("customer", 1)]
        assert {row["id"]: row["newsletter"] for row in rows(engine, "customer")}[10] is False
        assert {row["id"]: row["newsletter"] for row in rows(engine, "customer")}[20] is True

    def test_without_an_account_that_may_write_people_have_to(self, made: Callable[..., Sql], url: str) -> None:
        source = Sql(url=url, map=str(shop.MAP))
        assert made()
        for told in (
            lambda: source.erase(["x"], items=[], request_id=REQUEST),
            lambda: source.restrict(["x"], restricted=True, request_id=REQUEST),
        ):
            with pytest.raises(NotOffered, match="write_url"):
                told()
        assert planned(source)

    def test_everybody_is_told_row_by_row(self, made: Callable[..., Sql]) -> None:
        found = [match.contacts[0].address for match in made().everybody() if match.contacts]
        assert sorted(set(found)) == ["Rosa@Example.org", "ana@example.org", "otto@example.net", "\u212aim@example.org"]
