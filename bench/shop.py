"""A shop of 13 tables on PostgreSQL: 21 rows of Ana, 50,000 of Otto, and others around them."""

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

ANA, OTTO = "ana@example.org", "otto@example.net"
ROWS = {ANA: 21, OTTO: 50_000}
# Each table: its columns, and how a script would ask for the rows of one person.
OWN = "SELECT id FROM customer WHERE email = %(email)s"
ORDERS = f"SELECT id FROM orders WHERE customer_id IN ({OWN})"
TABLES: dict[str, tuple[str, str]] = {
    "customer": ("id int PRIMARY KEY, email text, name text, created timestamptz, address_id int", "email = %(email)s"),
    "employee": ("id int PRIMARY KEY, email text, name text, address_id int", "email = %(email)s"),
    "service_request": (
        "id int PRIMARY KEY, email text, alt_email text, opened date, closed date, employee_id int",
        "email = %(email)s OR alt_email = %(email)s"
        " OR employee_id IN (SELECT id FROM employee WHERE email = %(email)s)",
    ),
    "report": ("id int PRIMARY KEY, email text, name text, year int, month int, visits int", "email = %(email)s"),
    "visit": ("email text, last_visit timestamptz", "email = %(email)s"),
    "newsletter": ("id int PRIMARY KEY, email text, topic text, since date", "email = %(email)s"),
    "payment_card": (
        "id int PRIMARY KEY, customer_id int, name text, ccn text, code int, preferred boolean, billing_address_id int",
        f"customer_id IN ({OWN})",
    ),
    "login": ("id int PRIMARY KEY, customer_id int, time timestamptz, ip inet", f"customer_id IN ({OWN})"),
    "message": ("id int PRIMARY KEY, customer_id int, sent timestamptz, body text", f"customer_id IN ({OWN})"),
    "orders": (
        "id int PRIMARY KEY, customer_id int, shipping_address_id int, placed timestamptz",
        f"customer_id IN ({OWN})",
    ),
    "order_item": (
        "order_id int, product_id int, quantity int, PRIMARY KEY (order_id, product_id)",
        f"order_id IN ({ORDERS})",
    ),
    "product": (
        "id int PRIMARY KEY, name text, price numeric(10,2)",
        f"id IN (SELECT product_id FROM order_item WHERE order_id IN ({ORDERS}))",
    ),
    "address": (
        "id int PRIMARY KEY, house int, street text, city text, state text, zip text",
        "id IN (SELECT address_id FROM customer WHERE email = %(email)s"
        " UNION SELECT address_id FROM employee WHERE email = %(email)s"
        f" UNION SELECT billing_address_id FROM payment_card WHERE customer_id IN ({OWN})"
        f" UNION SELECT shipping_address_id FROM orders WHERE customer_id IN ({OWN}))",
    ),
}
KEYS = {
    "customer.address_id": ("address.id", "to"),
    "employee.address_id": ("address.id", "to"),
    "service_request.employee_id": ("employee.id", "from"),
    "payment_card.customer_id": ("customer.id", "from"),
    "payment_card.billing_address_id": ("address.id", "to"),
    "login.customer_id": ("customer.id", "from"),
    "message.customer_id": ("customer.id", "from"),
    "orders.customer_id": ("customer.id", "from"),
    "orders.shipping_address_id": ("address.id", "to"),
    "order_item.order_id": ("orders.id", "from"),
    "order_item.product_id": ("product.id", "to"),
}
KINDS = {
    "int": "number",
    "text": "text",
    "boolean": "boolean",
    "date": "date",
    "timestamptz": "instant",
    "inet": "text",
}
ADDRESSES = ("email", "alt_email")
# (table, rows of Ana, rows of Otto, values by the number n of a row and the customer c); customers are 1 and 2.
TEXT = "'What was written here is a sentence or two, as people write them, number ' || n"
FILL = (
    ("address", 2, 2, "n, n, 'Long Street', 'Town ' || n, 'NY', lpad(n::text, 5, '0')"),
    ("customer", 1, 1, "c, email, 'Person ' || c, now(), first_address"),
    ("product", 3, 199, "n, 'Thing ' || n, n * 1.25"),
    ("orders", 2, 9_000, "n, c, first_address + 1, now()"),
    ("payment_card", 1, 3, "n, c, 'Person', '4111 1111 1111 ' || n, 123, true, first_address"),
    ("login", 4, 12_000, "n, c, now() - n * interval '1 hour', '10.0.0.1'"),
    ("message", 1, 9_795, f"n, c, now(), {TEXT}"),
    ("service_request", 1, 500, "n, email, NULL, current_date, NULL, NULL"),
    ("report", 1, 500, "n, email, 'Report', 2025, 6, n"),
    ("visit", 1, 0, "email, now()"),
    ("newsletter", 1, 0, "n, email, 'Lamps', current_date"),
)
ITEMS = {1: 3, 2: 18_000}  # rows of order_item: each product in some, none twice in one order
OTHERS = 20_000  # people around them, with an order each
# At an erasure a request is emptied and stays, an address goes with the last that names it, products are nobody's.
AT_ERASURE = {"service_request": "mask", "address": "delete", "product": "keep"}
GOES = ("order_item", "orders", "payment_card", "login", "message", "report", "visit", "newsletter")
EMPTIED = "email = NULL, alt_email = NULL, opened = NULL, closed = NULL, employee_id = NULL"
UNNAMED = " AND ".join(
    f"NOT EXISTS (SELECT FROM {key.split('.')[0]} WHERE {key} = address.id)"
    for key, (named, _) in KEYS.items()
    if named == "address.id"
)
HERS = "id BETWEEN 1000001 AND 1999999 OR id = 1"  # of Ana, whatever is left of it
HERS_BY = {"visit": f"email = '{ANA}'", "order_item": "order_id BETWEEN 1000001 AND 1999999"}


def seed(url: str) -> None:
    """Make the tables and fill them."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for table, (columns, _) in TABLES.items():
            cursor.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({columns})")
        _fill(cursor, 1, ANA)
        _fill(cursor, 2, OTTO)
        cursor.execute(
            f"INSERT INTO customer SELECT n, 'p' || n || '@example.com', 'P', now(), 1000001"
            f" FROM generate_series(10, {OTHERS}) AS n;"
            f"INSERT INTO orders SELECT n, n, 1000001, now() FROM generate_series(10, {OTHERS}) AS n"
        )
        for column, _ in KEYS.items():
            table, name = column.split(".")
            cursor.execute(f"CREATE INDEX ON {table} ({name})")
        for table, (columns, _) in TABLES.items():
            for name in ADDRESSES:
                if f" {name} text" in f" {columns}":
                    cursor.execute(f"CREATE INDEX ON {table} ({name})")
    connection.autocommit = True
    connection.cursor().execute("VACUUM ANALYZE")
    connection.close()


def _fill(cursor: Any, customer: int, email: str) -> None:
    base = customer * 1_000_000
    for table, *counts, values in FILL:
        count = counts[customer - 1]
        cursor.execute(
            f"INSERT INTO {table} SELECT {values} FROM (SELECT {base} + i AS n, {customer} AS c,"
            f" %s::text AS email, {base + 1} AS first_address FROM generate_series(1, {count}) AS i) AS made",
            [email],
        )
    products, items, orders = FILL[2][customer], ITEMS[customer], FILL[3][customer]
    cursor.execute(
        f"INSERT INTO order_item SELECT {base} + 1 + i % {orders}, {base} + 1 + i % {products}, 1"
        f" FROM generate_series(0, {items - 1}) AS i"
    )


def refill(url: str) -> None:
    """Ana as she was at the beginning, whatever an erasure left of her."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE {HERS_BY.get(table, HERS)}")
        _fill(cursor, 1, ANA)
    connection.close()


def data_map() -> str:
    """The map of the shop in TOML."""
    lines = [
        '[defaults]\npurpose = "To sell"\nbasis = "contract"\norigin = "You"\nretention = "A year"\nprovided = true'
    ]
    for table, (columns, _) in TABLES.items():
        gone = AT_ERASURE.get(table, "delete")
        lines.append(f'[tables.{table}]\ncategory = "{table}"\nat_erasure = "{gone}"\n[tables.{table}.columns]')
        for column in columns.split(", PRIMARY KEY (")[0].split(", "):
            name, kind, *_ = column.split()
            told = [f'kind = "{KINDS.get(kind, "number")}"']
            if name in ADDRESSES:
                told += ['identity = "email"', "normalised = true"]
            if key := KEYS.get(f"{table}.{name}"):
                told += [f'references = "{key[0]}"', f'follow = "{key[1]}"']
            lines.append(f"{name} = {{ {', '.join(told)} }}")
    return "\n".join(lines) + "\n"


def script(url: str, email: str, target: Path, *, by_cursor: bool) -> int:
    """What somebody writes in an afternoon: every table asked for, its rows as JSON in a ZIP. Return their number."""
    number = 0
    connection = psycopg2.connect(url)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, (_, condition) in TABLES.items():
            with connection.cursor(name=table if by_cursor else None) as cursor:
                cursor.execute(f"SELECT * FROM {table} WHERE {condition}", {"email": email})
                with archive.open(f"{table}.jsonl", "w") as out, io.TextIOWrapper(out, encoding="utf-8") as text:
                    for row in cursor:
                        names = [one[0] for one in cursor.description or ()]
                        text.write(json.dumps(dict(zip(names, row, strict=True)), default=str) + "\n")
                        number += 1
    connection.close()
    return number


def erasing_script(url: str) -> tuple[int, int]:
    """The afternoon after: Ana's rows erased or emptied, then every table counted twice, as ours counts after it and
    when it asks again. Return how many rows changed, and how many are left."""
    changed = left = 0
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        known = {"email": ANA}
        cursor.execute(f"SELECT id FROM address WHERE {TABLES['address'][1]}", known)
        addresses = [one for (one,) in cursor]
        for table in GOES:
            cursor.execute(f"DELETE FROM {table} WHERE {TABLES[table][1]}", known)
            changed += cursor.rowcount
        cursor.execute(f"UPDATE service_request SET {EMPTIED} WHERE {TABLES['service_request'][1]}", known)
        changed += cursor.rowcount
        for table in ("employee", "customer"):
            cursor.execute(f"DELETE FROM {table} WHERE {TABLES[table][1]}", known)
            changed += cursor.rowcount
        cursor.execute(f"DELETE FROM address WHERE id = ANY(%s) AND {UNNAMED}", [addresses])
        changed += cursor.rowcount
        connection.commit()
        for _, (table, (_, condition)) in itertools.product(("after it", "asked again"), TABLES.items()):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {condition}", known)
            left += (cursor.fetchone() or (0,))[0]
    connection.close()
    return changed, left


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and what came of it."""
    started = time.perf_counter()
    result = work()
    return (time.perf_counter() - started) * 1000, result
