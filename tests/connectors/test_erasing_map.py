"""What a data map says about erasing: how it is read, in which order tables go, and what a check says of it."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from requests_app.connectors.data_map import visits
from requests_app.connectors.data_map.erasing import erasure_of
from requests_app.connectors.data_map.fides import read_fides
from requests_app.connectors.data_map.toml_file import DataMapError, read_map
from requests_app.connectors.sql import Sql
from requests_app.connectors.sql.checking import check
from requests_app.connectors.sql.erasing_findings import of_accounts
from requests_app.connectors.work import Way
from tests.connectors import shop

PERSON = '[tables.person.columns]\nid = "number"\nemail = { identity = "email" }\nnews = "boolean"\n'


def test_whoever_names_goes_before_whoever_is_named_and_what_is_shared_is_no_ones_own() -> None:
    data_map = read_map(shop.MAP.read_text())
    erasure = erasure_of(data_map, visits(data_map))
    assert erasure.own.index("order_item") < erasure.own.index("orders") < erasure.own.index("customer")
    assert set(erasure.looked_up) == {"address", "product"}
    assert {key: way for key, (way, _) in erasure.proposed().items()} == {
        "visit": Way.ERASE, "order_item": Way.ERASE, "orders": Way.KEEP, "customer": Way.ANONYMISE,
        "address": Way.KEEP, "product": Way.KEEP,
    }  # fmt: skip


@pytest.mark.parametrize(("more", "way"), [
    ("", Way.ERASE),
    ('at_erasure = "mask"', Way.ANONYMISE),
    ('at_erasure = "keep"', Way.KEEP),
    ('keep = { reason = "Law" }', Way.KEEP),
])  # fmt: skip
def test_a_table_says_what_becomes_of_it(more: str, way: Way) -> None:
    data_map = read_map(f"[tables.person]\n{more}\n{PERSON}")
    assert erasure_of(data_map, visits(data_map)).proposed()["person"][0] == way


def test_a_row_stays_where_one_of_its_columns_says_so() -> None:
    data_map = read_map(PERSON.replace('"boolean"', '{ kind = "boolean", at_erasure = "keep" }'))
    way, why = erasure_of(data_map, visits(data_map)).proposed()["person"]
    assert (way, why.en) == (Way.ANONYMISE, "All values are emptied, except news.")


def test_switches_name_a_table_and_a_column() -> None:
    told = '[consent.news]\ntable = "person"\ncolumn = "news"\nallowed = "Y"\nstopped = "N"\n'
    data_map = read_map(f'{PERSON}{told}[restriction]\nperson = "news"\n')
    ((purpose, switch),) = data_map.consent
    assert (purpose, switch.allowed, switch.stopped, data_map.restriction) == ("news", "Y", "N", (("person", "news"),))


@pytest.mark.parametrize(("more", "words"), [
    ('[consent.news]\ntable = "person"\ncolumn = "nothing"\n', "consent.news: person.nothing is not in this map"),
    ('[consent.news]\ntable = "person"\ncolumn = "news"\nallowed = "Y"\n', "consent.news.stopped: is missing"),
    ('[restriction]\nperson = "nothing"\n', "restriction: person.nothing is not in this map"),
    ('[tables.x]\nkeep = { years = 10 }\n[tables.x.columns]\nid = {}\n', "tables.x.keep: keep has to be"),
    ('[tables.x]\nkeep = { reason = "Law", years = 1, from = "y" }\n[tables.x.columns]\nid = {}\n', "counted from"),
])  # fmt: skip
def test_a_mistake_names_its_place(more: str, words: str) -> None:
    with pytest.raises(DataMapError) as failed:
        read_map(PERSON + more)
    assert words in str(failed.value)


def test_a_fides_dataset_says_it_by_its_masking_strategies() -> None:
    masked = shop.FIDES.read_text().replace("identity: customer_number", "masking_strategy_override: {strategy: hash}")
    data_map = read_fides(masked, dataset="shop")
    customer = data_map.by_key["customer"]
    assert {one.name for one in customer.columns if one.at_erasure == "mask"} == {"number"}
    assert erasure_of(data_map, visits(data_map)).way("customer") == Way.ANONYMISE


@pytest.mark.parametrize(("writes_as", "noted"), [("reader", 1), ("eraser", 0)])
def test_the_account_that_erases_is_better_not_the_one_that_is_asked_afterwards(writes_as: str, noted: int) -> None:
    writing = f"postgresql://{writes_as}:secret@db.example/shop"
    source = Sql(url="postgresql://reader:secret@db.example/shop", write_url=writing, map=str(shop.MAP))
    assert len(list(of_accounts(source.database, source.writer))) == noted


def test_the_check_says_what_would_stay_and_what_would_stop_it_where_something_may_be_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url, poolclass=NullPool)
    shop.filled(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE badge (visit_order INTEGER REFERENCES order_item (order_id))")
    source = Sql(url=url, write_url=url, map=str(shop.MAP))
    said: dict[str, str] = {}
    for one in check(source.map, source.visits, source.database, may_write=True):
        said[one.place] = f"{said.get(one.place, '')} {one.words}"
    assert "stays at an erasure" in said["product"]
    assert "told why" in said["orders"]
    assert "is emptied at an erasure but for what the map does not name: password_hash" in said["customer"]
    assert "refers to order_item: a row that it names cannot be erased" in said["badge"]
    silent = {one.words for one in check(source.map, source.visits, source.database)}
    assert not [words for words in silent if "erasure" in words]
    assert (Sql(url=url, map=str(shop.MAP)).may_write, source.may_write) == (False, True)
