"""Who acts for another person, and until when (P29 to P31, H5)."""

from dataclasses import replace
from datetime import date

import pytest

from requests_app.rules.authority import (
    Kind,
    Over,
    Standing,
    agreement_needed,
    is_over,
    is_shown,
    rights_filed,
    stops_release,
)

TODAY = date(2026, 11, 22)
AGENT = Standing(Kind.AGENT, ("access",), ends_on=date(2026, 12, 31), has_contact=True)
OF_SIXTEEN = Standing(Kind.GUARDIAN, ("access",), born_on=date(2010, 5, 4), has_contact=True)
OF_TEN = Standing(Kind.GUARDIAN, ("deletion",), born_on=date(2016, 5, 4))
REPORT = Standing(Kind.REPORT, ("account_closure", "deletion"))


class TestEnd:
    def test_an_agents_authority_holds_on_its_last_day_and_not_on_the_next(self):
        assert not is_over(AGENT, on=date(2026, 12, 31))
        assert is_over(AGENT, on=date(2027, 1, 1))

    @pytest.mark.parametrize(
        ("born_on", "last", "over"),
        [
            (date(2008, 11, 23), date(2026, 11, 22), date(2026, 11, 23)),
            (date(2008, 2, 29), date(2026, 2, 28), date(2026, 3, 1)),
        ],
    )
    def test_a_guardian_acts_no_more_from_the_eighteenth_birthday_on(self, born_on, last, over):
        guardian = replace(OF_SIXTEEN, born_on=born_on)
        assert not is_over(guardian, on=last)
        assert is_over(guardian, on=over)

    def test_whatever_was_refused_revoked_or_ended_is_over_at_once(self):
        assert is_over(replace(AGENT, stopped=True), on=TODAY)
        assert is_over(replace(REPORT, stopped=True), on=TODAY)

    def test_an_end_that_nobody_can_tell_any_more_has_come(self):
        assert is_over(replace(OF_SIXTEEN, born_on=None), on=TODAY)
        assert is_over(replace(AGENT, ends_on=None), on=TODAY)

    def test_a_report_has_no_end_of_its_own(self):
        assert not is_over(REPORT, on=date(2099, 1, 1))


class TestTakenOver:
    OF_AGE = replace(OF_SIXTEEN, born_on=date(2008, 11, 22), stopped=True)

    def test_what_a_guardian_began_is_released_to_nobody_once_the_child_is_of_age(self):
        assert stops_release(self.OF_AGE, on=TODAY)

    def test_the_person_of_age_goes_on_alone_over_the_address_on_file(self):
        alone = replace(self.OF_AGE, taken_over=True, confirmed_over=Over.ON_FILE)
        assert not stops_release(alone, on=TODAY)
        assert is_shown(alone, on=TODAY)
        assert is_over(alone, on=TODAY)

    def test_over_an_address_that_was_typed_the_team_compares_first(self):
        alone = replace(self.OF_AGE, taken_over=True, confirmed_over=Over.TYPED)
        assert not is_shown(alone, on=TODAY)


class TestShown:
    def test_an_agent_confirmed_over_the_address_on_file_needs_nothing_more(self):
        assert is_shown(replace(AGENT, confirmed_over=Over.ON_FILE), on=TODAY)

    def test_an_address_that_the_agent_typed_shows_nothing_by_itself(self):
        typed = replace(AGENT, confirmed_over=Over.TYPED)
        assert not is_shown(typed, on=TODAY)
        assert is_shown(replace(typed, accepted=True), on=TODAY)

    def test_a_person_who_can_be_asked_is_asked_whatever_the_document_says(self):
        assert not is_shown(replace(AGENT, accepted=True), on=TODAY)
        assert not is_shown(replace(OF_SIXTEEN, accepted=True), on=TODAY)

    def test_without_any_address_of_the_person_the_document_accepted_by_two_suffices(self):
        assert is_shown(replace(AGENT, accepted=True, has_contact=False), on=TODAY)

    def test_a_guardian_shows_a_document_even_where_the_young_person_agreed(self):
        agreed = replace(OF_SIXTEEN, confirmed_over=Over.ON_FILE)
        assert not is_shown(agreed, on=TODAY)
        assert is_shown(replace(agreed, accepted=True), on=TODAY)

    def test_for_a_child_under_14_the_document_suffices_and_from_14_on_it_does_not(self):
        child = replace(OF_TEN, accepted=True, has_contact=True, born_on=date(2012, 11, 23))
        assert is_shown(child, on=TODAY)
        assert not is_shown(child, on=date(2026, 11, 23))

    def test_a_report_shows_nothing_before_two_have_checked_it(self):
        assert not is_shown(REPORT, on=TODAY)
        assert is_shown(replace(REPORT, accepted=True), on=TODAY)


@pytest.mark.parametrize(("standing", "needed"), [(AGENT, True), (OF_SIXTEEN, True), (OF_TEN, False), (REPORT, False)])
def test_everybody_but_a_child_under_14_has_to_agree(standing, needed):
    assert agreement_needed(standing, on=TODAY) is needed


class TestRights:
    OFFERED = ("access", "deletion", "account_closure")

    def filed(self, kind, born_on):
        return rights_filed(kind, ("access",), born_on, on=TODAY, offered=self.OFFERED)

    def test_under_14_closing_and_deletion_come_with_whatever_is_asked(self):
        assert self.filed(Kind.GUARDIAN, date(2016, 5, 4)) == ("access", "account_closure", "deletion")

    def test_from_14_on_only_what_is_asked_is_filed(self):
        assert self.filed(Kind.GUARDIAN, date(2012, 11, 22)) == ("access",)
        assert self.filed(Kind.AGENT, None) == ("access",)

    def test_a_right_that_the_policy_does_not_offer_is_not_added(self):
        filed = rights_filed(Kind.GUARDIAN, ("access",), date(2016, 5, 4), on=TODAY, offered=("access", "deletion"))
        assert filed == ("access", "deletion")
