"""A shop in a database of any kind: Ana and Otto have something in every table, and a product is nobody's."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    inspect,
)

SINCE = datetime(2024, 2, 12, tzinfo=UTC)
MAP = Path(__file__).parent / "shop_map.toml"
FIDES = Path(__file__).parent / "shop_fides.yml"

schema = MetaData()
Table("address", schema, Column("id", Integer, primary_key=True), Column("street", Text), Column("city", String(80)))
Table(
    "customer",
    schema,
    Column("id", Integer, primary_key=True),
    Column("number", String(20), unique=True),
    Column("email", String(200)),
    Column("email_since", DateTime(timezone=True)),
    Column("address_id", Integer, ForeignKey("address.id")),
    Column("newsletter", Boolean),
    Column("settings", JSON),
    Column("photo", LargeBinary),
    Column("password_hash", String(100), nullable=False, server_default="x"),
)
Table("product", schema, Column("id", Integer, primary_key=True), Column("name", String(80)))
Table(
    "orders",
    schema,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customer.id"), index=True),
    Column("shipping_address_id", Integer, ForeignKey("address.id")),
    Column("placed_on", Date),
    Column("total", Numeric(10, 2)),
)
Table(
    "order_item",
    schema,
    Column("order_id", Integer, ForeignKey("orders.id"), primary_key=True),
    Column("product_id", Integer, ForeignKey("product.id"), primary_key=True),
    Column("quantity", Integer),
)
Table("visit", schema, Column("email", String(200)), Column("page", Text))


def filled(engine: Engine) -> None:
    """Have the tables, with Ana and Otto in them and nothing else. What is Otto's has numbers from 200."""
    with engine.begin() as connection:
        there = set(inspect(connection).get_table_names())
        if not set(schema.tables) <= there:
            schema.create_all(connection)
        for table in reversed(schema.sorted_tables):
            connection.execute(table.delete())
        for table, rows in ROWS.items():
            connection.execute(schema.tables[table].insert(), rows)


def customer(number: int, name: str, email: str, **more: Any) -> dict[str, Any]:
    values = {"id": number, "number": name, "email": email, "email_since": SINCE, "address_id": None}
    return {**values, "newsletter": True, "settings": {"lang": "it"}, "photo": b"\x00\xffpicture", **more}


def order(number: int, customer: int, address: int | None) -> dict[str, Any]:
    values = {"id": number, "customer_id": customer, "shipping_address_id": address}
    return {**values, "placed_on": date(2025, 3, 1), "total": Decimal("12.50")}


ROWS: dict[str, list[dict[str, Any]]] = {
    "address": [
        {"id": 100, "street": "Via Roma 1", "city": "Torino"},
        {"id": 101, "street": 'Büro "Süd" \\ 2\nHof\tB', "city": "Bolzano"},
        {"id": 200, "street": "Kerkstraat 5", "city": "Utrecht"},
    ],
    "customer": [
        customer(10, "C-1001", "ana@example.org", address_id=100),
        customer(20, "C-2002", "otto@example.net", address_id=200),
        customer(22, "C-4004", " Rosa@Example.org"),
        customer(21, "C-3003", "\u212aim@example.org"),  # begins with the sign for Kelvin
    ],
    "product": [{"id": 1, "name": "Lamp"}, {"id": 2, "name": "Chair"}, {"id": 3, "name": "Desk"}],
    # Both shipped to one address: whoever follows it back finds the other.
    "orders": [order(1000, 10, 101), order(1001, 10, 100), order(2000, 20, 101)],
    "order_item": [
        {"order_id": 1000, "product_id": 1, "quantity": 2},
        {"order_id": 1000, "product_id": 2, "quantity": 1},
        {"order_id": 1001, "product_id": 1, "quantity": 5},
        {"order_id": 2000, "product_id": 3, "quantity": 7},
    ],
    "visit": [
        {"email": "ana@example.org", "page": "/lamps"},
        {"email": "ana@example.org", "page": "/lamps"},
        {"email": "otto@example.net", "page": "/desks"},
    ],
}
