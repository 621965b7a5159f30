"""Bruno writes a letter for Ana: Hans enters it, and from there it goes the road of the form."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django.core import mail

from requests_app.models import Authority, DisclosurePackage, Notice, Submission
from requests_app.operations import (
    authority,
    decision,
    delivery,
    desk,
    erasure,
    evidence,
    identity,
    intake,
    letters,
    on_behalf,
    sweeps,
)
from requests_app.operations.actors import Actor
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.operations.refused import Refused
from requests_app.rules.authority import Kind
from requests_app.rules.identity import Obstacle
from tests.operations.behalf import PAPER, UNTIL, ana_says_yes, bruno_files, kinds, obstacles, two_accept
from tests.operations.test_road import decided
from tests.people import NOON, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ELM, OAK = "Elm Street 5\nTorino", "Oak Road 7\nTorino"
CHILD = {"kind": Kind.GUARDIAN, "ends_on": None}


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def hans_enters(*rights, agent="", **changes):
    about = {"kind": Kind.AGENT, "name": "Ana Example", "email": "ana@example.org", "ends_on": UNTIL} | changes
    filing = Filing(
        uuid.uuid4(), rights or ("access",), "Bruno Agent", agent, "C-1001", "en", postal=OAK, behalf=Behalf(**about)
    )
    return intake.receive(filing, channel="post", actor=Actor.staff(staff("hans", "handler")), at=NOON)


def answered(submission):
    waiting = decided(submission.requests.select_related("submission", "policy").get(), staff("hans", "handler"))
    waiting.dsr.refresh_from_db()
    digest = waiting.content_digest
    return decision.approve(waiting.dsr, digest=digest, actor=Actor.staff(staff("ada", "approver")), at=NOON)


class TestEntering:
    def test_keeps_the_authority_with_whoever_entered_it(self):
        submission = hans_enters(document=PAPER)
        row = submission.authority
        assert (row.kind, row.scope, row.name, row.ends_on) == ("agent", ["access"], "Ana Example", UNTIL)
        event = submission.evidence.get(kind="authority_filed")
        assert (event.actor_role, event.actor_ref) == ("staff", str(staff("hans").pk))
        assert authority.read_document(row, actor=Actor.staff(staff("hans")), at=NOON) == PAPER[1]
        assert list(evidence.verify()) == []

    def test_needs_no_paper_which_may_lie_on_the_desk(self):
        row = hans_enters().authority
        assert row.document_sha256 == ""
        assert two_accept(row.submission).accepted_at == NOON

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"document": ("x.exe", b"MZ program")}, "PDF, JPEG or PNG"),
            ({"document": ("x.pdf", b"%PDF-" + bytes(10 * 1024 * 1024))}, "10 MB"),
            ({"ends_on": None}, "Until when"),
            (CHILD | {"born_on": date(2008, 11, 22)}, "of age"),
        ],
    )
    def test_refuses_what_the_form_refuses(self, changes, why):
        with pytest.raises(Refused, match=why):
            hans_enters(**changes)
        assert not Submission.objects.exists()

    def test_of_a_child_under_14_closing_and_deletion_come_with_it(self):
        submission = hans_enters(**CHILD, born_on=date(2016, 5, 4))
        assert set(submission.requests.values_list("right", flat=True)) == {"access", "account_closure", "deletion"}

    def test_waits_behind_no_full_day(self, monkeypatch):
        monkeypatch.setattr(on_behalf, "FILINGS_A_DAY", 1)
        bruno_files("access")
        with pytest.raises(Refused, match="within a day"):
            bruno_files("access")
        submission = hans_enters(agent="bruno@agents.example")
        check = submission.identity_checks.get()
        code = identity.code_for(check)
        assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.agent(), at=NOON)

    def test_on_the_web_it_stays_as_it_was(self):
        with pytest.raises(Refused, match="choose the file"):
            bruno_files("access", document=None)


class TestAsking:
    def test_the_person_is_asked_at_once_where_no_code_can_go_to_the_agent(self):
        submission = hans_enters()
        delivery.deliver_due(NOON)
        assert "ana@example.org" in [sent.to[0] for sent in mail.outbox]
        assert obstacles(submission) == (Obstacle.AUTHORITY,)
        ana_says_yes(submission)
        assert obstacles(submission) == (Obstacle.AUTHORITY,)  # typed by the agent: the team compares as well
        two_accept(submission)
        assert obstacles(submission) == ()

    def test_of_an_agent_with_an_address_his_code_comes_first(self):
        submission = hans_enters(agent="bruno@agents.example")
        assert not Notice.objects.filter(kind="contact_authority").exists()
        code = identity.code_for(submission.identity_checks.get())
        identity.confirm(submission, purpose="verify", code=code, actor=Actor.agent(), at=NOON)
        assert Notice.objects.filter(kind="contact_authority").count() == 1

    def test_a_contact_on_file_is_looked_for_and_asked(self, settings):
        known = {"reference": "C-1001", "since": datetime(2024, 1, 1, tzinfo=UTC), "emails": ["ana@on-file.example"]}
        memory = "requests_app.connectors.in_memory.InMemory"
        settings.DATA_SOURCES = {"crm": {"BACKEND": memory, "OPTIONS": {"people": [known]}}}
        submission = hans_enters(email="")
        assert Obstacle.LOOKUP in obstacles(submission)
        sweeps.run_steps(NOON)
        assert Authority.objects.get().asked.address == "ana@on-file.example"
        ana_says_yes(submission, address="ana@on-file.example")
        assert obstacles(submission) == ()


class TestOnPaper:
    @pytest.fixture
    def petra(self):
        return Actor.staff(staff("petra", "privacy officer"))

    def test_letters_to_the_agent_are_printed_for_his_address(self, petra):
        notice = Notice.objects.get(submission=hans_enters(email="", postal=ELM), kind="acknowledgement")
        assert notice in delivery.to_print()
        letter = letters.open_letter(notice, actor=petra, at=NOON)
        assert (letter.name, letter.postal) == ("Bruno Agent", OAK)

    def test_the_answer_is_printed_for_the_person_and_not_for_the_agent(self, petra):
        submission = hans_enters(email="", postal=ELM)
        two_accept(submission)
        assert answered(submission).state == "fulfilled"
        notice = Notice.objects.get(kind="decision_done")
        assert notice in delivery.to_print()
        letter = letters.open_letter(notice, actor=petra, at=NOON)
        assert (letter.name, letter.postal) == ("Ana Example", ELM)
        assert "Bruno" not in letter.html

    def test_it_is_printed_for_the_agent_where_the_paper_says_so(self, petra):
        submission = hans_enters(email="", document=PAPER)
        two_accept(submission, to_agent=True)
        answered(submission)
        letter = letters.open_letter(Notice.objects.get(kind="decision_done"), actor=petra, at=NOON)
        assert (letter.name, letter.postal) == ("Bruno Agent", OAK)

    def test_whoever_is_known_by_a_postal_address_alone_is_asked_by_letter(self, petra):
        submission = hans_enters(email="", postal=ELM)
        notice = Notice.objects.get(kind="subject_authority")
        assert notice in delivery.to_print()
        letter = letters.open_letter(notice, actor=petra, at=NOON)
        assert (letter.name, letter.postal) == ("Ana Example", ELM)
        assert "Dear Ana Example" in letter.html
        assert not any(word in letter.html for word in ("Bruno", "access", "Access"))
        assert kinds(submission).count("authority_asked") == 1
        letters.record_posted(notice, posted_on=NOON.date(), actor=petra, at=NOON)
        assert notice not in delivery.to_print()

    def test_of_an_agent_with_an_address_the_letter_waits_for_his_code_and_comes_once(self):
        submission = hans_enters(agent="bruno@agents.example", email="", postal=ELM)
        assert not Notice.objects.filter(kind="subject_authority").exists()
        for purpose in ("verify", "fresh"):
            if purpose == "fresh":
                identity.issue_code(submission, purpose=purpose, actor=Actor.agent(), at=NOON)
            code = identity.code_for(submission.identity_checks.get(purpose=purpose))
            assert identity.confirm(submission, purpose=purpose, code=code, actor=Actor.agent(), at=NOON)
        notice = Notice.objects.get(kind="subject_authority")
        delivery.deliver_due(NOON)
        notice.refresh_from_db()
        assert notice.delivery == "none"  # never announced to the agent
        assert kinds(submission).count("authority_asked") == 1

    def test_no_letter_goes_to_a_child_under_14_nor_where_an_address_can_be_asked(self):
        hans_enters(**CHILD, born_on=date(2016, 5, 4), email="", postal=ELM)
        hans_enters(postal=ELM)
        assert not Notice.objects.filter(kind="subject_authority").exists()

    def test_the_persons_postal_address_is_sealed_and_revealed_by_a_logged_look(self, petra):
        submission = hans_enters(postal=ELM)
        assert b"Elm" not in bytes(submission.authority.postal_sealed)
        shown = desk.reveal(submission, purpose="compare the letter", actor=petra, at=NOON)
        assert f"{ELM} (the postal address of the person for whom it was filed)" in shown["others"]


class TestAnErasure:
    def test_is_confirmed_by_the_person_on_their_page_and_by_no_note_of_ours(self):
        submission = hans_enters("deletion")
        ana_says_yes(submission)
        dsr = submission.requests.select_related("submission", "policy").get()
        with pytest.raises(Refused, match="has a page"):
            erasure.record_in_writing(dsr, how="Bruno phoned.", actor=Actor.staff(staff("hans")), at=NOON)
        check = erasure.issue_code(dsr, actor=Actor.person(), at=NOON)
        assert check.contact.address == "ana@example.org"

    def test_is_recorded_of_a_person_who_can_only_write_once_two_accepted_the_letter(self):
        dsr = hans_enters("deletion", email="", postal=ELM).requests.select_related("submission", "policy").get()
        hans = Actor.staff(staff("hans"))
        with pytest.raises(Refused, match="once they have said yes"):
            erasure.record_in_writing(dsr, how="Ana wrote.", actor=hans, at=NOON)
        two_accept(dsr.submission)
        erasure.record_in_writing(dsr, how="Ana wrote.", actor=hans, at=NOON)
        assert "erasure_confirmed" in kinds(dsr.submission)


def test_nothing_is_released_before_two_accepted_the_letter():
    submission = hans_enters(email="")
    with pytest.raises(Refused, match="not proved that the person wants"):
        answered(submission)
    assert not DisclosurePackage.objects.exists()
    assert "authority_asked" not in kinds(submission)
