"""Guessing at codes, burning them, and flooding an address with them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import Sum

from requests_app.models import IdentityCheck, Notice, Submission
from requests_app.operations import delivery, find, identity, identity_codes
from requests_app.operations.actors import Actor
from tests.people import NOON, ana_files, published_policy
from tests.web.test_person_road import by_link, wrong

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
ADDRESS = "ana@example.org"


def typed(submission: Submission, code: str, *, at=NOON, by_link: bool = False) -> bool:
    return identity.confirm(submission, purpose="verify", code=code, actor=ANA, at=at, by_link=by_link)


def newest(**which) -> IdentityCheck:
    return IdentityCheck.objects.filter(**which).latest("issued_at", "issue")


@pytest.mark.parametrize("guesses", [200, pytest.param(1000, marks=pytest.mark.long)])
@pytest.mark.django_db(transaction=True)
def test_of_many_parallel_guesses_five_are_evaluated(guesses):
    published_policy()
    submission = ana_files("access")
    right = identity.code_for(newest())

    def guess(number: int) -> bool:
        try:
            return typed(submission, f"{(int(right) + number + 1) % 10**6:06d}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        assert not any(pool.map(guess, range(guesses)))
    assert newest().tries == 5
    assert submission.evidence.filter(kind="code_refused").count() == 5
    assert not typed(submission, right)


class TestGuessingOverDays:
    @pytest.fixture
    def guessed_at(self):
        """A hundred wrong codes, five an issue, five issues an hour."""
        published_policy()
        at = NOON
        submission = ana_files("access", at=at)
        for number in range(19):
            at = NOON + timedelta(hours=1 + number // 5, minutes=number % 5)
            identity.issue_code(submission, purpose="verify", actor=ANA, at=at)
        IdentityCheck.objects.update(tries=5)
        assert IdentityCheck.objects.aggregate(n=Sum("tries"))["n"] == 100
        self.at = NOON + timedelta(hours=6)
        return submission

    def test_a_hundred_wrong_in_a_row_close_the_box_for_this_address(self, guessed_at):
        check = identity.issue_code(guessed_at, purpose="verify", actor=ANA, at=self.at)
        assert not typed(guessed_at, identity.code_for(check), at=self.at)
        assert newest().tries == 0

    def test_another_filing_and_the_search_do_not_open_it_again(self, guessed_at):
        other = ana_files("access", at=self.at)
        assert not typed(other, identity.code_for(newest(submission=other)), at=self.at)
        find.request_code(ADDRESS, at=self.at)
        assert find.confirm(ADDRESS, code=identity.code_for(newest(purpose="find")), at=self.at) == []

    def test_the_link_in_her_mail_stays_open_and_opens_the_box_again(self, guessed_at):
        check = identity.issue_code(guessed_at, purpose="verify", actor=ANA, at=self.at)
        assert typed(guessed_at, identity.code_for(check), at=self.at, by_link=True)
        assert not identity_codes.is_guessed_at(guessed_at.email_digest)

    def test_the_page_behind_a_link_takes_the_code(self, guessed_at, client, monkeypatch):
        check = identity.issue_code(guessed_at, purpose="verify", actor=ANA, at=self.at)
        monkeypatch.setattr("requests_app.web.link.now", lambda: self.at)
        page = by_link(client, identity.link_secret(check), code=identity.code_for(check))
        assert page["Location"] == "/status/"

    def test_a_link_to_an_address_that_was_changed_since_opens_nothing(self, client, monkeypatch, guessed_at):
        ottos = ana_files("access", at=self.at, email="otto@example.org")
        link = identity.link_secret(newest(submission=ottos))
        check = identity.change_address(ottos, email=ADDRESS, actor=ANA, at=self.at)
        monkeypatch.setattr("requests_app.web.link.now", lambda: self.at)
        assert by_link(client, link, code=identity.code_for(check)).status_code == 200
        assert Submission.objects.get(pk=ottos.pk).assurance == 0

    def test_another_address_is_not_concerned(self, guessed_at):
        otto = ana_files("access", at=self.at, email="otto@example.org")
        assert typed(otto, identity.code_for(newest(submission=otto)), at=self.at)


class TestFlooding:
    def test_five_codes_an_hour_go_to_an_address_over_all_its_requests(self):
        published_policy()
        for number in range(12):
            ana_files("access", at=NOON + timedelta(minutes=number), email=" Ana@example.org"[number % 2 :])
            find.request_code(ADDRESS, at=NOON + timedelta(minutes=number))
        assert Notice.objects.filter(kind="code").exclude(delivery="none").count() == 5

    def test_a_code_that_nobody_got_can_be_typed_by_nobody(self):
        published_policy()
        for _ in range(6):
            last = ana_files("access")
        check = newest(submission=last)
        assert not typed(last, identity.code_for(check))
        assert not typed(last, identity.code_for(check), by_link=True)
        assert Submission.objects.get(pk=last.pk).assurance == 0

    def test_her_own_code_stays_alive_while_others_flood_her(self):
        published_policy()
        hers = ana_files("access")
        code = identity.code_for(newest(submission=hers))
        for _ in range(6):
            ana_files("access")
            find.request_code(ADDRESS, at=NOON)
        assert typed(hers, code)

    def test_a_stranger_cannot_tell_whether_the_address_had_codes_before(self):
        published_policy()
        ana_files("access")
        for _ in range(5):
            find.request_code(ADDRESS, at=NOON)
            find.request_code("nobody@example.org", at=NOON)
        seen = []
        for address in (ADDRESS, "nobody@example.org"):
            ottos = ana_files("access", email=address)
            standings = [identity.standing(ottos, purpose="verify", at=NOON)]
            for _ in range(4):
                identity.issue_code(ottos, purpose="verify", actor=ANA, at=NOON)
                typed(ottos, wrong(identity.code_for(newest(submission=ottos))))
                standings.append(identity.standing(ottos, purpose="verify", at=NOON))
            seen.append(standings)
        assert seen[0] == seen[1]

    def test_letters_about_filings_that_nobody_confirmed_come_five_an_hour(self):
        published_policy()
        for _ in range(20):
            ana_files("marketing_optout")
        sent = sum(delivery.deliver_due(NOON + timedelta(minutes=n)) for n in range(10))
        assert Notice.objects.filter(recipient="person", delivery="handed_over").count() == 5
        assert sent == 5 + Notice.objects.filter(staff__isnull=False, delivery="handed_over").count()
        delivery.deliver_due(NOON + timedelta(hours=1, minutes=5))
        assert Notice.objects.filter(recipient="person", delivery="handed_over").count() == 10

    def test_letters_of_a_confirmed_request_do_not_wait_behind_them(self):
        published_policy()
        for _ in range(6):
            ana_files("marketing_optout")
        delivery.deliver_due(NOON)
        hers = ana_files("access", at=NOON + timedelta(minutes=1))
        Submission.objects.filter(pk=hers.pk).update(assurance=1)
        delivery.deliver_due(NOON + timedelta(minutes=1))
        assert Notice.objects.get(submission=hers, kind="acknowledgement").delivery == "handed_over"
