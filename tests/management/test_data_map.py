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


def test_which_rows_are_people_is_told_where_the_map_does_not_say_it(run: Run) -> None:
    subscribers = '[tables.visit]\nprimary_key = "page"\n'
    said = run("check", shop.MAP.read_text().replace("[tables.visit]\n", subscribers))[1]
    assert "note   customer: each row is taken for a person" in said
    assert "note   visit: rows with one address are taken to be of one person" in said
    for table, people in (("customer", "false"), ("visit", "true")):
        told = shop.MAP.read_text().replace("[tables.visit]\n", subscribers)
        said = run("check", told.replace(f"[tables.{table}]\n", f"[tables.{table}]\npeople = {people}\n"))[1]
        assert f"note   {table}: " not in said.replace(f"{table}: the primary key", "")


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


def library(tmp_path: Path) -> str:
    """A database with keys of two columns, rows that name their own table, and what many people share."""
    made = f"sqlite:///{tmp_path / 'library.db'}"
    with create_engine(made, poolclass=NullPool).begin() as connection:
        for statement in (
            "CREATE TABLE branch (id integer PRIMARY KEY, town text)",
            "CREATE TABLE staff (id integer PRIMARY KEY, email text, branch_id integer REFERENCES branch (id))",
            "CREATE TABLE reader (branch_id integer REFERENCES branch (id), card integer, mail text,"
            " guardian integer, guardian_branch integer, code text UNIQUE, PRIMARY KEY (branch_id, card),"
            " FOREIGN KEY (guardian_branch, guardian) REFERENCES reader (branch_id, card))",
            "CREATE TABLE loan (id integer PRIMARY KEY, branch_id integer, card integer, reader_code text,"
            " after_id integer REFERENCES loan (id), due text,"
            " FOREIGN KEY (branch_id, card) REFERENCES reader (branch_id, card))",
        ):
            connection.exec_driver_sql(statement)
    return made


READER = (
    '[tables.reader]\nprimary_key = ["branch_id", "card"]\n[tables.reader.columns]\nbranch_id = "number"\n'
    'card = "number"\ncode = {}\nmail = { identity = "email" }\n'
)


def test_half_a_key_leads_to_others_and_is_wrong(run: Run, tmp_path: Path) -> None:
    loan = '[tables.loan.columns]\nid = "number"\ncard = { kind = "number", references = "reader.card" }\n'
    status, said = run("check", READER + loan, url=library(tmp_path))
    assert status == 1
    assert (
        "WRONG  loan.card: only branch_id, card together name a row of reader, and one of them rows of others" in said
    )


def test_a_column_that_many_rows_share_is_told_and_one_that_is_unique_is_not(run: Run, tmp_path: Path) -> None:
    url = library(tmp_path)
    loan = '[tables.loan.columns]\nreader_code = { references = "reader.%s" }\n'
    status, said = run("check", READER + loan % "mail", url=url)
    assert status == 0
    assert "note   loan.reader_code: rows of others may have the same reader.mail, which is not unique" in said
    assert "not unique" not in run("check", READER + loan % "code", url=url)[1]


def test_a_row_that_names_its_own_table_is_told(run: Run, tmp_path: Path) -> None:
    loan = '[tables.loan.columns]\nid = "number"\nreader_code = { references = "reader.code" }\n'
    loan += 'after_id = { kind = "number", references = "loan.id" }\n'
    _, said = run("check", READER + loan, url=library(tmp_path))
    assert "note   loan.after_id: names rows of its own table, which is not followed" in said


def test_a_way_that_nobody_chose_by_what_others_share_is_told(run: Run, tmp_path: Path) -> None:
    _, said = run(
        "check",
        '[tables.staff.columns]\nemail = { identity = "email" }\n'
        'branch_id = { kind = "number", references = "branch.id", follow = "to" }\n'
        '[tables.branch.columns]\nid = "number"\n'
        '[tables.reader.columns]\nbranch_id = { kind = "number", references = "branch.id" }\n',
        url=library(tmp_path),
    )
    assert "note   reader.branch_id: is reached by way of branch, which rows of others may name too" in said


def test_where_a_reference_leads_the_other_way_the_words_say_so(run: Run, tmp_path: Path) -> None:
    loan = '[tables.loan.columns]\nreader_code = { references = "reader.code", follow = "to" }\n'
    _, said = run("check", READER + loan, url=library(tmp_path))
    assert (
        'WRONG  loan: no way leads from a person to this table, so it is never read: reader_code has follow = "to"'
        in said
    )


def test_a_draft_says_which_keys_it_cannot_follow(run: Run, tmp_path: Path) -> None:
    _, drafted = run("draft", url=library(tmp_path))
    assert "# branch_id, card together name reader (branch_id, card)" in drafted
    assert 'mail = { kind = "text", identity = "email"' in drafted
    assert 'branch_id = { kind = "number", references = "branch.id", follow = "to" }' in drafted
    ways = {visit.table.key: sorted(edge.source for edge in visit.edges) for visit in visits(read_map(drafted))}
    assert ways == {"staff": [], "reader": [], "branch": ["reader", "staff"]}


def test_a_draft_is_told_where_addresses_stand_under_another_name(run: Run, url: str, capsys: Any) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE donor (id INTEGER PRIMARY KEY, reach TEXT)")
    assert "# donor (id, reach)  # guess: no address" in run("draft")[1]
    call_command("data_map", "draft", "shop", "--address", "donor.reach")
    assert 'reach = { kind = "text", identity = "email" }  # guess' in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"there is no column donor.mial; the tables are: address, customer, donor"):
        call_command("data_map", "draft", "shop", address=["donor.mial"])


def test_keys_that_are_joined_in_views_lead_to_the_person_alone(run: Run, tmp_path: Path) -> None:
    url = library(tmp_path)
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in (
            "CREATE VIEW reader_keyed AS SELECT r.*, branch_id || '-' || card AS reader_key FROM reader r",
            "CREATE VIEW loan_keyed AS SELECT l.*, branch_id || '-' || card AS reader_key FROM loan l",
            "INSERT INTO reader (branch_id, card, mail) VALUES (1, 7, 'ana@example.org'), (2, 7, 'otto@example.org')",
            "INSERT INTO loan (id, branch_id, card) VALUES (1, 1, 7), (2, 2, 7), (3, NULL, 7)",
        ):
            connection.exec_driver_sql(statement)
    content = (
        '[tables.reader]\nname = "reader_keyed"\n[tables.reader.columns]\nreader_key = {}\n'
        'mail = { identity = "email" }\n[tables.loan]\nname = "loan_keyed"\n[tables.loan.columns]\nid = "number"\n'
        'reader_key = { references = "reader.reader_key" }\n'
    )
    assert "WRONG" not in run("check", content, url=url)[1]
    of_ana = held(Sql(url=url, map=str(tmp_path / "map.toml")))
    assert [row["id"] for row in of_ana["loan"]] == [1]


def test_a_source_that_is_none_or_away_is_told(run: Run, settings: Any) -> None:
    with pytest.raises(CommandError, match=r"has mistakes: tables: is missing"):
        run("check", "[defaults]")
    with pytest.raises(CommandError, match="cannot be reached .* password of the URL right"):
        run("draft", url="sqlite:////nowhere/shop.db")
    settings.DATA_SOURCES = {"few": {"BACKEND": "requests_app.connectors.in_memory.InMemory"}}
    for alias, words in (("few", "no SQL source"), ("shop", "no data source shop; .* names: few")):
        with pytest.raises(CommandError, match=words):
            call_command("data_map", "check", alias)
