"""`manage.py data_map`: a map against the database as it is, and a first draft of one."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from requests_app.connectors.data_map import visits
from requests_app.connectors.data_map.toml_file import read_map
from requests_app.connectors.sql import Sql
from requests_app.management.commands.data_map import Command
from tests.connectors import shop
from tests.connectors.sql_contract import held

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'shop.db'}"
    shop.filled(create_engine(made, poolclass=NullPool))
    return made


@pytest.fixture
def run(url: str, tmp_path: Path, settings: Any) -> Run:
    """Run the command with a map of this content; its status and its words."""

    def ran(action: str, content: str = "", **options: str) -> tuple[int, str]:
        if content:
            (tmp_path / "map.toml").write_text(content)
        given = {"url": url, "map": str(tmp_path / "map.toml"), **options}
        settings.DATA_SOURCES = {"shop": {"BACKEND": "requests_app.connectors.sql.Sql", "OPTIONS": given}}
        out = StringIO()
        try:
            call_command("data_map", action, "shop", stdout=out)
        except SystemExit as ended:
            return int(ended.code or 0), out.getvalue()
        return 0, out.getvalue()

    return ran


def test_a_map_that_fits_names_what_it_does_not_hand_out(run: Run) -> None:
    status, said = run("check", shop.MAP.read_text())
    assert status == 0
    assert "WRONG" not in said
    assert "customer.password_hash: (NOT NULL) is not in the map" in said
    assert "shop: 6 tables can be read, 0 to mend." in said


def test_whatever_does_not_fit_is_named_with_how_to_mend_it(run: Run) -> None:
    status, said = run(
        "check",
        '[tables.customer.columns]\nmail = { identity = "email" }\nnewsletter = "date"\nid = "text"\n'
        '[tables.orders.columns]\ncustomer_id = { kind = "number", references = "customer.number2" }\n'
        "[tables.customers.columns]\nx = {}\n".replace("customer.number2", "customer.newsletter")
        + '[tables.product.columns]\nname = { references = "orders.customer_id" }\n',
    )
    assert status == 1
    for words in (
        "WRONG  customer.mail: the table has no such column; it has: id, number, email",
        'WRONG  customer.newsletter: the map says date, the database has boolean: write kind = "boolean"',
        'note   customer.id: the map says text, the database has number: write kind = "number"',
        "WRONG  orders.customer_id: is number, and customer.newsletter is boolean",
        "WRONG  customers: the database has no table customers; it has: address, customer",
        "WRONG  customers: no way leads from a person to this table",
        "note   order_item: is not in the map, so nothing of it is handed out; it refers to orders, product",
        "note   customer: the primary key is id",
        "note   purpose: no purpose is told for columns of customer",
    ):
        assert words in said, (words, said)


def test_a_way_by_what_others_share_is_told(run: Run) -> None:
    _, said = run(
        "check",
        '[tables.customer.columns]\nemail = { identity = "email" }\n'
        'address_id = { kind = "number", references = "address.id", follow = "to" }\n'
        '[tables.address.columns]\nid = "number"\n[tables.orders.columns]\n'
        'shipping_address_id = { kind = "number", references = "address.id", follow = "both" }\n',
    )
    assert "note   orders.shipping_address_id: is reached by way of address, which rows of others may name too" in said


def test_what_of_a_fides_dataset_is_not_followed_is_told(run: Run) -> None:
    status, said = run("check", map="", fides=str(shop.FIDES), dataset="shop")
    assert "note   orders.customer_id: refers to another dataset, warehouse" in said
    assert status == 0


def test_a_draft_is_a_map_that_leads_to_the_person(run: Run, url: str, tmp_path: Path) -> None:
    status, drafted = run("draft")
    assert status == 0
    assert '# password_hash = "text"  # guess: a secret of yours, not handed out' in drafted
    assert 'email = { kind = "text", identity = "email", category = "Contact data" }  # guess' in drafted
    assert {visit.table.key for visit in visits(read_map(drafted))} == {
        "customer", "address", "orders", "order_item", "product", "visit",
    }  # fmt: skip
    (tmp_path / "drafted.toml").write_text(drafted)
    assert len(held(Sql(url=url, map=str(tmp_path / "drafted.toml")))["order_item"]) == 3
    assert "WRONG" not in run("check", drafted)[1]


def test_a_draft_leads_to_nobody_else_and_leaves_out_what_is_nobodys(run: Run, url: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in (
            "CREATE TABLE maker (id INTEGER PRIMARY KEY, name TEXT)",
            "ALTER TABLE product ADD COLUMN maker_id INTEGER REFERENCES maker (id)",
            "CREATE TABLE clerk (id INTEGER PRIMARY KEY, email TEXT, boss INTEGER REFERENCES clerk (id))",
            "ALTER TABLE customer ADD COLUMN clerk_id INTEGER REFERENCES clerk (id)",
        ):
            connection.exec_driver_sql(statement)
    assert Command.requires_system_checks == ()  # they would stop where there is no map yet
    _, drafted = run("draft")
    assert 'maker_id = "number"\n' in drafted
    assert "# maker (id, name)  # guess: no address, and no way from a person; left out" in drafted
    assert 'clerk_id = "number"  # guess: refers to clerk.id: other people, not followed' in drafted
    assert 'boss = "number"  # guess: refers to clerk.id: other people, not followed' in drafted
    followed = drafted.replace('clerk_id = "number"', 'clerk_id = { kind = "number", references = "clerk.id" }')
    assert (
        "note   customer.clerk_id: has addresses of its own, and rows of others may name clerk"
        in run("check", followed)[1]
    )


def test_a_source_that_is_none_or_away_is_told(run: Run, settings: Any) -> None:
    with pytest.raises(CommandError, match=r"has mistakes: tables: is missing"):
        run("check", "[defaults]")
    with pytest.raises(CommandError, match="cannot be reached .* password of the URL right"):
        run("draft", url="sqlite:////nowhere/shop.db")
    settings.DATA_SOURCES = {"few": {"BACKEND": "requests_app.connectors.in_memory.InMemory"}}
    for alias, words in (("few", "no SQL source"), ("shop", "no data source shop; .* names: few")):
        with pytest.raises(CommandError, match=words):
            call_command("data_map", "check", alias)
