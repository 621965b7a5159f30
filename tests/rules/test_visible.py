"""What cannot be seen at a screen is written out, and can be copied back."""

import pytest

from requests_app.rules.visible import as_it_was, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße, 東京!", "Grüße, 東京!"),
        ("a\u202egnp.exe", "a⟨U+202E⟩gnp.exe"),
        ("ot\u200bto", "ot⟨U+200B⟩to"),
        ("\x00\x1b[31m", "⟨U+0000⟩⟨U+001B⟩[31m"),
        ("\ud800", "⟨U+D800⟩"),
        ("two\nlines\tand", "two\nlines\tand"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
    ],
)
def test_it_is_written_out_and_comes_back(text: str, shown: str):
    assert visible(text) == shown
    assert as_it_was(shown) == text


def test_a_number_that_is_no_sign_breaks_nothing():
    assert len(as_it_was("⟨U+FFFFFF⟩")) == 1
