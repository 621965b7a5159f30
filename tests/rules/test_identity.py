"""The least proof that suffices, and none at all where a person only wants to be left alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from requests_app.rules.identity import (
    CONTACT,
    CONTACT_ON_FILE,
    DOCUMENT,
    NO_PROOF_RIGHTS,
    NONE,
    PLAIN,
    Asked,
    Circumstances,
    Obstacle,
    Reason,
    Shown,
    asked,
    obstacles,
)
from requests_app.rules.policy import RIGHTS, Policy
from requests_app.rules.policy_file import parse

FOLDER = Path(__file__).resolve().parents[2] / "policies"
POLICIES = [parse((FOLDER / name).read_text(encoding="utf-8")) for name in ("ecp.toml", "digital-assets.toml")]
SENSITIVE, AGENT = Circumstances(sensitive=True), Circumstances(filer="agent")
both_policies = pytest.mark.parametrize("policy", POLICIES, ids=["A", "B"])


@both_policies
@pytest.mark.parametrize("right", sorted(NO_PROOF_RIGHTS))
def test_ana_opts_out_and_withdraws_without_any_proof(policy: Policy, right: str) -> None:
    everything = replace(policy, identity_when={"agent": {right: 2}, "post": {right: 2}, "sensitive": {right: 2}})
    assert asked(right, everything, Circumstances("agent", "post", sensitive=True)) == Asked(NONE, Reason.FREE)


@both_policies
@pytest.mark.parametrize("right", RIGHTS)
def test_no_rule_ever_asks_for_a_document(policy: Policy, right: str) -> None:
    assert asked(right, policy).rung < DOCUMENT
    assert asked(right, policy, SENSITIVE).rung < DOCUMENT


@both_policies
@pytest.mark.parametrize("right", ["access", "deletion", "portability"])
def test_otto_with_only_an_address_he_typed_himself_gets_nothing(policy: Policy, right: str) -> None:
    assert asked(right, policy).rung == CONTACT_ON_FILE


@both_policies
def test_sensitive_data_ask_for_the_contact_on_file(policy: Policy) -> None:
    assert asked("objection", policy).rung == CONTACT
    assert asked("objection", policy, SENSITIVE) == Asked(CONTACT_ON_FILE, Reason.SENSITIVE)


def test_a_right_that_is_not_offered_has_no_rung() -> None:
    with pytest.raises(KeyError):
        asked("time_travel", POLICIES[0])


@both_policies
def test_nothing_is_released_while_nobody_showed_that_the_address_is_theirs(policy: Policy) -> None:
    assert obstacles("access", policy, Shown(address_given=True, reached=NONE)) == (Obstacle.ADDRESS,)
    assert obstacles("access", policy, Shown(address_given=True, reached=CONTACT)) == ()
    assert obstacles("access", policy, Shown(address_given=False, reached=NONE)) == ()  # a letter: matched by hand
    assert obstacles("marketing_optout", policy, Shown(address_given=True, reached=NONE)) == ()


@both_policies
@pytest.mark.parametrize("right", RIGHTS)
def test_every_right_says_why_it_asks_what_it_asks(policy: Policy, right: str) -> None:
    found = asked(right, policy)
    assert (found.reason == Reason.FREE) == (found.rung == NONE)
    handed_out = {"access", "portability"}
    assert (found.reason == Reason.HANDS_OUT) == (right in handed_out)


def test_a_circumstance_raises_what_is_asked_and_is_the_reason() -> None:
    when = {"agent": {"restriction": 2}, "post": {"objection": 2}, "sensitive": {"complaint": 2}}
    policy = replace(POLICIES[0], identity_when=when)
    assert asked("restriction", policy) == Asked(CONTACT, Reason.TAKEN_BACK)
    assert asked("restriction", policy, AGENT) == Asked(CONTACT_ON_FILE, Reason.FOR_ANOTHER)
    assert asked("restriction", policy, Circumstances(filer="guardian")).rung == CONTACT
    assert asked("objection", policy, Circumstances(channel="post")) == Asked(CONTACT_ON_FILE, Reason.CHANNEL)
    assert asked("complaint", policy, SENSITIVE) == Asked(CONTACT_ON_FILE, Reason.SENSITIVE)
    assert asked("access", policy, replace(AGENT, sensitive=True)).reason == Reason.HANDS_OUT


@both_policies
def test_what_the_contact_on_file_leaves_open_stops_what_asks_for_it_and_a_denial_stops_all(policy: Policy) -> None:
    said = {"address_given": True, "reached": CONTACT}
    open_facts = {"lookup_open": Obstacle.LOOKUP, "on_file_silent": Obstacle.ON_FILE, "unproven": Obstacle.UNPROVEN}
    for fact, obstacle in open_facts.items():
        assert obstacles("access", policy, Shown(**said, **{fact: True})) == (obstacle,)
        assert obstacles("restriction", policy, Shown(**said, **{fact: True})) == ()
    for right in ("access", "restriction", "complaint"):
        assert obstacles(right, policy, Shown(**said, denied=True)) == (Obstacle.DENIED,)
    assert obstacles("marketing_optout", policy, Shown(**said, denied=True)) == ()


def test_the_gate_judges_by_who_files_and_by_what_it_concerns() -> None:
    policy = replace(POLICIES[0], identity_when={"agent": {"restriction": 2}})
    silent = Shown(address_given=True, reached=CONTACT, on_file_silent=True)
    assert [obstacles("restriction", policy, replace(silent, about=about)) for about in (PLAIN, AGENT, SENSITIVE)] == [
        (),
        (Obstacle.ON_FILE,),
        (Obstacle.ON_FILE,),
    ]
