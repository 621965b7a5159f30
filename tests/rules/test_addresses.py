"""Two spellings of one mailbox are one address; forty that only look like it are not, and staff are warned (A02)."""

import pytest

from requests_app.rules.addresses import is_spelled_as_mailed, look_alike, normalise

ANA = "ana.bianchi@example.org"
LOOK_ALIKES = (
    # another script
    "аna.bianchi@example.org", "anа.bianchi@example.org", "ana.biаnchi@example.org", "ana.bianсhi@example.org",
    "ana.bianchі@example.org", "ana.biancһi@example.org", "ana.вianchi@example.org", "αna.bianchi@example.org",
    "ana.bianchi@еxample.org", "ana.bianchi@exаmple.org", "ana.bianchi@examрle.org", "ana.bianchi@example.оrg",
    "ana.bianchi@eхample.org", "ana.bianchi@exampӏe.org", "ana.bianchi@xn--exmple-4nf.org",
    # digits and signs for letters, letters for letters
    "ana.b1anchi@example.org", "ana.bianch1@example.org", "ana.blanchi@example.org", "ana.bianchl@example.org",
    "ana.bianchi@examp1e.org", "ana.bianchi@exarnple.org", "ana.bianchi@example.0rg", "ana.bianchi@exampIe.org",
    "ana.bianchı@example.org", "ana.bianch|@example.org", "ana.bianch!@example.org", "ana.biancнi@example.org",
    # accents, width and signs that cannot be seen
    "ána.bianchi@example.org", "ana.biañchi@example.org", "ana.bianchi@exämple.org", "ａna.bianchi@example.org",
    "ana.bianchi@ｅxample.org", "ana.\u200bbianchi@example.org", "ana.bianchi\u200d@example.org",
    "ana.bianchi@exam\u00adple.org", "ana. bianchi@example.org",
    # the mailbox written otherwise
    "ana.bianchi+dsr@example.org", "anabianchi@example.org", "ana-bianchi@example.org", "ana_bianchi@example.org",
    "a.n.a.bianchi@example.org", "ana.bianchi+@example.org", "ana.bianc\u0068\u0307i@example.org",
)  # fmt: skip


def test_there_are_forty_and_more():
    assert len(set(LOOK_ALIKES)) == len(LOOK_ALIKES) >= 40


@pytest.mark.parametrize("other", LOOK_ALIKES, ids=ascii)
def test_a_look_alike_is_another_address_and_is_warned_of(other):
    assert normalise(other) != normalise(ANA)
    assert look_alike(ANA, other)
    assert look_alike(other, ANA)


@pytest.mark.parametrize("same", [" ana.bianchi@example.org", "ana.bianchi@example.org\n", "ANA.Bianchi@Example.ORG"])
def test_blanks_around_it_and_case_make_no_other_address(same):
    assert normalise(same) == ANA
    assert not look_alike(ANA, same)


def test_the_sign_for_kelvin_is_no_k():
    assert normalise("ana@ban\u212a.example") != normalise("ana@bank.example")
    assert look_alike("ana@ban\u212a.example", "ana@bank.example")


@pytest.mark.parametrize("other", ["otto@example.org", "ana.bianchi@example.com", "ana.bianco@example.org"])
def test_another_address_is_no_look_alike(other):
    assert not look_alike(ANA, other)


@pytest.mark.parametrize(
    ("address", "as_mailed"),
    [
        (ANA, True),
        ("ANA@Example.ORG", True),
        ("ana@exämple.org", True),
        ("ana@xn--exmple-cua.org", True),
        ("ana@EXÄMPLE.org", False),
        ("ana@ｅxample.org", False),
        ("ana@ex\u00adample.org", False),
        ("ana@ban\u212a.example", False),
        ("\u212aim@example.org", False),
        ("ana@" + "ä" * 70 + ".org", False),
    ],
    ids=ascii,
)
def test_an_address_is_spelled_as_mail_would_or_not(address, as_mailed):
    assert is_spelled_as_mailed(address) is as_mailed
