"""Where two features meet: an action in one quietly undoes what the other holds back, or leaves somebody locked out."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from requests_app.models import Authority, Contact, IdentityCheck, Notice, SignIn, Submission
from requests_app.operations import (
    assurance,
    authority,
    contact_change,
    decision,
    delivery,
    desk,
    erasure,
    identity,
    intake,
    likeness,
    manual_verification,
    on_file,
    person,
    proof,
    proof_review,
    release,
    sweeps,
)
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.operations.sign_in import Account, Outcome, confirm_by_sign_in
from requests_app.rules.authority import Kind
from tests.operations.behalf import BRUNO, ana_says_yes, bruno_files, knows_on_file, two_accept, types_code
from tests.operations.test_contact_change import asks, changes, confirmed, request, says
from tests.operations.test_road import decided
from tests.packages import fetched
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff
from tests.pictures import card

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
OTTO = "otto@elsewhere.example"
OLD = datetime(2024, 2, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _ready(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    published_policy()


@pytest.fixture
def customers(settings):
    """The customer file knows Ana by her number and her address."""

    def customers_(*emails):
        people = [{"emails": list(emails or ("ana@example.org",)), "identifiers": ["C-1001"], "since": OLD}]
        backend = "requests_app.connectors.in_memory.InMemory"
        settings.DATA_SOURCES = {"customers": {"BACKEND": backend, "OPTIONS": {"people": people}}}

    return customers_


def stands(submission, right="access", at=SOON):
    return [str(one) for one in assurance.obstacles(request(submission, right), at=at)]


def by_hand(submission, at):
    hans, ada = Actor.staff(staff("hans", "handler")), Actor.staff(staff("ada", "approver"))
    reason = "Phoned the number on file, and compared the signature."
    waits = manual_verification.propose_verification(submission, reason=reason, actor=hans, at=at)
    manual_verification.approve_verification(waits, actor=ada, at=at)


def answered(submission, right="access", at=SOON):
    """A file is released, and returned."""
    dsr, hans, ada = request(submission, right), staff("hans", "handler"), staff("ada", "approver")
    file = desk.attach(dsr, name="data.json", content=b"{}", actor=Actor.staff(hans), at=at)
    waiting = decided(dsr, hans)
    waiting.dsr.refresh_from_db()
    decision.approve(waiting.dsr, digest=waiting.content_digest, actor=Actor.staff(ada), at=at)
    return type(file).objects.select_related("dsr__submission", "dsr__policy").get(pk=file.pk)


class TestALetterOnPaper:
    @staticmethod
    def entered(*rights, **changes):
        filing = intake.Filing(
            uuid.uuid4(), rights or ("access",), "Ana Example", "", "My customer number is C-1001.", "en",
            postal="Otto, Elm Street 5", received_on=date(2026, 11, 21), **changes,
        )  # fmt: skip
        return intake.receive(filing, channel="post", actor=Actor.staff(staff("hans", "handler")), at=NOON)

    def test_in_anas_name_from_ottos_address_asks_ana_who_is_on_file(self, customers):
        customers()
        submission = self.entered()
        assert stands(submission) == ["lookup"]
        sweeps.run_steps(SOON)
        assert stands(submission) == ["on_file"]
        delivery.deliver_due(SOON + timedelta(minutes=1))
        assert [m.to for m in mail.outbox if "ana@example.org" in m.to] == [["ana@example.org"]]

    def test_anas_no_holds_it_back(self, customers):
        customers()
        submission = self.entered("deletion")
        sweeps.run_steps(SOON)
        contact = Contact.objects.get()
        code = identity.code_for(contact.checks.get())
        assert on_file.answer_by_link(contact.checks.get(), code=code, mine=False, actor=ANA, at=SOON)
        assert "denied" in stands(submission, "deletion")

    def test_her_yes_releases_it(self, customers):
        customers()
        submission = self.entered()
        sweeps.run_steps(SOON)
        contact = Contact.objects.get()
        code = identity.code_for(contact.checks.get())
        assert on_file.answer_by_link(contact.checks.get(), code=code, mine=True, actor=ANA, at=SOON)
        assert stands(submission) == []

    def test_she_is_asked_three_times_since_no_page_could_ask_for_another_code(self, customers):
        customers()
        submission = self.entered()
        for day in range(8):
            sweeps.run_steps(SOON + day * DAY + day * timedelta(minutes=1))
        assert Contact.objects.get().checks.count() == 3
        check = Contact.objects.get().checks.latest("issue")
        at = check.issued_at + 20 * HOUR
        assert on_file.answer_by_link(check, code=identity.code_for(check), mine=True, actor=ANA, at=at)
        assert stands(submission, at=at) == []

    def test_its_deletion_is_told_to_the_contact_on_file_which_can_stop_it(self, customers):
        customers()
        submission = self.entered("deletion")
        sweeps.run_steps(SOON)
        erasure.record_in_writing(
            request(submission, "deletion"), how="A second letter of hers.", actor=Actor.staff(staff("hans")), at=SOON
        )
        assert Contact.objects.get().checks.filter(purpose="stop").exists()


class TestTheContactOnFile:
    def test_of_a_source_that_was_connected_since_is_asked_once_somebody_decides(self, customers):
        submission = ana_files("access", details="C-1001", email=OTTO)
        confirms(submission)
        customers("ana@on-file.example")
        assert stands(submission) == ["lookup"]
        decided(request(submission), staff("hans", "handler"))
        sweeps.run_steps(SOON)
        assert stands(submission) == ["on_file"]

    def test_who_says_no_after_the_release_alarms_the_officers(self, customers):
        customers("ana@on-file.example")
        submission = ana_files("access", details="C-1001", email=OTTO)
        confirms(submission)
        sweeps.run_steps(SOON)
        by_hand(submission, SOON + HOUR)
        answered(submission, at=SOON + 2 * HOUR)
        check = Contact.objects.get().checks.get()
        assert on_file.answer_by_link(check, code=identity.code_for(check), mine=False, actor=ANA, at=SOON + 3 * HOUR)
        alarms = Notice.objects.filter(kind="staff_alarm", submission=submission, staff__username="petra")
        assert alarms.count() == 1

    @staticmethod
    def fill_the_hour(at):
        for _ in range(5):
            ana_files("access", email="ana@on-file.example", at=at)

    def test_is_asked_later_where_its_hour_was_full_of_codes(self, customers):
        customers("ana@on-file.example")
        submission = ana_files("access", details="C-1001", email=OTTO)
        self.fill_the_hour(NOON)
        confirms(submission)
        sweeps.run_steps(SOON)
        delivery.deliver_due(SOON)
        later = SOON + HOUR + timedelta(minutes=5)
        sweeps.run_steps(later)
        mail.outbox.clear()
        delivery.deliver_due(later + timedelta(minutes=1))
        assert [m.to for m in mail.outbox if "another e-mail address" in m.body] == [["ana@on-file.example"]]

    def test_keeps_the_link_of_its_no_whatever_otto_has_sent_again(self, customers):
        customers("ana@on-file.example")
        submission = ana_files("access", details="C-1001", email=OTTO)
        confirms(submission)
        sweeps.run_steps(SOON)
        delivery.deliver_due(SOON)
        check = Contact.objects.get().checks.get()
        self.fill_the_hour(SOON)
        at = SOON + timedelta(minutes=5)
        on_file.send_again(submission, at=at)
        sweeps.run_steps(at)
        assert on_file.answer_by_link(check, code=identity.code_for(check), mine=False, actor=ANA, at=at)

    def test_says_no_by_its_link_however_often_otto_guessed_at_the_code_on_his_page(self, customers):
        customers("ana@on-file.example")
        submission = ana_files("access", details="C-1001", email=OTTO)
        confirms(submission)
        sweeps.run_steps(SOON)
        check = Contact.objects.get().checks.get()
        wrong = f"{(int(identity.code_for(check)) + 1) % 10**6:06d}"
        for _ in range(6):
            assert not on_file.confirm_on_file(submission, code=wrong, actor=ANA, at=SOON)
        assert not on_file.confirm_on_file(submission, code=identity.code_for(check), actor=ANA, at=SOON)
        answer = {"mine": False, "actor": ANA, "at": SOON}
        assert not on_file.answer_by_link(check, code=wrong, **answer)
        assert on_file.answer_by_link(check, code=identity.code_for(check), **answer)
        assert stands(submission) == ["denied"]

    def test_of_the_codes_typed_behind_its_link_the_sixth_is_not_read(self, customers):
        customers("ana@on-file.example")
        submission = ana_files("access", details="C-1001", email=OTTO)
        confirms(submission)
        sweeps.run_steps(SOON)
        check = Contact.objects.get().checks.get()
        code, answer = identity.code_for(check), {"mine": False, "actor": ANA, "at": SOON}
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        assert not any(on_file.answer_by_link(check, code=wrong, **answer) for _ in range(5))
        assert not on_file.answer_by_link(check, code=code, **answer)

    def test_found_late_gets_a_link_to_stop_what_was_confirmed_before(self, customers):
        submission = ana_files("deletion", details="C-1001", email=OTTO)
        confirms(submission)
        confirms_erasure(request(submission, "deletion"))
        customers("ana@on-file.example")
        on_file.send_again(submission, at=SOON)
        sweeps.run_steps(SOON)
        check = IdentityCheck.objects.get(purpose="stop", contact__role="on_file")
        assert erasure.stop(check, code=identity.code_for(check), at=SOON + HOUR)

    def test_who_says_stop_after_the_deletion_alarms_the_officers(self):
        submission = confirmed("deletion")
        dsr = confirms_erasure(request(submission, "deletion"))
        hans, ada = staff("hans", "handler"), Actor.staff(staff("ada", "approver"))
        waiting = decided(dsr, hans)
        decision.approve(request(submission, "deletion"), digest=waiting.content_digest, actor=ada, at=NOON + 4 * DAY)
        check = IdentityCheck.objects.get(purpose="stop")
        for _ in range(2):
            with pytest.raises(Refused, match="settled already"):
                erasure.stop(check, code=identity.code_for(check), at=NOON + 5 * DAY)
        alarms = Notice.objects.filter(kind="staff_alarm", submission=submission, staff__username="petra")
        assert "was carried out" in alarms.get().text


class TestAnotherAddress:
    def test_vouched_for_after_the_answer_leaves_her_the_files(self, customers):
        customers()
        submission = confirmed()
        sweeps.run_steps(SOON)
        file = answered(submission)
        changes(submission, at=SOON)
        with pytest.raises(release.HeldBack):
            fetched(file, actor=ANA, at=SOON)
        says(submission, contact_change.vouch, at=SOON)
        file.dsr.submission.refresh_from_db()
        sweeps.run_steps(SOON + HOUR)
        assert fetched(file, actor=ANA, at=SOON + HOUR) == b"{}"

    def test_with_the_old_mailbox_lost_after_the_answer_two_people_let_her_have_the_files(self):
        submission = confirmed()
        file = answered(submission)
        changes(submission, at=SOON, proved=False, old_mailbox_lost=True)
        file.dsr.submission.refresh_from_db()
        with pytest.raises(release.HeldBack):
            fetched(file, actor=ANA, at=SOON + HOUR)
        by_hand(submission, SOON + HOUR)
        assert fetched(file, actor=ANA, at=SOON + HOUR) == b"{}"
        with pytest.raises(Refused, match="open any more"):
            by_hand(submission, SOON + 31 * DAY)

    def test_of_a_case_that_had_ended_is_looked_up_once_it_is_taken_up_again(self, customers):
        customers()
        submission = confirmed()
        sweeps.run_steps(SOON)
        person.cancel(request(submission), actor=ANA, at=SOON)
        changes(submission, at=SOON)
        says(submission, contact_change.vouch, at=SOON)
        person.reopen(request(submission), proved=True, actor=ANA, at=SOON)
        sweeps.run_steps(SOON + HOUR)
        assert stands(submission) == []

    def test_is_warned_of_where_it_looks_like_somebody_elses(self):
        ana = ana_files("access", email="ana@new.example")
        submission = changes(confirmed(), email="ana@nevv.example")
        assert likeness.cases_alike(ana) == [submission]

    def test_asked_for_again_and_again_sends_five_codes_an_hour_and_not_one_to_everybody(self):
        submission = confirmed()
        for n in range(5):
            asks(submission, email=f"p{n}@example.net")
        with pytest.raises(Refused, match="within an hour"):
            asks(submission, email="p5@example.net")
        assert IdentityCheck.objects.filter(purpose="change").count() == 5

    def test_of_ottos_with_which_he_signed_in_is_forgotten_with_its_sign_in(self):
        submission = changes(confirmed(), email=OTTO)
        otto = Account("https://id.example", "otto", OTTO)
        assert confirm_by_sign_in(submission, account=otto, actor=ANA, at=NOON) == Outcome.CONFIRMED
        says(submission, contact_change.undo)
        ana = Account("https://id.example", "ana", "ana@example.org")
        assert confirm_by_sign_in(submission, account=ana, actor=ANA, at=NOON) == Outcome.CONFIRMED
        assert SignIn.objects.count() == 1

    def test_gets_no_mail_that_was_meant_for_the_one_before(self):
        submission = confirmed("deletion", "restriction")
        delivery.deliver_due(NOON)
        confirms_erasure(request(submission, "deletion"))
        changes(submission, email=OTTO)
        mail.outbox.clear()
        delivery.deliver_due(NOON)
        assert not [m for m in mail.outbox if OTTO in m.to and "/l/" in m.body]


class TestGoingOnAlone:
    @staticmethod
    def of_age(*rights):
        filed = bruno_files(*(rights or ("access",)), kind=Kind.GUARDIAN, born_on=date(2008, 12, 1), ends_on=None)
        at = datetime(2026, 12, 2, 12, tzinfo=UTC)
        sweeps.end_authorities(at)
        types_code(at=at)
        authority.take_over(Authority.objects.get(), actor=ANA, at=at)
        return Submission.objects.get(pk=filed.pk), at

    def test_she_and_not_who_acted_for_her_is_told_that_there_is_a_question(self):
        submission, at = self.of_age()
        mail.outbox.clear()
        desk.ask(request(submission), question="Which account?", actor=Actor.staff(staff("hans", "handler")), at=at)
        delivery.deliver_due(at)
        assert {to for m in mail.outbox for to in m.to if to.startswith(("ana", "bruno@agents"))} == {"ana@example.org"}

    def test_who_acted_for_her_neither_hears_of_her_deletion_nor_stops_it(self):
        submission, at = self.of_age("deletion")
        dsr = request(submission, "deletion")
        check = erasure.issue_code(dsr, actor=ANA, at=at)
        assert erasure.confirm(dsr, code=identity.code_for(check), actor=ANA, at=at)
        mail.outbox.clear()
        delivery.deliver_due(at)
        assert not [m for m in mail.outbox if "bruno@agents.example" in m.to]
        assert {c.contact.address for c in IdentityCheck.objects.filter(purpose="stop")} == {"ana@example.org"}


def test_the_person_for_whom_bruno_asks_is_written_to_where_they_have_to_confirm_a_deletion():
    filed = bruno_files("deletion")
    ana_says_yes(filed)
    delivery.deliver_due(NOON + HOUR)
    sweeps.enforce_deadlines(NOON + DAY)
    mail.outbox.clear()
    assert Notice.objects.filter(kind="erasure_question").exists()
    delivery.deliver_due(NOON + DAY)
    assert {to for m in mail.outbox for to in m.to if to.startswith(("ana@", "bruno@agents"))} == {"ana@example.org"}


class TestAnAgent:
    def test_who_changes_his_own_address_holds_back_nothing_of_anas(self):
        filed = bruno_files("access")
        ana_says_yes(filed)
        two_accept(filed)
        file = answered(filed)
        changes(filed, email="b2@agents.example", at=SOON)
        file.dsr.submission.refresh_from_db()
        assert stands(filed) == []
        assert fetched(file, actor=ANA, at=SOON) == b"{}"

    def test_who_reads_the_answer_himself_waits_for_a_word_from_his_earlier_address(self):
        filed = bruno_files("access")
        ana_says_yes(filed, package_to="agent")
        two_accept(filed)
        changes(filed, email="b2@agents.example")
        assert stands(filed) == ["contact_changed"]

    def test_whose_address_was_changed_deletes_nothing_before_the_earlier_one_spoke(self):
        filed = changes(bruno_files("deletion"), email="b2@agents.example")
        assert "contact_changed" in stands(filed, "deletion")

    @pytest.mark.parametrize("known", [False, True])
    def test_does_not_see_by_the_second_confirmation_whether_ana_is_known(self, known):
        filed = bruno_files("deletion", email="")
        if known:
            knows_on_file(filed)
        with pytest.raises(Refused, match="The person for whom you ask confirms this"):
            erasure.issue_code(request(filed, "deletion"), actor=BRUNO, at=NOON)


def test_a_sign_in_is_forgotten_when_the_period_for_proofs_after_the_end_is_over():
    submission = confirmed()
    account = Account("https://id.example", "ana", "ana@example.org")
    assert confirm_by_sign_in(submission, account=account, actor=ANA, at=NOON) == Outcome.CONFIRMED
    person.cancel(request(submission), actor=ANA, at=NOON)
    sweeps.apply_retention(NOON + 6 * DAY)
    assert SignIn.objects.exists()
    sweeps.apply_retention(NOON + 8 * DAY)
    assert not SignIn.objects.exists()


class TestADoubt:
    def test_that_was_settled_by_whoever_changed_the_address_stands_again_with_the_old_one(self):
        ines, ivo = (Actor.staff(staff(name, "identity reviewer")) for name in ("ines", "ivo"))
        submission = confirmed()
        reason = {"reason": "Two towns.", "actor": Actor.staff(staff("hans", "handler")), "at": NOON}
        proof.ask_for_document(request(submission), **reason)
        changes(submission, email=OTTO)
        document = proof.submit_document(request(submission), content=card(), actor=ANA, at=NOON)
        for reviewer in (ines, ivo):
            proof_review.look_at(document, purpose="compare the name", actor=reviewer, at=NOON)
        proof_review.review(document, accept=True, reason="Agrees.", actor=ines, at=NOON)
        document.refresh_from_db()
        proof_review.confirm(document, actor=ivo, at=NOON)
        says(submission, contact_change.undo)
        assert stands(submission) == ["doubt"]
        proof.ask_for_document(request(submission), **reason)
        assert stands(submission) == ["doubt"], "and it is asked anew as any other"


class TestNobodyJudgesTheirOwnRequest:
    @pytest.fixture
    def ana(self):
        """Ana works here: handler and approver, under the address with which she files."""
        account = staff("anna", "handler", "approver")
        account.email = "Ana@Example.org"
        account.save()
        return Actor.staff(account)

    def test_neither_decides_nor_approves(self, ana):
        submission = confirmed()
        with pytest.raises(Refused, match="your own"):
            decided(request(submission), ana.user)
        waiting = decided(request(submission), staff("hans", "handler"))
        with pytest.raises(Refused, match="your own"):
            decision.approve(request(submission), digest=waiting.content_digest, actor=ana, at=NOON)

    def test_nor_verifies_by_hand(self, ana):
        submission, reason = confirmed(), "Phoned the number on file, and compared the signature."
        with pytest.raises(Refused, match="your own"):
            manual_verification.propose_verification(submission, reason=reason, actor=ana, at=NOON)
        hans = Actor.staff(staff("hans", "handler"))
        waits = manual_verification.propose_verification(submission, reason=reason, actor=hans, at=NOON)
        with pytest.raises(Refused, match="your own"):
            manual_verification.approve_verification(waits, actor=ana, at=NOON)

    def test_nor_accepts_who_acts_for_her(self, ana):
        filed = bruno_files("access")
        with pytest.raises(Refused, match="your own"):
            authority.propose(filed.authority, actor=ana, at=NOON)
        authority.propose(filed.authority, actor=Actor.staff(staff("hans", "handler")), at=NOON)
        with pytest.raises(Refused, match="your own"):
            authority.accept(filed.authority, to_agent=False, actor=ana, at=NOON)
