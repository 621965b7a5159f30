"""Data maps: what they say, in which order tables are read, and what is wrong with them, all at once."""

import re

import pytest

from requests_app.connectors.data_map import visits
from requests_app.connectors.data_map.model import DataMap, described
from requests_app.connectors.data_map.toml_file import DataMapError, read_map
from tests.connectors import shop

PERSON = '[tables.person.columns]\nid = "number"\nemail = { identity = "email" }\n'


def ways(data_map: DataMap) -> dict[str, list[str]]:
    """The tables in their order, and for each from which table it is reached."""
    return {visit.table.key: [edge.source for edge in visit.edges] for visit in visits(data_map)}


def test_what_a_column_does_not_say_its_table_or_the_defaults_say() -> None:
    data_map = read_map(shop.MAP.read_text())
    customer = data_map.by_key["customer"]
    email, newsletter, settings = (customer.column(name) for name in ("email", "newsletter", "settings"))
    assert email is not None
    assert newsletter is not None
    assert settings is not None
    assert (email.about.category.it, email.about.purpose.it) == (
        "Contact data",
        "Per vendere e consegnare ciò che ha ordinato",
    )
    assert (email.about.recipients[0].en, email.at_erasure) == ("Our mail provider", "mask")
    assert (newsletter.about.basis, newsletter.about.purpose.en, newsletter.kind) == (
        "consent",
        "To send news",
        "boolean",
    )
    assert (email.about.provided, settings.about.provided) == (True, False)
    assert data_map.by_key["orders"].column("total").at_erasure == "keep"  # type: ignore[union-attr]
    assert customer.label.it == "Anagrafica clienti"
    assert customer.column("number").identity == "customer.number"  # type: ignore[union-attr]


def test_every_table_is_read_after_all_that_lead_to_it() -> None:
    order = list(ways(read_map(shop.MAP.read_text())))
    assert order.index("address") > order.index("orders") > order.index("customer")
    assert order.index("product") > order.index("order_item")


def test_a_reference_is_followed_as_it_says() -> None:
    there = '[tables.other.columns]\nid = "number"\nperson_id = { references = "person.id", follow = "%s" }\n'
    assert ways(read_map(PERSON + there % "from")) == {"person": [], "other": ["person"]}
    assert ways(read_map(PERSON + there % "to")) == {"person": []}
    assert ways(read_map(PERSON + there % "both")) == {"person": [], "other": ["person"]}


def test_from_a_shared_row_no_way_leads_back_to_others() -> None:
    data_map = read_map(
        '[tables.person.columns]\nemail = { identity = "email" }\n'
        'home = { references = "address.id", follow = "both" }\n'
        '[tables.address.columns]\nid = "number"\n'
        '[tables.parcel.columns]\nemail = { identity = "email" }\nto = { references = "address.id", follow = "both" }\n'
    )
    assert ways(data_map) == {"person": [], "parcel": [], "address": ["person", "parcel"]}


def test_a_circle_ends() -> None:
    circle = (
        '[tables.a.columns]\nperson = { references = "person.id" }\nb = { references = "b.id", follow = "both" }\n'
        'a = { references = "a.b" }\n[tables.b.columns]\nid = "number"\na = { references = "a.b", follow = "both" }\n'
    )
    assert list(ways(read_map(PERSON + circle))) == ["person", "a", "b"]


def test_a_table_may_have_another_name_in_the_database() -> None:
    table = read_map(
        PERSON.replace(
            "[tables.person.columns]", '[tables.person]\nname = "T 1"\nschema = "crm"\n[tables.person.columns]'
        )
    )
    assert (table.tables[0].key, table.tables[0].name, table.tables[0].schema) == ("person", "T 1", "crm")


def test_every_mistake_is_named_by_its_place() -> None:
    with pytest.raises(DataMapError) as found:
        read_map(
            '[defaults]\nbasis = "because"\npurpos = "x"\n'
            '[tables.a]\nprimary_key = []\n[tables.a.columns]\nx = { kind = "colour", identity = "name" }\n'
            'y = { references = "nowhere", follow = "up", category = "" }\n'
            '[tables.b.columns]\n[tables.c]\nlabel = { en = "only" }\nat_erasure = "burn"\n'
        )
    assert [mistake.place for mistake in found.value.mistakes] == [
        "defaults.basis", "defaults.purpos", "tables.a.columns.x.identity", "tables.a.columns.x.kind",
        "tables.a.columns.y.follow", "tables.a.columns.y.references", "tables.a.columns.y.category",
        "tables.a.primary_key", "tables.b.columns", "tables.c.at_erasure", "tables.c.columns", "tables.c.columns",
        "tables.c.label",
    ]  # fmt: skip


def test_what_one_place_says_of_another_has_to_be_so() -> None:
    with pytest.raises(DataMapError) as found:
        read_map(
            '[tables.a]\nprimary_key = "id"\nsince = "then"\n[tables.p]\npeople = true\n[tables.p.columns]\nx = {}\n'
            '[tables.a.columns]\nb = { references = ["b.id", "a.c"] }\nc = {}\n'
        )
    assert str(found.value).splitlines() == [
        "tables.a.primary_key: id is not among its columns",
        "tables.a.since: then is not among its columns",
        "tables.a.columns.b.references: b.id is not in this map",
        "tables.p.people: needs a primary_key, by which they are told apart",
        'tables: no column has identity = "email" or "identifier": nobody could be found',
    ]


def test_the_map_of_the_documentation_is_one() -> None:
    document = (shop.MAP.parents[2] / "docs" / "data-sources.md").read_text(encoding="utf-8")
    (content,) = re.findall(r"```toml\n(\[defaults\].*?)```", document, re.DOTALL)
    assert ways(read_map(content)) == {"customer": [], "orders": ["customer"], "address": ["customer"]}


def test_what_is_no_toml_says_so() -> None:
    with pytest.raises(DataMapError, match="is not TOML"):
        read_map("[[[")


def test_a_column_can_be_the_persons_own_contact() -> None:
    content = '[tables.person.columns]\nemail = { identity = "email" }\nphone = { own = true }\n'
    (table,) = read_map(content).tables
    assert [(column.name, column.own) for column in described(table).columns] == [("email", False), ("phone", True)]
