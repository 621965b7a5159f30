"""A check points at what seems to be somebody else's, and keeps quiet about what is the person's own."""

import json
import time
from typing import Any

import pytest

from requests_app.rules.others import (
    ACCOUNT,
    CARD,
    EMAIL,
    NAME,
    PHONE,
    UNREAD,
    Found,
    Own,
    may_name_others,
    others_in,
    others_in_text,
)
from requests_app.rules.redaction import Hidden, apply

ANA = Own.of(
    names=["Ana Maria Bianchi"],
    contacts=["ana@example.org", "Ana.Old@example.org", "+39 333 123 4567", "IT60 X054 2811 1010 0000 0123 456"],
)
OTHERS = [
    (EMAIL, "otto@example.org", "Ask otto@example.org."),
    (EMAIL, "otto.rossi+shop@mail.example.co.uk", "<otto.rossi+shop@mail.example.co.uk>"),
    (EMAIL, "otto%40example.org", "https://shop.example/?u=otto%40example.org&x=1"),
    (EMAIL, "otto&#64;example.org", "<p>otto&#64;example.org</p>"),
    (EMAIL, "öttö@exämple.org", "öttö@exämple.org"),
    (EMAIL, "otto\u200b@example.org", "otto\u200b@example.org"),
    (PHONE, "+39 347 765 4321", "Call +39 347 765 4321 today"),
    (PHONE, "0039 06 12345678", "Call 0039 06 12345678"),
    (PHONE, "06 12345678", "Tel. 06 12345678"),
    (PHONE, "347-7654321", "cell 347-7654321,"),
    (PHONE, "01 23 45 67 89", "Tél. 01 23 45 67 89"),
    (PHONE, "(555) 123-4567", "(555) 123-4567"),
    (ACCOUNT, "DE89 3704 0044 0532 0130 00", "pay DE89 3704 0044 0532 0130 00 WITH thanks"),
    (ACCOUNT, "GB82WEST12345698765432", "GB82WEST12345698765432"),
    (CARD, "4111 1111 1111 1111", "card 4111 1111 1111 1111 exp"),
    (CARD, "378282246310005", "378282246310005"),
    (NAME, "Otto Rossi", "Gift for Mr. Otto Rossi, please"),
    (NAME, "Rossi", "La Sig.ra Rossi ha chiamato"),
    (NAME, "Otto Rossi", "Dear Ana,\nFrom: Otto Rossi\nHello"),
    (NAME, "Ana Bianchi, Otto Rossi", "> To: Ana Bianchi, Otto Rossi"),
]
OWN = [
    "Write to ANA@Example.org or ana.old@example.org",
    "0039 333 1234567, 333 1234567",
    "IT60X0542811101000000123456",
    "Dear Mrs Bianchi, dear Sig.ra Ana Maria Bianchi,",
    "From: Ana Bianchi <ana@example.org>",
]
NOBODY = [
    "2026-11-22T08:15:00+00:00",
    "2026-11-22 08:15:00.123456",
    "08/11/2026 10:30",
    "0.0612345678",
    "6f1c9a04-33b1-4e0d-9f3b-0612345678ab",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "order 100000012345, 12.50 EUR",
    "1699999999999",
    "@home, a@b, Director of Mrs",
    "Today: nothing. Into: nothing.",
]


@pytest.mark.parametrize(("kind", "passage", "text"), OTHERS)
def test_what_is_somebody_elses_is_found(kind: str, passage: str, text: str):
    assert may_name_others(json.dumps({"text": text}).encode())
    assert may_name_others(json.dumps({"text": text}, ensure_ascii=False).encode())
    assert (kind, passage) in others_in_text(text, ANA)


@pytest.mark.parametrize("text", OWN)
def test_what_is_the_persons_own_is_not(text: str):
    assert list(others_in_text(text, ANA)) == []


@pytest.mark.parametrize("text", NOBODY)
def test_dates_amounts_and_identifiers_are_nobodys(text: str):
    assert list(others_in_text(text, ANA)) == []


def test_a_line_that_begins_with_a_name_passes_the_gate():
    """In JSON the line break before it is a backslash and a letter."""
    for text in ("x\nMr Rossi", "x\nFrom: Otto", "x\n0612345678", "x\nDE89370400440532013000"):
        assert may_name_others(json.dumps({"text": text}).encode())


@pytest.mark.parametrize(
    "value",
    [
        {"to": ["otto@example.org"]},
        {"otto@example.org": 1},
        json.dumps({"to": "otto@example.org"}),
        '{"to":"otto\\u0040example.org"}',
    ],
)
def test_it_is_found_in_what_is_nested_and_can_be_hidden_there(value: Any):
    line = json.dumps({"id": 1, "data": value}).encode()
    assert may_name_others(line)
    found = others_in(line, ANA)
    assert found == [Found(EMAIL, "data", "otto@example.org")]
    left = apply(json.loads(line), [Hidden(one.column, one.passage) for one in found])
    assert "otto" not in json.dumps(left)


def test_in_the_name_of_a_field_it_is_the_whole_record():
    assert others_in(b'{"otto@example.org": 5}', ANA) == [Found(EMAIL, "", "")]


def test_a_field_full_of_others_is_found_as_a_whole():
    many = json.dumps({"text": " ".join(f"p{n}@example.org" for n in range(50))}).encode()
    assert others_in(many, ANA) == [Found(EMAIL, "text", "")]


@pytest.mark.parametrize("line", [b"{no json", b"[1]", b"[" * 100_000])
def test_what_cannot_be_read_has_to_be_looked_at(line: bytes):
    assert others_in(line, ANA) == [Found(UNREAD, "", "")]


def test_a_card_as_a_number_is_found():
    assert others_in(b'{"pan": 4111111111111111, "n": 4111111111111112}', ANA) == [
        Found(CARD, "pan", "4111111111111111")
    ]


@pytest.mark.parametrize("letter", ["a", "0", "1 ", "+", "@", "A", "Mr A", "From:", "a.", "[", "{", "&#0"])
def test_no_text_makes_it_slow(letter: str):
    line = json.dumps({"text": letter * 200_000}).encode()
    began = time.process_time()
    may_name_others(line)
    others_in(line, ANA)
    assert time.process_time() - began < 3
