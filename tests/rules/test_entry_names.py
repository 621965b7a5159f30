"""A45: names of the files in a package harm no system on which it is unpacked."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.rules.entry_names import LONGEST, Names, safe


@pytest.mark.parametrize(("given", "left"), [
    ("scan.pdf", "scan.pdf"),
    ("../../etc/passwd", "etc_passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("/abs/path.txt", "abs_path.txt"),
    ("C:\\x.txt", "C__x.txt"),
    ("photo\u202egnp.exe", "photo_gnp.exe"),
    ("a\r\nSet-Cookie: x.txt", "a__Set-Cookie__x.txt"),
    ("nul\x00byte.txt", "nul_byte.txt"),
    ("", "file"),
    ("...", "file"),
    ("CON", "_CON"),
    ("con.tar.gz", "_con.tar.gz"),
    ("LPT1.txt", "_LPT1.txt"),
    ("COM\u00b9.txt", "_COM\u00b9.txt"),
    ("trailing. ", "trailing"),
    (".htaccess", "htaccess"),
    ("perché.pdf", "perché.pdf"),
    ("half\ud800.txt", "half.txt"),
    ("x" * 4096 + ".pdf", "x" * 76 + ".pdf"),
    ("x." + "y" * 4096, "x." + "y" * 78),
])  # fmt: skip
def test_a_name_is_made_harmless(given, left):
    assert safe(given) == left


@given(st.text(max_size=300))
def test_no_name_leads_out_of_its_folder_or_turns_around(name):
    made = safe(name)
    assert 0 < len(made) <= LONGEST
    assert not set(made) & set('/\\:*?"<>|')
    assert not [c for c in made if unicodedata.category(c)[0] in "CZ"]
    assert made[0] != "."
    assert made[-1] not in ". "


def test_no_two_files_have_one_name_also_where_capitals_count_for_nothing():
    names = Names()
    taken = [names.free("files/", name) for name in ("a.txt", "A.TXT", "a.txt", "ａ.txt", "a-2.txt")]
    assert taken == ["files/a.txt", "files/A-2.TXT", "files/a-3.txt", "files/ａ-4.txt", "files/a-2-2.txt"]


def test_ten_thousand_files_of_one_name_are_ten_thousand_names_at_once():
    names = Names()
    assert len({names.free("files/", "scan.pdf") for _ in range(10_000)}) == 10_000
