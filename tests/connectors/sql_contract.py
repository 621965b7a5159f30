"""What the SQL source does on every kind of database: the contract, and what concerns tables and keys."""

import gc
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from requests_app.connectors import (
    DataSource,
    PermanentFailure,
    Query,
    Record,
    RetryLater,
)
from requests_app.connectors.contract import REQUEST, DataSourceContract, addresses, extracted
from requests_app.connectors.erasure_contract import (
    ErasureContract,
)
from requests_app.connectors.sql import Sql, reading
from tests.connectors import shop


def held(source: DataSource, email: str = "ana@example.org") -> dict[str, list[dict[str, Any]]]:
    """All records by table."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, line in extracted(source, email):
        found[table].append(json.loads(line))
    return found


class SqlContract(DataSourceContract, ErasureContract):
    """Subclass it with fixtures `engine` (a writing one, its tables empty or away) and `url`."""

    @pytest.fixture
    def source(self, engine: Engine, url: str) -> DataSource:
        shop.filled(engine)
        return Sql(url=url, write_url=url, map=str(shop.MAP))

    def test_ana_gets_what_the_map_leads_to_and_each_row_once(self, source: DataSource) -> None:
        found = held(source)
        assert {table: len(rows) for table, rows in found.items()} == {
            "customer": 1, "visit": 2, "orders": 2, "order_item": 3, "address": 2, "product": 2,
        }  # fmt: skip
        assert sorted(row["street"] for row in found["address"]) == ['Büro "Süd" \\ 2\nHof\tB', "Via Roma 1"]

    def test_values_come_out_as_json_has_them(self, source: DataSource) -> None:
        found = held(source)
        (ana,) = found["customer"]
        assert (ana["id"], ana["newsletter"], ana["settings"], ana["photo"]) == (
            10,
            True,
            {"lang": "it"},
            "AP9waWN0dXJl",
        )
        assert ana["email_since"].startswith("2024-02-12")
        assert {row["placed_on"] for row in found["orders"]} == {"2025-03-01"}
        assert {str(row["total"]) for row in found["orders"]} <= {"12.50", "12.5"}
        assert "password_hash" not in ana  # not in the map

    def test_what_the_database_takes_for_the_same_letter_is_no_match(self, source: DataSource) -> None:
        assert addresses(source, "kim@example.org") == []
        assert addresses(source, "\u212aim@example.org") == ["\u212aim@example.org"]
        assert held(source, "\u212aim@example.org")["customer"]

    def test_what_was_typed_with_blanks_and_capitals_is_found(self, source: DataSource) -> None:
        assert addresses(source, "rosa@example.org") == ["Rosa@Example.org"]
        assert [row["email"] for row in held(source, "rosa@example.org")["customer"]] == [" Rosa@Example.org"]

    def test_a_number_leads_to_all_that_lies_under_its_only_address(self, source: DataSource) -> None:
        (match,) = source.find(Query(email="new@example.com", details="C-1001"))
        tables = {item.table for item in source.extract([match.reference], request_id=REQUEST)}  # type: ignore[union-attr]
        assert {"customer", "visit", "orders"} <= tables

    def test_of_many_rows_no_statement_names_more_than_some(self, source: DataSource, engine: Engine) -> None:
        with engine.begin() as connection:
            orders = [shop.order(3000 + number, 10, 100) for number in range(700)]
            connection.execute(shop.schema.tables["orders"].insert(), orders)
            items = [{"order_id": row["id"], "product_id": 3, "quantity": 1} for row in orders]
            connection.execute(shop.schema.tables["order_item"].insert(), items)
        found = held(source)
        assert (len(found["orders"]), len(found["order_item"])) == (702, 703)
        assert sorted(row["id"] for row in found["product"]) == [1, 2, 3]
        assert len(found["address"]) == 2
        assert len({row["id"] for row in found["orders"]}) == 702

    def test_asked_within_a_statement_it_is_the_same_as_by_values(
        self, source: DataSource, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        both_ways = tmp_path / "map.toml"
        both_ways.write_text(
            shop.MAP.read_text().replace(
                'shipping_address_id = { kind = "number", references = "address.id", follow = "to" }',
                'shipping_address_id = { kind = "number", references = "address.id" }',
            )
        )
        for path in (shop.MAP, both_ways):
            shown = Sql(url=url, map=str(path))
            monkeypatch.setattr(reading, "MANY", 500)
            by_values = sorted(extracted(shown, "ana@example.org"))
            monkeypatch.setattr(reading, "MANY", 0)
            assert sorted(extracted(shown, "ana@example.org")) == by_values
        assert {row["id"] for row in held(shown)["orders"]} == {1000, 1001}  # by the person, and by their address

    def test_whoever_stops_in_the_middle_leaves_nothing_open(self, source: DataSource, engine: Engine) -> None:
        with engine.begin() as connection:
            rows = [{"email": "ana@example.org", "page": "x" * 500} for _ in range(2000)]
            connection.execute(shop.schema.tables["visit"].insert(), rows)
        (match,) = source.find(Query(email="ana@example.org"))
        stream = iter(source.extract([match.reference], request_id=REQUEST))  # type: ignore[arg-type]
        while next(stream).table != "visit":  # type: ignore[union-attr]
            pass
        del stream
        gc.collect()
        assert len(held(source)["visit"]) == 2002

    def test_a_table_that_is_not_there_fails_for_good_and_its_error_holds_no_value(
        self, source: DataSource, engine: Engine
    ) -> None:
        shop.schema.tables["visit"].drop(engine)
        for asked in (lambda: source.find(Query(email="ana@example.org")), lambda: held(source)):
            with pytest.raises(PermanentFailure) as failed:
                asked()
            assert "ana" not in str(failed.value)
            assert failed.value.__cause__ is None

    def test_nothing_can_be_written_through_it(self, source: Sql) -> None:
        with pytest.raises((PermanentFailure, RetryLater)), source.database.reading() as connection:
            connection.exec_driver_sql("DELETE FROM visit")

    def test_small_things_are_records(self, source: DataSource) -> None:
        (match,) = source.find(Query(email="ana@example.org"))
        items = list(source.extract([match.reference], request_id=REQUEST))  # type: ignore[arg-type]
        assert all(isinstance(item, Record) for item in items)
