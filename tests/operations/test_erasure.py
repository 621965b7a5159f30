"""Erasure is not a weapon: confirmed twice, stoppable for days, after access, and a request keeps its right."""

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from requests_app.models import DataSubjectRequest, ErasureConfirmation, EvidenceEvent, IdentityCheck, Notice
from requests_app.operations import contacts, decision, erasure, evidence, identity, person, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
DAY = timedelta(days=1)
APP = Path(__file__).parents[2] / "requests_app"


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def bruno():
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada():
    return Actor.staff(staff("ada", "approver"))


def request(submission, right="deletion"):
    return submission.requests.select_related("submission", "policy").get(right=right)


def confirmed_once(*rights, at=NOON, **changes):
    submission = ana_files(*(rights or ("deletion",)), at=at, **changes)
    confirms(submission, at=at)
    return submission


def answer(dsr, bruno, ada, *, at, **changes):
    made = decision.decide(dsr, **(DONE | changes), actor=bruno, at=at)
    dsr.refresh_from_db()
    return decision.approve(dsr, digest=made.content_digest, actor=ada, at=at)


def asked(submission, right="deletion"):
    return Notice.objects.filter(submission=submission, dsr__right=right, kind="erasure_question").count()


def sweep(at):
    sweeps.SWEEPS["enforce_deadlines"](at)


class TestTheSecondConfirmation:
    def test_without_it_nothing_is_deleted(self, bruno, ada):
        dsr = request(confirmed_once())
        with pytest.raises(Refused, match="not confirmed the erasure a second time"):
            answer(dsr, bruno, ada, at=NOON + 10 * DAY)
        dsr.refresh_from_db()
        assert dsr.state == "awaiting_approval"

    def test_it_takes_a_code_of_its_own(self):
        submission = confirmed_once()
        dsr = request(submission)
        first = identity.code_for(IdentityCheck.objects.get(submission=submission, purpose="verify"))
        other = erasure.issue_code(dsr, actor=ANA, at=NOON)
        if first != identity.code_for(other):
            assert erasure.confirm(dsr, code=first, actor=ANA, at=NOON) is None
        fresh = identity.issue_code(submission, purpose="fresh", actor=ANA, at=NOON)
        if identity.code_for(fresh) != identity.code_for(other):
            assert erasure.confirm(dsr, code=identity.code_for(fresh), actor=ANA, at=NOON) is None
        assert not ErasureConfirmation.objects.exists()

    def test_its_code_confirms_no_address(self):
        submission = confirmed_once("deletion")
        check = erasure.issue_code(request(submission), actor=ANA, at=NOON)
        code = identity.code_for(check)
        assert not identity.confirm(submission, purpose="verify", code=code, actor=ANA, at=NOON)

    def test_then_three_whole_days_pass_before_it_is_carried_out(self, bruno, ada):
        dsr = confirms_erasure(request(confirmed_once()))
        assert dsr.erasure_confirmations.get().cooling_off_until == date(2026, 11, 25)
        with pytest.raises(Refused, match="cooling-off"):
            answer(dsr, bruno, ada, at=NOON + 3 * DAY)
        dsr.refresh_from_db()
        waiting = decision.pending(dsr)
        done = decision.approve(dsr, digest=waiting.content_digest, actor=ada, at=NOON + 4 * DAY)
        assert done.state == "fulfilled"
        assert list(evidence.verify()) == []

    def test_the_gate_is_asked_in_the_transaction_that_approves(self, bruno, ada):
        """Confirmed and cooled off when it was decided, taken up again before it is approved."""
        dsr = confirms_erasure(request(confirmed_once()))
        made = decision.decide(dsr, **DONE, actor=bruno, at=NOON + 5 * DAY)
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(opened_at=NOON + DAY)
        dsr.refresh_from_db()
        with pytest.raises(Refused, match="a second time"):
            decision.approve(dsr, digest=made.content_digest, actor=ada, at=NOON + 5 * DAY)

    def test_it_is_given_once_and_written_down(self):
        dsr = confirms_erasure(request(confirmed_once()))
        with pytest.raises(Refused, match="already"):
            erasure.issue_code(dsr, actor=ANA, at=NOON)
        assert EvidenceEvent.objects.filter(dsr_id=dsr.pk, kind="erasure_confirmed").count() == 1
        assert Notice.objects.filter(dsr=dsr, kind="erasure_confirmed").count() == 1

    def test_a_closed_account_is_erased_too_where_the_policy_says_so(self, bruno, ada):
        dsr = request(confirmed_once("account_closure"), "account_closure")
        with pytest.raises(Refused, match="a second time"):
            answer(dsr, bruno, ada, at=NOON + 5 * DAY)

    def test_what_erases_nothing_is_not_asked(self, bruno, ada):
        dsr = request(confirmed_once("access"), "access")
        with pytest.raises(Refused, match="nothing to confirm"):
            erasure.issue_code(dsr, actor=ANA, at=NOON)
        assert answer(dsr, bruno, ada, at=NOON).state == "fulfilled"

    def test_a_refusal_needs_none(self, bruno, ada):
        ground = {"outcome": "refuse", "ground": "law_forbids_deletion", "facts": "The tax law.", "scope": "Invoices."}
        assert answer(request(confirmed_once()), bruno, ada, at=NOON, **ground).state == "refused"

    def test_taken_up_again_it_is_asked_again(self, bruno, ada):
        dsr = confirms_erasure(request(confirmed_once()))
        person.cancel(dsr, actor=ANA, at=NOON + DAY)
        dsr.refresh_from_db()
        person.reopen(dsr, proved=True, actor=ANA, at=NOON + 2 * DAY)
        dsr.refresh_from_db()
        with pytest.raises(Refused, match="a second time"):
            answer(dsr, bruno, ada, at=NOON + 8 * DAY)


class TestBeingAsked:
    def test_she_is_asked_at_once_after_the_first_and_reminded_twice(self):
        submission = ana_files("deletion")
        sweep(NOON)
        assert asked(submission) == 0
        confirms(submission)
        sweep(NOON)
        assert asked(submission) == 1
        for day in range(1, 8):
            sweep(NOON + day * DAY)
        assert asked(submission) == 3

    def test_never_confirmed_it_lapses_the_day_before_with_a_letter_that_says_why(self):
        dsr = request(confirmed_once())
        for day in range(18):
            sweep(NOON + day * DAY)
        dsr.refresh_from_db()
        assert (dsr.state, dsr.answered_at.date()) == ("lapsed", dsr.due_on - DAY)
        assert "confirm it a second time" in Notice.objects.get(dsr=dsr, kind="lapsed").text
        assert not Notice.objects.filter(dsr=dsr, kind__in=("missed", "staff_due", "staff_overdue")).exists()

    def test_confirmed_it_has_its_milestones_and_the_clock_never_stopped(self):
        dsr = confirms_erasure(request(confirmed_once()))
        for day in range(18):
            sweep(NOON + day * DAY)
        dsr.refresh_from_db()
        assert (dsr.state, dsr.due_on) == ("in_progress", date(2026, 12, 7))
        assert Notice.objects.filter(dsr=dsr, kind="missed").count() == 1

    def test_a_decision_that_waits_lapses_too_unless_it_refuses(self, bruno):
        deleting, refusing = (request(confirmed_once(email=f"{name}@example.org")) for name in ("ana", "eva"))
        ground = {"outcome": "refuse", "ground": "law_forbids_deletion", "facts": "The tax law.", "scope": "Invoices."}
        decision.decide(deleting, **DONE, actor=bruno, at=NOON)
        decision.decide(refusing, **(DONE | ground), actor=bruno, at=NOON)
        sweep(NOON + 15 * DAY)
        deleting.refresh_from_db(), refusing.refresh_from_db()
        assert (deleting.state, refusing.state) == ("lapsed", "awaiting_approval")

    def test_confirmed_too_late_for_the_date_it_is_answered_in_time_and_taken_up_again(self, bruno, ada):
        dsr = request(confirmed_once())
        late = NOON + 12 * DAY  # 4 December; the third was the last that left three days
        assert not erasure.is_late(dsr, at=NOON + 11 * DAY)
        assert erasure.is_late(dsr, at=late)
        again = confirms_erasure(dsr, at=late)
        assert (again.state, again.due_on) == ("in_progress", date(2026, 12, 19))
        assert list(Notice.objects.filter(dsr=dsr, kind__in=("lapsed", "reopened")).values_list("kind", flat=True))
        assert again.erasure_confirmations.get().cooling_off_until == date(2026, 12, 7)
        assert answer(again, bruno, ada, at=NOON + 16 * DAY).state == "fulfilled"


class TestAccessFirst:
    def test_she_is_not_asked_while_her_access_request_is_open(self):
        submission = confirmed_once("access", "deletion")
        sweep(NOON + 7 * DAY)
        assert asked(submission) == 0
        with pytest.raises(Refused, match="comes first"):
            erasure.issue_code(request(submission), actor=ANA, at=NOON + 7 * DAY)

    def test_on_the_eighth_day_at_the_latest_she_is(self):
        submission = confirmed_once("access", "deletion")
        sweep(NOON + 8 * DAY)
        assert asked(submission) == 1
        confirms_erasure(request(submission), at=NOON + 8 * DAY)

    @pytest.mark.parametrize("end", ["answered", "cancelled"])
    def test_however_it_ends_its_end_is_the_question(self, end, bruno, ada):
        submission = confirmed_once("access", "deletion")
        access, at = request(submission, "access"), NOON + 2 * DAY
        if end == "answered":
            answer(access, bruno, ada, at=at)
        else:
            person.cancel(access, actor=ANA, at=at)
        assert request(submission).wake_at == at
        sweep(at)
        assert asked(submission) == 1

    def test_an_access_taken_up_again_after_the_confirmation_comes_first_again(self, bruno, ada):
        submission = confirmed_once("access", "deletion")
        access = request(submission, "access")
        answer(access, bruno, ada, at=NOON)
        dsr = confirms_erasure(request(submission), at=NOON + DAY)
        petra = Actor.staff(staff("petra", "privacy officer"))
        decision.reopen(request(submission, "access"), reason="A file is missing.", actor=petra, at=NOON + 2 * DAY)
        with pytest.raises(Refused, match="filed with it, is not answered yet"):
            answer(dsr, bruno, ada, at=NOON + 10 * DAY)

    def test_for_a_day_after_files_went_out_nothing_is_deleted(self, bruno, ada, settings, tmp_path):
        from requests_app.operations import desk

        settings.FILES_DIR = tmp_path
        submission = confirmed_once("access", "deletion")
        dsr = confirms_erasure(request(submission), at=NOON + 8 * DAY)
        access, released = request(submission, "access"), NOON + 13 * DAY
        desk.attach(access, name="data.json", content=b"{}", actor=bruno, at=released)
        answer(access, bruno, ada, at=released)
        with pytest.raises(Refused, match="less than 24 hours ago"):
            answer(dsr, bruno, ada, at=released + DAY / 2)


class TestStopping:
    """A link goes to every known address; whoever reads one can end the erasure, and all of them hear of it."""

    @pytest.fixture
    def cooling(self):
        submission = confirmed_once("deletion", "account_closure")
        for role, address in (("on_file", "ana@old.example"), ("former", "ana@former.example")):
            contacts.add_contact(submission, role=role, address=address, actor=ANA, at=NOON)
        for right in ("deletion", "account_closure"):
            confirms_erasure(request(submission, right))
        return submission

    def link(self, submission, role):
        rows = IdentityCheck.objects.filter(submission=submission, purpose="stop").select_related("contact")
        return (rows.filter(contact__role=role) if role else rows.filter(contact=None)).latest("issue")

    def states(self, submission):
        return set(submission.requests.values_list("state", flat=True))

    def test_its_notice_is_not_called_a_code(self, cooling):
        check = self.link(cooling, "")
        assert Notice.objects.get(check_id=check.pk).subject == "A link to stop what you confirmed"

    @pytest.mark.parametrize("role", ["", "on_file", "former"])
    def test_each_known_address_stops_all_of_it_on_the_last_day(self, cooling, role):
        check = self.link(cooling, role)
        assert erasure.stop(check, code=identity.code_for(check), at=NOON + 3 * DAY)
        assert self.states(cooling) == {"cancelled"}
        told = Notice.objects.filter(kind="contact_stopped", submission=cooling)
        assert told.values("contact").distinct().count() == 2
        assert Notice.objects.filter(kind="staff_alarm", submission=cooling).exists()
        assert list(evidence.verify()) == []

    def test_a_wrong_code_stops_nothing_and_the_sixth_is_not_read(self, cooling):
        check = self.link(cooling, "former")
        code = identity.code_for(check)
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        assert not any(erasure.stop(check, code=wrong, at=NOON) for _ in range(5))
        assert not erasure.stop(check, code=code, at=NOON)
        assert self.states(cooling) == {"in_progress"}

    def test_what_is_stopped_already_is_said_so(self, cooling):
        first, second = self.link(cooling, "former"), self.link(cooling, "on_file")
        assert erasure.stop(first, code=identity.code_for(first), at=NOON)
        with pytest.raises(Refused, match="settled already"):
            erasure.stop(second, code=identity.code_for(second), at=NOON)

    def test_the_mail_names_no_right_no_person_and_no_data(self, cooling):
        mail.outbox.clear()
        sweeps.SWEEPS["deliver_notices"](NOON)
        mails = [m for m in mail.outbox if m.to[0] in {"ana@old.example", "ana@former.example"}]
        assert len(mails) == 2  # the second erasure's link takes the place of the first one's
        for message in mails:
            text = f"{message.subject} {message.body}".lower()
            assert not any(word in text for word in ("delet", "eras", "account", "ana ", "request for"))
            assert "/l/" in message.body

    def test_nobody_silences_it_by_filling_the_address_with_codes_before(self):
        submission = confirmed_once()
        for _ in range(4):
            identity.issue_code(ana_files("access"), purpose="verify", actor=ANA, at=NOON - DAY / 48)
        check = erasure.issue_code(request(submission), actor=ANA, at=NOON + DAY / 24)
        later = NOON + DAY / 24
        for _ in range(5):
            ana_files("access", at=later)
        assert erasure.confirm(request(submission), code=identity.code_for(check), actor=ANA, at=later) is not None
        alarm = self.link(submission, "")
        assert Notice.objects.get(check_id=alarm.pk).next_try_at is not None
        assert erasure.stop(alarm, code=identity.code_for(alarm), at=later)

    def test_her_own_button_tells_them_too(self, cooling):
        person.cancel(request(cooling), actor=ANA, at=NOON + DAY)
        assert Notice.objects.filter(kind="contact_stopped", submission=cooling).count() == 2

    def test_after_it_is_carried_out_the_link_stops_nothing(self, bruno, ada):
        submission = confirmed_once()
        dsr = confirms_erasure(request(submission))
        answer(dsr, bruno, ada, at=NOON + 4 * DAY)
        check = self.link(submission, "")
        with pytest.raises(Refused, match="settled already"):
            erasure.stop(check, code=identity.code_for(check), at=NOON + 5 * DAY)


class TestByLetter:
    def filed(self, bruno):
        submission = ana_files("deletion", email="")
        return request(submission)

    def test_what_she_wrote_is_recorded_and_starts_the_days_to_stop_it(self, bruno):
        dsr = self.filed(bruno)
        with pytest.raises(Refused, match="Say how"):
            erasure.record_in_writing(dsr, how=" ", actor=bruno, at=NOON)
        confirmed = erasure.record_in_writing(dsr, how="Signed letter of 23 November.", actor=bruno, at=NOON + DAY)
        assert confirmed.erasure_confirmations.get().cooling_off_until == date(2026, 11, 26)
        assert dsr.messages.get().author == "internal"

    def test_for_a_person_with_a_page_nobody_else_confirms(self, bruno):
        with pytest.raises(Refused, match="they confirm it there"):
            erasure.record_in_writing(request(confirmed_once()), how="By phone.", actor=bruno, at=NOON)

    def test_she_is_asked_by_letter(self, bruno):
        dsr = self.filed(bruno)
        sweep(NOON)
        letter = Notice.objects.get(dsr=dsr, kind="erasure_question")
        assert (letter.delivery, "please write to us and sign it" in letter.text) == ("none", True)


class TestARequestKeepsItsRight:
    def test_no_code_writes_a_right_but_the_filing(self):
        """On the syntax tree: as an attribute, as a keyword of update, create or get_or_create, in a list of fields."""
        found = {path.relative_to(APP).as_posix() for path in APP.rglob("*.py") if writes_right(path)}
        assert found - {"operations/intake.py"} == set()
        assert "operations/intake.py" in found

    def test_the_search_finds_each_way_to_write_it(self):
        for line in (
            "dsr.right = 'x'",
            "rows.update(right='x')",
            "dsr.save(update_fields=['right'])",
            "setattr(d, 'right', 1)",
        ):
            assert written(ast.parse(line)), line

    def test_the_database_refuses_to_turn_access_into_deletion(self):
        submission = ana_files("access")
        with pytest.raises(DatabaseError, match="keeps its right"), transaction.atomic():
            DataSubjectRequest.objects.filter(submission=submission).update(right="deletion")

    def test_the_database_refuses_a_deletion_that_was_not_confirmed_even_from_the_shell(self):
        dsr = request(confirmed_once())
        people = {"decided_by": staff("petra"), "approved_by": staff("ada")}
        with pytest.raises(DatabaseError, match="confirmed a second time"), transaction.atomic():
            DataSubjectRequest.objects.filter(pk=dsr.pk).update(state="fulfilled", **people)
        confirms_erasure(dsr)
        DataSubjectRequest.objects.filter(pk=dsr.pk).update(state="fulfilled", **people)

    def test_a_confirmation_is_neither_changed_nor_removed(self):
        confirms_erasure(request(confirmed_once()))
        for act in (lambda rows: rows.update(cooling_off_until=date(2026, 1, 1)), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError, match="confirmation"), transaction.atomic():
                act(ErasureConfirmation.objects.all())


def writes_right(path: Path) -> bool:
    return written(ast.parse(path.read_text()))


def written(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "right" and isinstance(node.ctx, ast.Store):
            return True
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {keyword.arg for keyword in node.keywords}
        if (
            name in {"update", "create", "get_or_create", "update_or_create", "DataSubjectRequest"}
            and "right" in keywords
        ):
            return True
        texts = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
        if name == "setattr" and "right" in texts:
            return True
        fields = [k.value for k in node.keywords if k.arg == "update_fields"]
        if name == "bulk_update":
            fields += node.args[1:]
        if any(isinstance(n, ast.Constant) and n.value == "right" for field in fields for n in ast.walk(field)):
            return True
    return False
