"""A47: no cell of a CSV is a formula, with whatever separator it is opened; numbers stay numbers."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.rules.spreadsheet import cell, header, inert

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
LEADING = ["", " ", "  ", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u202e", "\x00", "\x1f"]
FORMULA = re.compile(f"[\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[{re.escape(SIGNS)}]")


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", LEADING)
def test_a_cell_that_begins_as_a_formula_begins_with_an_apostrophe(sign, before):
    assert inert(f"{before}{sign}1+cmd|' /C calc'!A0").startswith(f"'{before}{sign}")


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1", "\tplain", "\rplain"])
def test_a_cell_that_begins_with_a_tab_or_a_new_line_does_too(text):
    assert inert(text).startswith("'")


@pytest.mark.parametrize("text", ["", "plain", "a=b", "3 - 2", "ana@example.org", "Grüße", "a;b", "1;2|3", "'=1"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert inert(text) == text


@pytest.mark.parametrize("separator", [";", "|", "\t", "\n", "\r", "\r\n", "; ", ";\t"])
def test_nor_does_a_cell_begin_within_for_whoever_opens_it_with_another_separator(separator):
    assert inert(f"a{separator}=1+1") == f"a{separator}'=1+1"


@given(st.text(alphabet=st.sampled_from("=+-@＝;|\t\r\n\u200b a1\",'"), max_size=40))
def test_no_text_however_split_is_a_formula(text):
    opened = next(csv.reader([header([text])], strict=True)) if not re.search("[\r\n]", text) else [inert(text)]
    for begins in (opened[0], *re.split("[;|\t\r\n]", opened[0])[1:]):
        assert not FORMULA.match(begins), begins


def test_a_long_run_of_blanks_takes_no_longer_than_it_is():
    assert inert("\t" * 200_000 + "x") == "'" + "\t" * 200_000 + "x"


@pytest.mark.parametrize(("value", "line"), [
    (-3, "-3"), (1.5, "1.5"), (True, "true"), (None, ""), ("-12.50", "-12.50"), ("+1e3", "+1e3"),
])  # fmt: skip
def test_numbers_of_a_column_of_numbers_stay_numbers(value, line):
    assert cell(value, number=True) == line


@pytest.mark.parametrize("value", ["-1+1", "=1", "+", "-", "1e", "٣", "-" + "1" * 500])
def test_what_only_looks_like_a_number_is_text(value):
    assert cell(value, number=True).startswith('"')


def test_a_number_in_a_column_of_text_is_made_inert():
    assert cell("-1") == '"\'-1"'


@given(st.text(max_size=50))
def test_every_text_comes_back_but_for_its_apostrophes(text):
    row = next(csv.reader(io.StringIO(cell(text) + "\r\n", newline=""), strict=True), [""])
    assert row[0].replace("'", "") == text.replace("'", "")


def test_what_is_nested_stands_as_json():
    assert cell({"a": [1, "=2"]}) == '"{""a"":[1,""=2""]}"'
