"""A Fides dataset works as it stands: sample of ours, in the format of its documentation."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from requests_app.connectors import Query
from requests_app.connectors.data_map import visits
from requests_app.connectors.data_map.categories import words_of
from requests_app.connectors.data_map.fides import read_fides
from requests_app.connectors.data_map.toml_file import DataMapError, read_defaults
from requests_app.connectors.sql import Sql
from tests.connectors import shop
from tests.connectors.sql_contract import held

SAMPLE = shop.FIDES.read_text()


def test_ana_gets_what_the_dataset_leads_to(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    shop.filled(create_engine(url, poolclass=NullPool))
    source = Sql(
        url=url, fides=str(shop.FIDES), dataset="shop", defaults={"basis": "contract", "purpose": "To deliver"}
    )
    found = held(source)
    assert {table: len(rows) for table, rows in found.items()} == {
        "customer": 1, "visit": 2, "orders": 2, "address": 2, "order_item": 3, "product": 2,
    }  # fmt: skip
    assert found["customer"][0]["settings"] == {"lang": "it"}
    (match,) = source.find(Query(email="new@example.com", details="C-1001"))
    assert [contact.address for contact in match.contacts] == ["ana@example.org"]
    about = {column.name: column.about for table in source.describe() for column in table.columns}
    assert (about["street"].category.it, about["street"].basis) == ("Indirizzo postale", "contract")
    assert (about["city"].retention.en, about["street"].retention.en) == ("A year", "10 years after the last order")


def test_what_nobody_follows_is_told() -> None:
    data_map = read_fides(SAMPLE, dataset="shop")
    assert [place for place, _ in data_map.left_out] == ["orders.customer_id"]
    assert "warehouse" in data_map.left_out[0][1]
    assert "archive" not in data_map.by_key


def test_a_direction_that_is_not_told_leads_away_from_the_person() -> None:
    order = {
        visit.table.key: [edge.source for edge in visit.edges] for visit in visits(read_fides(SAMPLE, dataset="shop"))
    }
    assert order["address"] == ["customer", "orders"]
    assert order["orders"] == ["customer"]
    assert order["order_item"] == ["orders"]


def test_one_dataset_needs_no_name() -> None:
    (data_map,) = [
        read_fides("dataset: {fides_key: a, collections: [{name: t, fields: [{name: e, meta: {identity: email}}]}]}")
    ]
    assert list(data_map.by_key) == ["t"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("dataset: [", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "is not YAML"),
        ("dataset: 5", "list of datasets"),
        ("dataset: [{name: x}]", "fides_key"),
        (SAMPLE, "name one of shop, warehouse"),
        ("dataset: [{fides_key: a, collections: [{name: t}]}]", "a.t.fields: has to be a list"),
        ("dataset: [{fides_key: a}]", "a.collections: has to be a list"),
        ("dataset: [{fides_key: a, collections: [{name: t, fields: [{name: e}]}]}]", "nobody could be found"),
        (
            "dataset: [{fides_key: a, collections: [{name: t, fields: "
            "[{name: e, fides_meta: {references: [{dataset: a, field: t.e, direction: up}]}}]}]}]",
            "a.t.e: direction",
        ),
    ],
)
def test_a_mistake_is_named(content: str, words: str) -> None:
    with pytest.raises(DataMapError, match=words):
        read_fides(content)


def test_defaults_are_read_like_those_of_a_map() -> None:
    assert read_defaults({"origin": {"en": "you", "it": "Lei"}}).origin.it == "Lei"
    with pytest.raises(DataMapError, match=r"defaults\.kind"):
        read_defaults({"kind": "text"})


def test_a_category_speaks_of_the_person_first() -> None:
    assert str(words_of(["system.operations", "user.contact.email"])) == "E-mail address"
    assert str(words_of(["user.financial.account_number"])) == "Payment data"
    assert str(words_of(["user.provided.identifiable.contact.phone_number"])) == "Phone number"
    assert str(words_of(["own.thing"])) == "own.thing"
    assert words_of([]) is None


def test_how_somebody_is_reached_is_their_own_in_the_table_that_tells_who_they_are() -> None:
    content = """
dataset:
  - fides_key: shop
    collections:
      - name: customer
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.provided.identifiable.contact.phone_number]}
          - {name: note, data_categories: [user.content]}
          - {name: contacted, data_categories: [user.contacts]}
      - name: parcel
        fields:
          - {name: phone, data_categories: [user.contact.phone_number]}
"""
    own = {
        f"{table.key}.{column.name}" for table in read_fides(content).tables for column in table.columns if column.own
    }
    assert own == {"customer.email", "customer.phone"}
