"""A changed contact puts verification back: the old address may vouch for the new one, never the reverse."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from requests_app.models import Contact, ContactChange, EvidenceEvent, IdentityCheck, Notice
from requests_app.operations import (
    contact_change,
    decision,
    delivery,
    desk,
    evidence,
    find,
    identity,
    manual_verification,
    release,
)
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.packages import fetched
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
OLD, NEW = "ana@example.org", "ana@new.example"
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


@pytest.fixture
def bruno():
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada():
    return Actor.staff(staff("ada", "approver"))


def confirmed(*rights):
    submission = ana_files(*(rights or ("access",)))
    confirms(submission)
    submission.refresh_from_db()
    return submission


def newest(submission, purpose):
    rows = IdentityCheck.objects.filter(submission=submission, purpose=purpose).select_related("submission", "contact")
    return rows.latest("issue")


def asks(submission, *, email=NEW, at=NOON, **how):
    how = how or {"proved": True, "old_mailbox_lost": False}
    return contact_change.ask(submission, email=email, actor=ANA, at=at, **how)


def changes(submission, *, email=NEW, at=NOON, **how):
    asks(submission, email=email, at=at, **how)
    code = identity.code_for(newest(submission, "change"))
    assert contact_change.confirm(submission, code=code, actor=ANA, at=at)
    submission.refresh_from_db()
    return submission


def says(submission, answer, *, at=NOON):
    check = newest(submission, "former")
    actor = Actor.contact(check.contact_id)
    assert answer(check, code=identity.code_for(check), actor=actor, at=at)
    submission.refresh_from_db()


def request(submission, right="access"):
    return submission.requests.select_related("submission", "policy").get(right=right)


def decided(submission, bruno, right="access"):
    return decision.decide(request(submission, right), **DONE, actor=bruno, at=NOON)


def approve(submission, made, ada, right="access", at=NOON):
    return decision.approve(request(submission, right), digest=made.content_digest, actor=ada, at=at)


class TestAsking:
    def test_nothing_changes_before_a_code_that_went_to_the_new_address_is_typed(self):
        submission = confirmed()
        asks(submission)
        submission.refresh_from_db()
        assert submission.email == OLD
        code = identity.code_for(newest(submission, "change"))
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        assert not contact_change.confirm(submission, code=wrong, actor=ANA, at=NOON)
        submission.refresh_from_db()
        assert submission.email == OLD

    def test_the_code_goes_to_the_new_address_alone(self):
        submission = confirmed()
        asks(submission)
        mail.outbox.clear()
        delivery.deliver_due(NOON)
        code = identity.code_for(newest(submission, "change"))
        assert [m.to for m in mail.outbox if code in m.body] == [[NEW]]

    def test_it_takes_a_code_of_the_present_address_or_word_that_its_mailbox_is_lost(self):
        submission = confirmed()
        with pytest.raises(Refused, match="present address"):
            asks(submission, proved=False, old_mailbox_lost=False)
        assert asks(submission, proved=False, old_mailbox_lost=True).old_mailbox_lost

    def test_before_the_first_confirmation_it_is_mended_where_she_filed(self):
        with pytest.raises(Refused, match="not confirmed yet"):
            asks(ana_files("access"))

    def test_the_same_address_is_no_change(self):
        with pytest.raises(Refused, match="already"):
            asks(confirmed(), email=" ANA@example.org ")

    def test_one_change_at_a_time(self):
        submission = changes(confirmed())
        with pytest.raises(Refused, match="waits for a word"):
            asks(submission, email="third@example.org")
        change = ContactChange.objects.get(vouched_at=None)
        with pytest.raises(IntegrityError), transaction.atomic():
            ContactChange.objects.create(
                submission=submission, new=change.new, former=change.former, old_mailbox_lost=False,
                asked_at=NOON, changed_at=NOON,
            )  # fmt: skip


class TestTheChange:
    @pytest.mark.parametrize("lost", [False, True])
    def test_verify_change_approve_is_refused_until_the_old_address_says_so(self, lost, bruno, ada):
        submission = confirmed()
        made = decided(submission, bruno)  # A34: what was sound when it was decided is asked again at the approval
        changes(submission, proved=not lost, old_mailbox_lost=lost)
        with pytest.raises(Refused, match="earlier one has not said"):
            approve(submission, made, ada)
        says(submission, contact_change.vouch)
        assert approve(submission, made, ada).state == "fulfilled"
        assert list(evidence.verify()) == []

    def test_or_until_two_people_verified_it_by_hand_knowing_of_the_change(self, bruno, ada):
        submission = confirmed()
        reason = "She came to the counter with her passport; the photograph is hers."
        early = manual_verification.propose_verification(submission, reason=reason, actor=bruno, at=NOON)
        manual_verification.approve_verification(early, actor=ada, at=NOON)
        changes(submission, at=NOON + DAY / 24, proved=False, old_mailbox_lost=True)
        made = decided(submission, bruno)
        with pytest.raises(Refused, match="earlier one has not said"):
            approve(submission, made, ada, at=NOON + DAY)
        later = manual_verification.propose_verification(submission, reason=reason, actor=bruno, at=NOON + DAY)
        manual_verification.approve_verification(later, actor=ada, at=NOON + DAY)
        assert approve(submission, made, ada, at=NOON + DAY).state == "fulfilled"

    def test_old_and_new_are_told_and_the_old_one_without_a_word_of_what_it_is(self):
        submission = confirmed("deletion")
        delivery.deliver_due(NOON)
        mail.outbox.clear()
        changes(submission)
        delivery.deliver_due(NOON)
        to_old = [m for m in mail.outbox if m.to == [OLD]]
        assert len(to_old) == 1
        assert "/l/" in to_old[0].body
        assert not any(word in to_old[0].body.lower() for word in ("delet", NEW, "ana "))
        assert Notice.objects.filter(kind="address_changed", recipient="person").count() == 1
        assert any(m.to == [NEW] for m in mail.outbox)

    def test_the_higher_rung_falls_back_and_comes_back_by_the_old_address_only(self):
        submission = confirmed()
        type(submission).objects.filter(pk=submission.pk).update(assurance=2)
        changes(submission)
        assert submission.assurance == 1
        says(submission, contact_change.vouch)
        assert submission.assurance == 2

    def test_codes_that_were_alive_die_and_the_old_address_finds_nothing_more(self):
        submission = confirmed()
        alive = identity.issue_code(submission, purpose="fresh", actor=ANA, at=NOON)
        changes(submission)
        assert not identity.confirm(submission, purpose="fresh", code=identity.code_for(alive), actor=ANA, at=NOON)
        find.request_code(OLD, at=NOON)
        assert not IdentityCheck.objects.filter(purpose="find").exists()

    def test_a_pointer_owed_before_goes_to_the_address_that_stands_when_it_is_sent(self):
        submission = confirmed()
        changes(submission)
        mail.outbox.clear()
        delivery.deliver_due(NOON)
        pointers = [m for m in mail.outbox if "/find/" in m.body]
        assert {tuple(m.to) for m in pointers} == {(NEW,)}

    def test_an_opt_out_stays_with_the_address_that_it_was_made_for(self):
        submission = confirmed("access", "marketing_optout")
        before = request(submission, "marketing_optout").consents.first().digest
        changes(submission)
        assert request(submission, "marketing_optout").consents.first().digest == before

    def test_the_date_of_the_answer_stays(self):
        submission = confirmed()
        due = request(submission).due_on
        assert request(changes(submission)).due_on == due


class TestAfterTheRelease:
    def test_a_change_holds_the_download_back_until_it_is_vouched_for(self, bruno, ada):
        submission = confirmed()
        file = desk.attach(request(submission), name="data.json", content=b"{}", actor=bruno, at=NOON)
        approve(submission, decided(submission, bruno), ada)
        file.refresh_from_db()
        assert fetched(file, actor=ANA, at=NOON) == b"{}"
        changes(submission)
        file = type(file).objects.get(pk=file.pk)
        with pytest.raises(release.HeldBack):
            fetched(file, actor=ANA, at=NOON)
        says(submission, contact_change.vouch)
        assert fetched(type(file).objects.get(pk=file.pk), actor=ANA, at=NOON) == b"{}"


class TestThisWasNotMe:
    def test_the_old_address_stands_again_and_staff_are_alarmed(self, bruno, ada):
        submission = confirmed()
        staff("petra", "privacy officer")
        changes(submission)
        says(submission, contact_change.undo)
        assert (submission.email, submission.assurance) == (OLD, 1)
        assert Notice.objects.filter(kind="staff_alarm", submission=submission).exists()
        assert Contact.objects.get(role="former").denied_at == NOON
        assert approve(submission, decided(submission, bruno), ada).state == "fulfilled"
        kinds = set(EvidenceEvent.objects.filter(submission=submission).values_list("kind", flat=True))
        assert {"address_changed", "address_restored"} <= kinds
        assert list(evidence.verify()) == []

    def test_what_the_stranger_confirmed_to_be_deleted_is_stopped(self):
        submission = confirmed("deletion")
        changes(submission)
        confirms_erasure(request(submission, "deletion"))
        says(submission, contact_change.undo)
        assert request(submission, "deletion").state == "cancelled"

    def test_what_she_had_confirmed_before_goes_on(self):
        submission = confirmed("deletion")
        confirms_erasure(request(submission, "deletion"))
        changes(submission, at=NOON + DAY)
        says(submission, contact_change.undo, at=NOON + DAY)
        assert request(submission, "deletion").state == "in_progress"

    def test_the_new_address_neither_vouches_for_itself_nor_stops_the_old_one(self):
        submission = changes(confirmed())
        check = newest(submission, "former")
        code = identity.code_for(check)
        assert not identity.confirm(submission, purpose="former", code=code, actor=ANA, at=NOON)
        for purpose in ("verify", "fresh"):
            own = identity.issue_code(submission, purpose=purpose, actor=ANA, at=NOON)
            assert identity.confirm(submission, purpose=purpose, code=identity.code_for(own), actor=ANA, at=NOON)
        assert contact_change.unvouched(submission) is not None

    def test_it_is_said_once(self):
        submission = changes(confirmed())
        check = newest(submission, "former")
        says(submission, contact_change.vouch)
        with pytest.raises(Refused, match="settled already"):
            contact_change.undo(check, code=identity.code_for(check), actor=ANA, at=NOON)

    def test_weeks_later_the_link_still_objects(self):
        submission = changes(confirmed())
        says(submission, contact_change.undo, at=NOON + 29 * DAY)
        assert submission.email == OLD
