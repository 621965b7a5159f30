"""The least proof that suffices, and none at all where a person only wants to be left alone."""

from pathlib import Path

import pytest

from requests_app.rules.identity import (
    CONTACT,
    CONTACT_ON_FILE,
    DOCUMENT,
    NO_PROOF_RIGHTS,
    NONE,
    Obstacle,
    Shown,
    obstacles,
    required_rung,
    suffices,
)
from requests_app.rules.policy import RIGHTS, Policy
from requests_app.rules.policy_file import parse

FOLDER = Path(__file__).resolve().parents[2] / "policies"
POLICIES = [parse((FOLDER / name).read_text(encoding="utf-8")) for name in ("ecp.toml", "digital-assets.toml")]
both_policies = pytest.mark.parametrize("policy", POLICIES, ids=["A", "B"])


@both_policies
@pytest.mark.parametrize("right", sorted(NO_PROOF_RIGHTS))
def test_ana_opts_out_and_withdraws_without_any_proof(policy: Policy, right: str) -> None:
    assert required_rung(right, policy) == NONE
    assert required_rung(right, policy, sensitive=True) == NONE
    assert suffices(right, NONE, policy)


@both_policies
@pytest.mark.parametrize("right", RIGHTS)
def test_no_rule_ever_asks_for_a_document(policy: Policy, right: str) -> None:
    assert required_rung(right, policy) < DOCUMENT
    assert required_rung(right, policy, sensitive=True) < DOCUMENT


@both_policies
@pytest.mark.parametrize("right", ["access", "deletion", "portability"])
def test_otto_with_only_an_address_he_typed_himself_gets_nothing(policy: Policy, right: str) -> None:
    assert not suffices(right, CONTACT, policy)
    assert suffices(right, CONTACT_ON_FILE, policy)
    assert suffices(right, DOCUMENT, policy)


@both_policies
def test_sensitive_data_ask_for_the_contact_on_file(policy: Policy) -> None:
    assert required_rung("objection", policy) == CONTACT
    assert required_rung("objection", policy, sensitive=True) == CONTACT_ON_FILE


def test_a_right_that_is_not_offered_has_no_rung() -> None:
    with pytest.raises(KeyError):
        required_rung("time_travel", POLICIES[0])


@both_policies
def test_nothing_is_released_while_nobody_showed_that_the_address_is_theirs(policy: Policy) -> None:
    assert obstacles("access", policy, Shown(address_given=True, reached=NONE)) == (Obstacle.ADDRESS,)
    assert obstacles("access", policy, Shown(address_given=True, reached=CONTACT)) == ()
    assert obstacles("access", policy, Shown(address_given=False, reached=NONE)) == ()  # a letter: matched by hand
    assert obstacles("marketing_optout", policy, Shown(address_given=True, reached=NONE)) == ()
