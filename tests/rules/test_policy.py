"""A policy file is read whole, with its sources, or refused with every mistake in it."""

from pathlib import Path

import pytest

from requests_app.rules import regime
from requests_app.rules.policy import NEVER_GATED, RIGHTS, Policy, PolicyError
from requests_app.rules.policy_file import parse as parse_file
from requests_app.rules.refusal import grounds_for

FOLDER = Path(__file__).resolve().parents[2] / "policies"
REGIMES = {path.stem: regime.parse(path.read_text(encoding="utf-8")) for path in (FOLDER / "regimes").glob("*.toml")}
ECP = (FOLDER / "ecp.toml").read_text(encoding="utf-8")
ASSETS = (FOLDER / "digital-assets.toml").read_text(encoding="utf-8")


def parse(text: str) -> Policy:
    return parse_file(text, REGIMES)


both_policies = pytest.mark.parametrize("policy", [parse(ECP), parse(ASSETS)], ids=["A", "B"])


def changed(old: str, new: str, text: str = ECP) -> str:
    assert old in text
    return text.replace(old, new, 1)


def places(text: str) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        parse(text)
    return [mistake.place for mistake in refused.value.mistakes]


@both_policies
def test_both_policies_promise_fifteen_calendar_days_without_pause_or_extension(policy: Policy) -> None:
    assert (policy.response_days, policy.counting, policy.roll_over) == (15, "calendar_days", "none")
    assert (policy.extension_days, policy.pause_allowed, policy.lapse_days_before) == (0, False, 1)


@both_policies
def test_both_policies_offer_the_union_of_rights(policy: Policy) -> None:
    assert set(policy.rights) == set(RIGHTS)


@both_policies
def test_every_value_carries_a_source(policy: Policy) -> None:
    for name in set(Policy.__dataclass_fields__) - {"key", "sources", "legal_decision", "identity_when"}:
        assert policy.source(name).strip(), name
    with pytest.raises(KeyError):
        policy.source("nothing_of_the_kind")


@both_policies
def test_the_first_request_is_free_and_a_fee_needs_a_second_person(policy: Policy) -> None:
    assert policy.fees.first_request_free
    assert policy.fees.second_person


def test_the_italian_text_of_a_prevails_and_is_recorded_as_missing() -> None:
    policy = parse(ECP)
    assert policy.governing_language == "it"
    assert policy.missing_texts == ("it",)
    assert policy.governing_text_missing


def test_the_grounds_of_a_come_from_three_places_of_gdpr_and_of_an_objection_from_21_1() -> None:
    allowed = ("GDPR 12(5)", "GDPR 15(4)", "GDPR 17(3)")
    others = [ground for ground in parse(ECP).refusal_grounds if not ground.clause.startswith(allowed)]
    assert [(ground.clause, ground.rights) for ground in others] == [("GDPR 21(1)", ("objection",))]


@both_policies
@pytest.mark.parametrize("right", NEVER_GATED)
def test_an_opt_out_or_withdrawal_is_never_refused(policy: Policy, right: str) -> None:
    assert grounds_for(policy, right) == ()


def test_trade_secrets_are_no_ground_where_gdpr_binds() -> None:
    keys = {g.key: g for g in grounds_for(parse(ASSETS), "access", ["own_terms"])}
    assert keys["trade_secrets"].partial_only
    assert keys["malice_or_abuse"].needs_evidence
    for binding in (None, ["gdpr"], ["gdpr", "own_terms"]):
        assert "trade_secrets" not in {g.key for g in grounds_for(parse(ASSETS), "access", binding)}


def test_the_wider_exceptions_are_for_a_legal_reviewer_only() -> None:
    wider = [g for g in parse(ASSETS).refusal_grounds if "P17" in g.clause]
    assert len(wider) == 5
    assert all(g.legal_reviewer_only for g in wider)


def test_an_unknown_regime_gives_no_ground() -> None:
    assert grounds_for(parse(ASSETS), "access", ["atlantis"]) == ()
    assert grounds_for(parse(ASSETS), "access", []) == ()


def test_every_mistake_is_reported_at_once() -> None:
    text = changed("notice_hour = { value = 8", "notice_hour = { value = 24")
    text = changed('"Europe/Rome"', '"Europe/Atlantis"', text)
    text = changed(', source = "house rule H1" }', " }", text)
    text = changed("pause_allowed", "pauses_allowed", text)
    assert set(places(text)) == {
        "notice_hour.value", "time_zone.value", "counting.source", "pause_allowed", "pauses_allowed",
    }  # fmt: skip


def test_identity_proof_for_an_opt_out_is_refused() -> None:
    assert places(changed("marketing_optout = { value = 0", "marketing_optout = { value = 1")) == [
        "identity.marketing_optout"
    ]


def test_a_table_that_asks_everybody_for_a_document_is_refused() -> None:
    assert places(changed("access = { value = 2", "access = { value = 3")) == ["identity.access.value"]


@pytest.mark.parametrize("right", ["marketing_optout", "consent_withdrawal"])
def test_identity_papers_for_an_opt_out_or_a_withdrawal_are_refused_with_place_and_reason(right: str) -> None:
    asked = changed(f"{right} = {{ value = 0", f"{right} = {{ value = 3")
    with pytest.raises(PolicyError, match=rf"identity\.{right}\.value: asks for identity papers"):
        parse(asked)


class TestCircumstances:
    def circumstance(self, table: str) -> str:
        return changed("# Days after the case ended (P19)", f"{table}\n# Days after the case ended (P19)")

    def test_one_raises_what_a_right_asks_for_and_carries_its_source(self) -> None:
        policy = parse(self.circumstance('[identity.agent]\nrestriction = { value = 2, source = "P46" }'))
        assert policy.identity_when == {"agent": {"restriction": 2}}
        assert policy.source("identity.agent.restriction") == "P46"
        assert policy.identity["restriction"] == 1

    @pytest.mark.parametrize("name", ["sensitive", "agent", "guardian", "post", "phone", "mailbox", "counter"])
    @pytest.mark.parametrize("right", ["marketing_optout", "consent_withdrawal"])
    def test_none_gates_an_opt_out_or_a_withdrawal(self, name: str, right: str) -> None:
        table = f'[identity.{name}]\n{right} = {{ value = 1, source = "x" }}'
        assert places(self.circumstance(table)) == [f"identity.{name}.{right}"]

    def test_none_asks_for_papers(self) -> None:
        table = '[identity.sensitive]\naccess = { value = 3, source = "x" }'
        assert places(self.circumstance(table)) == ["identity.sensitive.access.value"]

    def test_none_lowers(self) -> None:
        table = '[identity.counter]\naccess = { value = 1, source = "x" }'
        assert places(self.circumstance(table)) == ["identity.counter.access"]

    def test_an_unknown_one_is_told(self) -> None:
        table = '[identity.friend]\naccess = { value = 2, source = "x" }'
        assert places(self.circumstance(table)) == ["identity.friend"]


def test_a_longer_period_than_the_regime_allows_needs_a_legal_decision() -> None:
    longer = changed("response_days = { value = 15", "response_days = { value = 45")
    assert set(places(longer)) == {"response_days"}
    decided = 'legal_decision = { value = "Decided by counsel", source = "memo 1" }\n' + longer
    assert parse(decided).response_days == 45


def test_one_month_is_as_long_as_gdpr_allows() -> None:
    month = changed('value = "calendar_days"', 'value = "months"')
    assert parse(changed("response_days = { value = 15", "response_days = { value = 1", month)).counting == "months"
    assert "response_days" in places(changed("response_days = { value = 15", "response_days = { value = 2", month))


def test_a_ground_against_an_opt_out_is_refused() -> None:
    text = changed('rights = ["deletion"]', 'rights = ["marketing_optout"]')
    assert places(text) == ["refusal_grounds.expression.rights"]


def test_a_purpose_without_text_or_consent_mode_is_refused() -> None:
    purpose = '\n[[purposes]]\nkey = "new"\nlabel = { en = "New", it = "Nuovo" }\nsource = "B-I"\n'
    assert places(ECP + purpose) == ["purposes.new.text", "purposes.new.consent_mode"]


def test_contact_data_may_not_go_before_proofs() -> None:
    assert places(changed("contact_days = { value = 365", "contact_days = { value = 1")) == ["retention"]


def test_a_package_may_not_outlive_the_contact_data_by_being_made_available_again() -> None:
    assert places(changed("reissue_days = { value = 14", "reissue_days = { value = 336")) == ["retention"]


def test_a_file_from_before_packages_could_be_had_again_keeps_an_ended_one_for_a_day() -> None:
    line = next(line for line in ECP.splitlines() if line.startswith("reissue_days"))
    assert parse(changed(line, "")).retention.kept_days == 1


def test_what_is_not_toml_is_refused_with_its_line() -> None:
    assert places("key = ") == ["file"]


def test_an_empty_file_names_everything_that_is_missing() -> None:
    assert {"key", "rights", "response_days", "identity", "fees", "retention", "refusal_grounds"} <= set(places(""))


def test_the_longest_pause_is_thirty_days_unless_the_policy_says_otherwise() -> None:
    assert parse(ECP).pause_days == 30
    named = changed("lapse_days_before", 'pause_days = { value = 10, source = "house rule" }\nlapse_days_before')
    assert parse(named).pause_days == 10
    assert places(named.replace("pause_days = { value = 10", "pause_days = { value = 0")) == ["pause_days.value"]


@both_policies
def test_an_erasure_can_be_stopped_for_three_days_and_asks_for_more_than_filing(policy):
    assert (policy.erasure_cooling_off_days, policy.erasing_rights) == (3, ("deletion", "account_closure"))
    assert all(policy.identity[right] == 2 for right in policy.erasing_rights)


def test_a_cooling_off_that_does_not_fit_within_the_promise_is_refused():
    shipped = "erasure_cooling_off_days = { value = "
    assert parse(changed(f"{shipped}3", f"{shipped}13")).erasure_cooling_off_days == 13
    assert places(changed(f"{shipped}3", f"{shipped}14")) == ["erasure_cooling_off_days"]


def test_an_erasure_that_asks_for_no_more_than_filing_is_refused_in_a_new_policy_but_an_old_one_stays_readable():
    text = changed("deletion = { value = 2", "deletion = { value = 1")
    assert places(text) == ["identity.deletion"]
    assert parse_file(text).identity["deletion"] == 1


def test_a_policy_published_before_erasures_were_asked_twice_means_deletion_and_three_days():
    lines = [line for line in ECP.splitlines() if not line.startswith(("erasing_rights", "erasure_cooling"))]
    policy = parse("\n".join(lines))
    assert (policy.erasing_rights, policy.erasure_cooling_off_days) == (("deletion",), 3)


@both_policies
def test_what_an_answer_says_of_the_controller_has_a_source_each(policy):
    assert policy.answer is not None
    told = ("transfers", "automated_decisions", "retention", *(f"recipients.{r.key}" for r in policy.answer.recipients))
    assert [place for place in told if not policy.source(f"answer.{place}").strip()] == []


def test_a_recipient_without_what_it_gets_is_a_mistake_with_its_place():
    assert "answer.recipients.processors.gets" in places(changed("\ngets = {", "\ngot = {"))
