"""Bruno asks for Ana: she says yes or no over her own address, and without her word nothing is released."""

from datetime import date

import pytest
from django.core import mail

from requests_app.models import AccessLog, Authority, ConsentEntry, Contact, Notice, Submission
from requests_app.operations import authority, decision, delivery, evidence, person, retention
from requests_app.operations.actors import Actor
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.rules.authority import Kind
from requests_app.rules.identity import Obstacle
from tests.operations.behalf import (
    ANA,
    DAY,
    PAPER,
    UNTIL,
    ana_says_yes,
    bruno_files,
    kinds,
    knows_on_file,
    obstacles,
    shows_address,
    two_accept,
    types_code,
)
from tests.operations.test_road import decided
from tests.people import NOON, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


class TestFiling:
    def test_keeps_scope_end_and_document_and_names_nobody_in_the_clear(self):
        row = bruno_files("access", "deletion").authority
        assert (row.kind, row.scope, row.ends_on) == ("agent", ["access", "deletion"], UNTIL)
        assert row.name == "Ana Example"
        assert b"Ana" not in bytes(row.name_sealed)
        assert "authority_filed" in kinds(row.submission)
        assert list(evidence.verify()) == []

    def test_the_document_is_sealed_and_each_look_is_logged(self, tmp_path):
        row = bruno_files("access").authority
        assert not any(b"authorise" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        content = authority.read_document(row, actor=Actor.staff(staff("petra", "privacy officer")), at=NOON)
        assert content == PAPER[1]
        assert AccessLog.objects.get().what == "authority document"
        with pytest.raises(RoleMissing):
            authority.read_document(row, actor=Actor.staff(staff("otto")), at=NOON)

    def test_the_paper_is_destroyed_when_the_period_for_proofs_after_the_end_is_over(self, tmp_path):
        filed = bruno_files("access")
        types_code()
        authority.stop(filed.authority, actor=ANA, at=NOON)
        days = policy_of(filed.policy).retention.proof_days
        assert retention.apply(NOON + (days - 1) * DAY) == 0
        assert retention.apply(NOON + days * DAY) == 1
        assert retention.apply(NOON + days * DAY) == 0
        assert not list(tmp_path.rglob(filed.authority.pk.hex))
        assert list(evidence.verify()) == []

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"document": None}, "paper"),
            ({"ends_on": None}, "Until when"),
            ({"ends_on": NOON.date() - DAY}, "Until when"),
            ({"email": "BRUNO@agents.example "}, "your own"),
            ({"kind": Kind.GUARDIAN, "born_on": date(2008, 11, 22)}, "of age"),
            ({"kind": Kind.GUARDIAN, "born_on": NOON.date() + DAY}, "Date of birth"),
        ],
    )
    def test_what_is_no_authority_is_refused_with_a_way_to_mend_it(self, changes, why):
        with pytest.raises(Refused, match=why):
            bruno_files("access", **changes)
        assert not Submission.objects.exists()

    def test_for_a_child_under_14_closing_and_deletion_come_with_it(self):
        filed = bruno_files("access", kind=Kind.GUARDIAN, born_on=date(2016, 5, 4), ends_on=None)
        assert set(filed.requests.values_list("right", flat=True)) == {"access", "account_closure", "deletion"}
        assert b"2016" not in bytes(filed.authority.born_on_sealed)
        assert filed.authority.wake_on == date(2034, 5, 1)

    def test_an_opt_out_is_about_the_persons_address_and_told_to_it_at_once(self):
        filed = bruno_files("marketing_optout", sure=False)
        assert ConsentEntry.objects.get().digest == Contact.objects.get().email_digest != filed.email_digest
        assert Notice.objects.filter(kind="contact_authority").count() == 1


class TestAsking:
    def test_the_person_is_asked_once_the_agent_has_shown_his_own_address(self):
        filed = bruno_files("access", sure=False)
        assert not Notice.objects.filter(kind="contact_authority").exists()
        shows_address(filed)
        delivery.deliver_due(NOON)
        (asked,) = [sent for sent in mail.outbox if sent.to == ["ana@example.org"]]
        assert "say yes or no" in asked.body
        said = asked.subject + asked.body
        assert not any(word in said for word in ("Bruno", "Ana", "access", "Access", "data"))

    def test_an_address_on_file_is_asked_anew_and_what_was_typed_counts_no_more(self):
        filed = bruno_files("access")
        ana_says_yes(filed)
        knows_on_file(filed)
        row = Authority.objects.get()
        assert (row.asked.role, row.confirmed_at) == ("on_file", None)
        assert Notice.objects.filter(kind="contact_authority").count() == 2

    def test_one_address_gets_five_such_mails_a_day_however_many_file(self):
        for number in range(7):
            bruno_files("access", agent=f"bruno{number}@agents.example")
        assert Notice.objects.filter(kind="contact_authority").count() == 5
        assert Authority.objects.exclude(asked=None).count() == 7


class TestYes:
    def test_over_the_address_on_file_it_suffices(self):
        filed = bruno_files("access")
        knows_on_file(filed)
        assert set(obstacles(filed)) == {Obstacle.ON_FILE, Obstacle.AUTHORITY}
        ana_says_yes(filed, address="ana@on-file.example")
        assert obstacles(filed) == ()
        assert list(evidence.verify()) == []

    def test_over_an_address_that_the_agent_typed_two_of_the_team_compare_as_well(self):
        filed = bruno_files("access")
        ana_says_yes(filed)
        filed.refresh_from_db()
        assert filed.assurance == 1
        assert obstacles(filed) == (Obstacle.AUTHORITY,)
        assert Notice.objects.filter(kind="staff_authority").exists()
        two_accept(filed)
        assert obstacles(filed) == ()

    def test_takes_a_code_typed_just_now_at_her_own_address(self):
        filed = bruno_files("access")
        with pytest.raises(Refused, match="code"):
            authority.confirm(filed.authority, scope=["access"], package_to="person", actor=ANA, at=NOON)
        types_code()
        with pytest.raises(Refused, match="code"):
            authority.confirm(filed.authority, scope=["access"], package_to="person", actor=ANA, at=NOON + DAY)

    def test_a_code_to_the_typed_address_says_nothing_for_the_one_on_file(self):
        filed = bruno_files("access")
        types_code()
        knows_on_file(filed)
        with pytest.raises(Refused, match="code"):
            authority.confirm(filed.authority, scope=["access"], package_to="agent", actor=ANA, at=NOON)

    def test_for_a_part_ends_the_rest_and_no_right_outside_the_scope_is_released(self):
        filed = bruno_files("access", "portability")
        knows_on_file(filed)
        ana_says_yes(filed, address="ana@on-file.example", scope=["access"])
        assert filed.requests.get(right="portability").state == "cancelled"
        assert Obstacle.OUTSIDE_SCOPE in obstacles(filed, "portability")
        assert obstacles(filed) == ()
        assert Notice.objects.filter(kind="authority_narrowed").count() == 1


class TestNo:
    def test_ends_what_is_open_and_tells_the_agent_no_reason(self):
        filed = bruno_files("access", "marketing_optout")
        types_code()
        authority.stop(filed.authority, actor=ANA, at=NOON)
        assert set(filed.requests.values_list("state", flat=True)) == {"cancelled"}
        entries = ConsentEntry.objects.order_by("pk")
        assert [(row.act, row.at) for row in entries] == [("withdrawn", NOON), ("undone", NOON)]
        assert Obstacle.AUTHORITY_OVER in obstacles(filed)
        letter = Notice.objects.get(kind="authority_refused").text
        assert "not shown that you may act" in letter
        assert "refused" not in letter
        assert Notice.objects.filter(kind="staff_authority").exists()
        assert list(evidence.verify()) == []

    def test_the_agent_cannot_open_it_again(self):
        filed = bruno_files("access")
        types_code()
        authority.stop(filed.authority, actor=ANA, at=NOON)
        dsr = filed.requests.select_related("submission", "policy").get()
        assert not person.may_reopen(dsr)

    def test_taken_back_after_the_decision_nothing_is_released(self):
        filed = bruno_files("access")
        knows_on_file(filed)
        ana_says_yes(filed, address="ana@on-file.example")
        dsr = filed.requests.select_related("submission", "policy").get()
        waiting = decided(dsr, staff("petra", "privacy officer"))
        Authority.objects.update(revoked_at=NOON)  # between the decision and the approval
        with pytest.raises(Refused, match="Nobody acts for the person any more"):
            decision.approve(
                waiting.dsr, digest=waiting.content_digest, actor=Actor.staff(staff("ada", "approver")), at=NOON
            )

    def test_is_said_at_any_time_after_a_yes(self):
        filed = bruno_files("access")
        ana_says_yes(filed)
        authority.stop(filed.authority, actor=ANA, at=NOON)
        assert Authority.objects.get().revoked_at == NOON
        assert "authority_revoked" in kinds(filed)
