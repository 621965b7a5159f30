"""What the team adds to the person's word, when an authority ends, and how many one agent files."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from requests_app.models import Authority, Notice, Submission
from requests_app.operations import authority, decision, desk, erasure, identity, on_behalf, policies, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.rules.authority import Kind
from requests_app.rules.identity import Obstacle
from tests.operations.behalf import (
    ANA,
    BRUNO,
    DAY,
    ana_says_yes,
    bruno_files,
    knows_on_file,
    obstacles,
    shows_address,
    two_accept,
    types_code,
)
from tests.operations.test_road import decided
from tests.packages import fetched
from tests.people import NOON, POLICY, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def answered(filed):
    """The team releases one file, and Ana is free to fetch it."""
    dsr = filed.requests.select_related("submission", "policy").get()
    handler, approver = staff("hans", "handler"), staff("ada", "approver")
    file = desk.attach(dsr, name="data.json", content=b"{}", actor=Actor.staff(handler), at=NOON)
    waiting = decided(dsr, handler)
    waiting.dsr.refresh_from_db()
    decision.approve(waiting.dsr, digest=waiting.content_digest, actor=Actor.staff(approver), at=NOON)
    return type(file).objects.get(pk=file.pk)


class TestOnFile:
    """A data source knows Ana: she is asked there, and Bruno's own address is no matter."""

    @pytest.fixture
    def knows(self, settings):
        def knows_(email):
            people = [{"emails": [email], "identifiers": ["order-17"], "since": datetime(2024, 2, 12, tzinfo=UTC)}]
            backend = "requests_app.connectors.in_memory.InMemory"
            settings.DATA_SOURCES = {"customers": {"BACKEND": backend, "OPTIONS": {"people": people}}}

        return knows_

    def test_she_is_asked_at_the_address_on_file_and_gets_no_code_that_she_did_not_ask_for(self, knows):
        knows("ana@on-file.example")
        filed = bruno_files("access", details="order-17")
        sweeps.run_steps(NOON)
        asked = Authority.objects.get().asked
        assert (asked.role, asked.address) == ("on_file", "ana@on-file.example")
        assert not asked.checks.exists()
        assert set(obstacles(filed)) == {Obstacle.ON_FILE, Obstacle.AUTHORITY}
        ana_says_yes(filed, address="ana@on-file.example")
        assert obstacles(filed) == ()

    def test_an_address_on_file_that_is_the_one_typed_shows_all_and_is_asked_once(self, knows):
        knows("ana@example.org")
        filed = bruno_files("access")
        sweeps.run_steps(NOON)
        assert Authority.objects.get().asked.role == "on_file"
        assert Notice.objects.filter(kind="contact_authority").count() == 1
        assert Obstacle.AUTHORITY in obstacles(filed)
        ana_says_yes(filed)
        filed.refresh_from_db()
        assert filed.assurance == 2
        assert obstacles(filed) == ()

    def test_her_earlier_word_counts_where_the_source_knows_the_same_address_later(self, knows):
        knows("ana@example.org")
        filed = bruno_files("access")
        ana_says_yes(filed)
        sweeps.run_steps(NOON)
        filed.refresh_from_db()
        assert filed.assurance == 2
        assert obstacles(filed) == ()

    def test_bruno_on_file_himself_vouches_for_nothing_of_hers(self, knows):
        knows("bruno@agents.example")
        filed = bruno_files("access")
        sweeps.run_steps(NOON)
        assert list(filed.lookups.values_list("result", flat=True)) == ["nobody"]
        assert Obstacle.AUTHORITY in obstacles(filed)

    def test_bruno_is_not_asked_himself_where_the_source_finds_his_own_address(self, knows):
        knows("bruno@agents.example")
        filed = bruno_files("access", details="order-17", email="")
        sweeps.run_steps(NOON)
        assert Authority.objects.get().asked is None
        assert not Notice.objects.filter(kind="contact_authority").exists()
        assert {Obstacle.ON_FILE, Obstacle.AUTHORITY} <= set(obstacles(filed))

    def test_her_no_at_the_address_on_file_holds_everything_back_for_good(self, knows):
        knows("ana@example.org")
        filed = bruno_files("access")
        sweeps.run_steps(NOON)
        types_code()
        authority.stop(filed.authority, actor=ANA, at=NOON)
        assert {Obstacle.DENIED, Obstacle.AUTHORITY_OVER} <= set(obstacles(filed))


class TestTheTeam:
    def test_does_not_stand_in_for_a_person_who_can_be_asked(self):
        filed = bruno_files("access")
        two_accept(filed)
        assert obstacles(filed) == (Obstacle.AUTHORITY,)

    def test_two_accept_the_document_where_no_address_of_the_person_is_known(self):
        filed = bruno_files("access", email="")
        assert obstacles(filed) == (Obstacle.AUTHORITY,)
        two_accept(filed, to_agent=True)
        assert obstacles(filed) == ()
        assert Authority.objects.get().package_to == "agent"

    def test_is_told_to_reach_a_person_to_whom_nobody_can_write(self):
        filed = bruno_files("access", email="")
        two_accept(filed)
        waiting = decided(filed.requests.select_related("submission", "policy").get(), staff("hans", "handler"))
        ada = Actor.staff(staff("ada", "approver"))
        decision.approve(waiting.dsr, digest=waiting.content_digest, actor=ada, at=NOON)
        assert "Reach them another way" in Notice.objects.filter(kind="staff_authority").latest("created_at").text

    def test_never_chooses_the_agent_for_a_person_who_can_be_asked(self):
        with pytest.raises(Refused, match="only they choose"):
            two_accept(bruno_files("access"), to_agent=True)

    def test_one_alone_never_accepts(self):
        row = bruno_files("access").authority
        petra = Actor.staff(staff("petra", "privacy officer"))
        with pytest.raises(Refused, match="Nobody has looked"):
            authority.accept(row, to_agent=False, actor=petra, at=NOON)
        authority.propose(row, actor=petra, at=NOON)
        with pytest.raises(Refused, match="second person"):
            authority.accept(row, to_agent=False, actor=petra, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Authority.objects.update(accepted_by=petra.user, accepted_at=NOON)

    def test_a_handler_accepts_nothing(self):
        row = bruno_files("access").authority
        with pytest.raises(RoleMissing):
            authority.accept(row, to_agent=False, actor=Actor.staff(staff("hans", "handler")), at=NOON)


class TestTheEnd:
    def test_an_answer_decided_on_the_last_day_is_not_released_on_the_next(self):
        filed = bruno_files("access", ends_on=NOON.date() + DAY)
        knows_on_file(filed)
        ana_says_yes(filed, address="ana@on-file.example")
        assert obstacles(filed, at=NOON + DAY) == ()
        assert obstacles(filed, at=NOON + 2 * DAY) == (Obstacle.AUTHORITY_OVER,)

    def test_the_sweep_ends_it_asks_the_person_and_tells_the_agent_once(self):
        filed = bruno_files("access", ends_on=NOON.date())
        assert authority.end_due(NOON) == 0
        assert authority.end_due(NOON + DAY) == 1
        assert authority.end_due(NOON + DAY) == 0
        assert Notice.objects.filter(kind="contact_alone").count() == 1
        assert Notice.objects.filter(kind="authority_ended").count() == 1
        assert filed.requests.get().state == "in_progress"

    def test_a_guardians_link_ends_on_the_eighteenth_birthday_in_the_controllers_zone(self):
        text = POLICY.read_text().replace('value = "UTC"', 'value = "America/New_York"')
        policies.load(text, prepared_by=staff("petra"), approved_by=staff("ada"), at=NOON)
        filed = bruno_files("correction", kind=Kind.GUARDIAN, born_on=date(2008, 11, 24), ends_on=None)
        in_new_york = NOON.replace(day=24, hour=4)  # 23 November, 23:00
        assert authority.end_due(in_new_york) == 0
        assert Authority.objects.get().ended_at is None
        assert authority.end_due(in_new_york + timedelta(hours=1)) == 1
        assert Obstacle.AUTHORITY_OVER in obstacles(filed, "correction", at=in_new_york + timedelta(hours=1))

    def test_until_the_month_of_the_birthday_its_day_stands_nowhere_in_the_clear(self):
        bruno_files("correction", kind=Kind.GUARDIAN, born_on=date(2009, 2, 17), ends_on=None)
        assert Authority.objects.get().wake_on == date(2027, 2, 1)
        assert authority.end_due(NOON.replace(year=2027, month=2, day=3)) == 0
        assert Authority.objects.get().wake_on == date(2027, 2, 17)

    def test_the_person_goes_on_alone_and_the_answer_is_theirs(self):
        filed = bruno_files("access", ends_on=NOON.date())
        knows_on_file(filed)
        ana_says_yes(filed, address="ana@on-file.example", package_to="agent")
        authority.end_due(NOON + DAY)
        types_code("ana@on-file.example", at=NOON + DAY)
        authority.take_over(filed.authority, actor=ANA, at=NOON + DAY)
        assert Authority.objects.get().package_to == "person"
        assert obstacles(filed, at=NOON + DAY) == ()

    def test_what_was_released_to_her_before_stays_hers(self):
        filed = bruno_files("access", ends_on=NOON.date())
        knows_on_file(filed)
        ana_says_yes(filed, address="ana@on-file.example")
        file = answered(filed)
        authority.end_due(NOON + DAY)
        assert fetched(file, actor=ANA, at=NOON + DAY) == b"{}"
        with pytest.raises(Refused):
            fetched(file, actor=BRUNO, at=NOON + DAY)

    def test_without_an_address_of_the_person_the_team_is_told(self):
        bruno_files("access", ends_on=NOON.date(), email="")
        authority.end_due(NOON + DAY)
        assert "Reach them another way" in Notice.objects.filter(kind="staff_authority").latest("created_at").text

    def test_a_row_that_cannot_be_ended_keeps_nobody_else_acting(self, monkeypatch):
        first, second = (bruno_files("access", ends_on=NOON.date(), agent=f"b{n}@agents.example") for n in (1, 2))
        real = authority._end

        def poisoned(row, *, at):
            if row.submission_id == first.pk:
                raise RuntimeError
            return real(row, at=at)

        monkeypatch.setattr(authority, "_end", poisoned)
        assert authority.end_due(NOON + DAY) == 1
        assert Authority.objects.get(submission=second).ended_at == NOON + DAY
        assert Authority.objects.get(submission=first).wake_on == (NOON + 2 * DAY).date()


class TestGuardians:
    def of_sixteen(self, **changes):
        return bruno_files("correction", kind=Kind.GUARDIAN, born_on=date(2010, 5, 4), ends_on=None, **changes)

    def test_of_somebody_between_14_and_17_need_paper_and_agreement(self):
        filed = self.of_sixteen()
        two_accept(filed)
        assert obstacles(filed, "correction") == (Obstacle.AUTHORITY,)
        ana_says_yes(filed)
        assert obstacles(filed, "correction") == ()

    def test_of_a_child_under_14_need_paper_and_not_the_childs_word(self):
        filed = bruno_files("deletion", kind=Kind.GUARDIAN, born_on=date(2016, 5, 4), ends_on=None)
        assert Obstacle.AUTHORITY in obstacles(filed, "deletion")
        two_accept(filed)
        assert obstacles(filed, "deletion") == (Obstacle.SECOND_CONFIRMATION,)


class TestErasure:
    def test_is_confirmed_a_second_time_by_the_person_and_not_by_their_agent(self):
        filed = bruno_files("deletion")
        ana_says_yes(filed)
        dsr = filed.requests.select_related("submission", "policy").get()
        check = erasure.issue_code(dsr, actor=ANA, at=NOON)
        assert check.contact == Authority.objects.get().asked
        assert erasure.confirm(dsr, code=identity.code_for(check), actor=ANA, at=NOON) is not None

    def test_is_confirmed_by_nobody_before_the_person_said_yes(self):
        dsr = bruno_files("deletion").requests.select_related("submission", "policy").get()
        with pytest.raises(Refused, match="once they have said yes"):
            erasure.issue_code(dsr, actor=BRUNO, at=NOON)

    def test_of_a_child_under_14_is_confirmed_by_the_guardian(self):
        filed = bruno_files("deletion", kind=Kind.GUARDIAN, born_on=date(2016, 5, 4), ends_on=None)
        dsr = filed.requests.select_related("submission", "policy").get(right="deletion")
        assert erasure.issue_code(dsr, actor=BRUNO, at=NOON).contact is None


class TestFlood:
    def full_day(self):
        for _ in range(on_behalf.FILINGS_A_DAY):
            filed = bruno_files("access", sure=False)
            Submission.objects.filter(pk=filed.pk).update(assurance=1)

    def test_an_agent_who_files_too_many_is_told_so_and_others_go_on(self):
        self.full_day()
        with pytest.raises(Refused, match="20 people within a day"):
            bruno_files("access")
        assert bruno_files("access", agent="carla@agents.example").assurance == 1
        assert ana_files("access", email="bruno@agents.example").requests.get().state == "awaiting_verification"
        assert bruno_files("access", at=NOON + DAY + timedelta(seconds=1)).assurance == 1

    def test_what_was_filed_before_the_day_was_full_begins_on_the_next(self):
        waiting = bruno_files("access", sure=False)
        self.full_day()
        with pytest.raises(Refused, match="20 people within a day"):
            shows_address(waiting)
        assert waiting.requests.get().state == "awaiting_verification"

    def test_a_stranger_who_files_from_an_agents_address_does_not_fill_the_agents_day(self):
        for _ in range(on_behalf.FILINGS_A_DAY + 1):
            bruno_files("access", sure=False)
        assert bruno_files("access", sure=False).authority.kind == "agent"
