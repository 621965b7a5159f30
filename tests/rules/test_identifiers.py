"""Twelve spellings are one identifier, and nobody else's (E3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.rules.identifiers import Identifier, Kind, normal_form
from tests.identifiers import people, spellings_of_address, spellings_of_number, spellings_of_phone, strangers


def email(text: str) -> str:
    return normal_form(Identifier(Kind.EMAIL, text))


def phone(text: str) -> str:
    return normal_form(Identifier(Kind.PHONE, text))


@pytest.mark.parametrize(("kind", "own", "spellings"), [
    (Kind.EMAIL, "ana.bianchi@bücher.example", spellings_of_address("ana.bianchi@bücher.example")),
    (Kind.EMAIL, "ana@straße.example", spellings_of_address("ana@straße.example")),
    (Kind.PHONE, "+393331234567", spellings_of_phone("+393331234567")),
    (Kind.PHONE, "+442079460958", spellings_of_phone("+442079460958")),
    (Kind.NUMBER, "C-1001", spellings_of_number("C-1001")),
])  # fmt: skip
def test_twelve_spellings_are_one(kind, own, spellings):
    assert len(set(spellings) - {own}) == 12
    assert {normal_form(Identifier(kind, one)) for one in (own, *spellings)} == {normal_form(Identifier(kind, own))}


@pytest.mark.parametrize("other", [
    "anabianchi@example.org", "ana.bianchi+shop@example.org", "ana_bianchi@example.org", "ana.bianchi@example.com",
    "аna.bianchi@example.org", "ana.bianchi@exarnple.org", '"ana bianchi"@example.org', "ana bianchi@example.org",
    '"ana.bianchi "@example.org', "ana.bianchi@example.org.it", "ana.bianchì@example.org", "ana.bianchi²@example.org",
    "ana.b\u0131anchi@example.org", "ana.bianchi@xn--example-.org", "ana%2Ebianchi@example.org",
])  # fmt: skip
def test_what_may_be_another_mailbox_stays_another(other):
    assert email(other) not in {"", email("ana.bianchi@example.org")}


@pytest.mark.parametrize(("text", "same"), [
    ("+39 (0)2 1234567", "+39 02 1234567"), ("0039 (0)333 1234567", "+393331234567"), ("(0)2 123456", "02 123456"),
    ("+39 02 123456 int. 12", "+3902123456;ext=12"), ("٠٠٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨", "+442079460958"),
])  # fmt: skip
def test_a_telephone_number_is_one_however_it_is_written(text, same):
    assert phone(text) == phone(same) != ""


@pytest.mark.parametrize(("one", "other"), [
    ("+39 02 1234567", "+39 2 1234567"), ("02 1234567", "+39 02 1234567"), ("+39 02 1234567", "+39 02 1234567 x1"),
    ("+44 20 7946 0958", "+442079460985"),
])  # fmt: skip
def test_another_line_stays_another(one, other):
    assert phone(one) != phone(other)


@pytest.mark.parametrize(
    "nothing", ["", " ", "ana", "@example.org", "ana@", "ana(at)example.org", "x" * 600 + "@a.org"]
)
def test_what_identifies_nobody_has_no_form(nothing):
    assert email(nothing) == ""


def test_a_number_counts_for_the_system_that_gave_it():
    assert Identifier(Kind.NUMBER, "1001", "shop").type != Identifier(Kind.NUMBER, "1001", "crm").type


@given(st.sampled_from(Kind), st.text(max_size=60))
def test_the_form_of_a_form_is_itself(kind, text):
    form = normal_form(Identifier(kind, text))
    assert form == "" or normal_form(Identifier(kind, form)) == form


def no_stranger_is_hit(known: int, count: int) -> None:
    forms = {(identifier.type, normal_form(identifier)) for identifier, _ in people(known, seed=7)}
    assert len(forms) == known
    assert all(form for _, form in forms)
    for identifier, spellings in people(known, seed=7):
        assert {normal_form(one) for one in spellings} == {normal_form(identifier)}, identifier
    hit = [s for s in strangers(count, seed=7, known=known) if (s.type, normal_form(s)) in forms]
    assert hit == []


def test_no_stranger_is_taken_for_somebody_who_was_erased():
    no_stranger_is_hit(300, 1500)


@pytest.mark.long
def test_no_stranger_among_a_hundred_thousand_is_taken_for_one_of_ten_thousand():
    no_stranger_is_hit(10_000, 100_000)
