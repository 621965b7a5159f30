"""What Ana can do with a request after filing: take it up again, and write to us."""

from datetime import date, timedelta

import pytest

from requests_app.models import DataSubjectRequest, EvidenceEvent, IdentityCheck, Message, Notice, Submission
from requests_app.operations import desk, evidence, files, identity, person, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
LATER = NOON + timedelta(days=20)


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def bruno():
    return staff("bruno", "handler")


@pytest.fixture
def stored(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    return tmp_path


def only(submission: Submission) -> DataSubjectRequest:
    return submission.requests.select_related("submission", "policy").get()


def lapsed(**changes) -> DataSubjectRequest:
    dsr = only(ana_files("access", **changes))
    for day in range(1, 17):
        sweeps.SWEEPS["enforce_deadlines"](NOON + timedelta(days=day))
    dsr.refresh_from_db()
    assert dsr.state == "lapsed"
    return dsr


def verified(*rights: str) -> DataSubjectRequest:
    submission = ana_files(*rights)
    check = IdentityCheck.objects.get(submission=submission)
    assert identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=ANA, at=NOON)
    return only(submission)


def cancelled() -> DataSubjectRequest:
    person.cancel(verified("access"), actor=ANA, at=NOON)
    dsr = DataSubjectRequest.objects.get()
    assert dsr.state == "cancelled"
    return dsr


def write(dsr, text="Hello.", file=None, at=NOON):
    return person.reply(dsr, text=text, file=file, actor=ANA, at=at)


class TestReopening:
    def test_a_lapsed_request_is_open_again_with_a_new_date_and_goes_on_with_the_code(self, bruno):
        dsr = person.reopen(lapsed(), proved=False, actor=ANA, at=LATER)
        assert (dsr.state, dsr.due_on, dsr.answered_at) == ("awaiting_verification", date(2026, 12, 27), None)
        check = IdentityCheck.objects.latest("issued_at")
        assert check.issued_at == LATER
        assert identity.confirm(
            dsr.submission, purpose="verify", code=identity.code_for(check), actor=ANA, at=LATER + timedelta(minutes=1)
        )
        dsr.refresh_from_db()
        assert dsr.state == "in_progress"

    def test_a_code_typed_just_now_is_proof_enough(self, bruno):
        codes = IdentityCheck.objects.count()
        dsr = person.reopen(cancelled(), proved=True, actor=ANA, at=LATER)
        assert dsr.state == "in_progress"
        assert IdentityCheck.objects.filter(issued_at__gte=LATER).count() == codes
        assert Notice.objects.filter(kind="staff_new", staff=bruno, dsr=dsr).count() == 2

    def test_an_old_proof_does_not_do_for_a_request_opened_again(self):
        assert person.reopen(cancelled(), proved=False, actor=ANA, at=LATER).state == "awaiting_verification"

    def test_first_receipt_and_old_outcome_stay_on_record(self):
        dsr = person.reopen(lapsed(), proved=True, actor=ANA, at=LATER)
        kinds = list(EvidenceEvent.objects.filter(dsr_id=dsr.pk).order_by("seq").values_list("kind", flat=True))
        assert kinds[0] == "filed"
        assert kinds.index("lapsed") < kinds.index("reopened")
        assert dsr.submission.received_at == NOON
        assert Notice.objects.filter(kind="reopened", dsr=dsr).count() == 1
        assert list(evidence.verify()) == []

    def test_it_can_lapse_again_and_a_third_reopening_is_refused(self):
        dsr = lapsed()
        for number in (1, 2):
            person.reopen(dsr, proved=True, actor=ANA, at=LATER + timedelta(days=number))
            dsr.refresh_from_db()
            person.cancel(dsr, actor=ANA, at=LATER + timedelta(days=number, hours=1))
            dsr.refresh_from_db()
        with pytest.raises(Refused, match="new one"):
            person.reopen(dsr, proved=True, actor=ANA, at=LATER + timedelta(days=3))

    def test_an_open_request_and_an_opt_out_are_not_opened_again(self):
        for right in ("access", "marketing_optout"):
            dsr = only(ana_files(right))
            if right == "marketing_optout":
                person.undo(dsr, actor=ANA, at=NOON)
                dsr.refresh_from_db()
            with pytest.raises(Refused):
                person.reopen(dsr, proved=True, actor=ANA, at=NOON)

    def test_over_the_limit_of_codes_nothing_changes(self):
        dsr = lapsed()
        for _ in range(5):
            identity.issue_code(dsr.submission, purpose="find", actor=ANA, at=LATER)
        with pytest.raises(Refused, match="hour"):
            person.reopen(dsr, proved=False, actor=ANA, at=LATER)
        dsr.refresh_from_db()
        assert dsr.state == "lapsed"
        assert not Notice.objects.filter(kind="reopened").exists()


class TestWriting:
    def test_a_message_nobody_asked_for_is_kept_and_told(self, bruno):
        dsr = verified("access")
        desk.assign(dsr, assignee=bruno, actor=Actor.staff(bruno), at=NOON)
        message = write(dsr, "I moved in 2023.")
        assert message.body == "I moved in 2023."
        assert EvidenceEvent.objects.filter(kind="message_received", dsr_id=dsr.pk).count() == 1
        assert not EvidenceEvent.objects.filter(kind="question_answered").exists()
        assert Notice.objects.filter(kind="staff_answered", staff=bruno).count() == 1

    def test_an_answer_ends_the_waiting(self, bruno):
        dsr = verified("access")
        desk.ask(dsr, question="Which year?", actor=Actor.staff(bruno), at=NOON)
        dsr.refresh_from_db()
        write(dsr, "2024.")
        dsr.refresh_from_db()
        assert dsr.waiting_since is None
        assert EvidenceEvent.objects.filter(kind="question_answered").count() == 1

    def test_ten_a_day_are_taken_and_more_tomorrow(self):
        dsr = verified("access")
        for _ in range(10):
            write(dsr)
        with pytest.raises(Refused, match="tomorrow"):
            write(dsr)
        write(dsr, at=NOON + timedelta(days=1))
        assert Message.objects.count() == 11

    def test_who_was_asked_is_heard_beyond_the_bound(self, bruno):
        dsr = verified("access")
        for _ in range(10):
            write(dsr)
        desk.ask(dsr, question="Which year?", actor=Actor.staff(bruno), at=NOON)
        dsr.refresh_from_db()
        assert write(dsr, "2024.").body == "2024."

    @pytest.mark.parametrize(
        ("text", "file"),
        [
            (" ", None),
            ("x" * 10_001, None),
            ("", ("empty.pdf", b"")),
            ("", ("large.pdf", b"x" * (files.LARGEST + 1))),
        ],
        ids=["nothing", "too long", "empty file", "too large"],
    )
    def test_what_does_not_fit_is_refused_and_leaves_nothing_behind(self, stored, text, file):
        dsr = verified("access")
        with pytest.raises(Refused):
            write(dsr, text, file)
        assert not Message.objects.exists()
        assert [path for path in stored.rglob("*") if path.is_file()] == []

    def test_a_file_waits_for_the_code_and_a_text_does_not(self, stored):
        dsr = only(ana_files("access"))
        with pytest.raises(Refused, match="code first"):
            write(dsr, "", ("id.pdf", b"scan"))
        assert [path for path in stored.rglob("*") if path.is_file()] == []
        assert write(dsr, "I cannot read that mailbox any more.")

    def test_an_ended_request_takes_no_message(self):
        with pytest.raises(Refused, match="ended"):
            write(cancelled())


def test_what_is_in_effect_is_undone_and_never_just_cancelled():
    dsr = only(ana_files("marketing_optout"))
    with pytest.raises(Refused, match="Undo"):
        person.cancel(dsr, actor=ANA, at=NOON)
    dsr.refresh_from_db()
    assert dsr.state == "in_progress"


def test_the_limit_of_codes_keeps_nobody_from_filing():
    for _ in range(5):
        ana_files("access")
    sixth = ana_files("access")
    assert only(sixth).due_on == date(2026, 12, 7)
    assert "sent a code" not in Notice.objects.get(submission=sixth, kind="acknowledgement").text
    assert Notice.objects.get(submission=sixth, kind="code").delivery == "none"
    identity.issue_code(sixth, purpose="verify", actor=ANA, at=NOON + timedelta(hours=1))


class TestStanding:
    def test_the_page_knows_what_became_of_the_code(self):
        submission = ana_files("marketing_optout")
        assert identity.standing(submission, purpose="fresh", at=NOON) == "none"
        check = identity.issue_code(submission, purpose="fresh", actor=ANA, at=NOON)
        assert identity.standing(submission, purpose="fresh", at=NOON) == "out"
        assert identity.standing(submission, purpose="fresh", at=NOON + timedelta(minutes=60)) == "run_out"
        IdentityCheck.objects.filter(pk=check.pk).update(tries=5)
        assert identity.standing(submission, purpose="fresh", at=NOON) == "used_up"
        IdentityCheck.objects.filter(pk=check.pk).update(tries=1, passed_at=NOON)
        assert identity.standing(submission, purpose="fresh", at=NOON) == "none"
