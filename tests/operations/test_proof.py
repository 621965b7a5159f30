"""A document as proof: asked with a reason, sent, accepted by one, confirmed by another, destroyed."""

import json
from datetime import date, timedelta
from functools import lru_cache

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from requests_app.connectors import pictures
from requests_app.models import (
    AccessLog,
    EvidenceEvent,
    Message,
    Notice,
    ProofDocument,
    ProofRequest,
    Submission,
)
from requests_app.operations import (
    decision,
    enforcement,
    evidence,
    files,
    identity,
    orphans,
    person,
    proof,
    proof_review,
    same_person,
    sweeps,
    timeline,
    triggers,
)
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused, RoleMissing
from tests.operations.test_road import decided, verified
from tests.people import NOON, ana_files, published_policy, staff
from tests.pictures import card, coded, pdf, picture
from tests.scanner import EICAR, Scanner

pytestmark = [pytest.mark.django_db, pytest.mark.both]

ANA = Actor.person()
DAY = timedelta(days=1)
REASON = "The letter names another town than our file."


DRAWN = lru_cache(pictures.draw)  # each content once in a run: it is the same every time, and takes a process


@pytest.fixture(autouse=True)
def _portal(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "draw", DRAWN)
    settings.FILES_DIR = tmp_path
    published_policy()


@pytest.fixture
def ines():
    return staff("ines", "identity reviewer")


@pytest.fixture
def ivo(ines):
    return staff("ivo", "identity reviewer")


@pytest.fixture
def bruno():
    return staff("bruno", "handler")


@pytest.fixture
def asked(bruno, ivo):
    return ask(verified(ana_files("access")), bruno)


def ask(dsr, account, at=NOON, reason=REASON):
    return proof.ask_for_document(dsr, reason=reason, actor=Actor.staff(account), at=at)


def send(dsr, content=None, at=NOON):
    return proof.submit_document(dsr, content=content or card(), actor=ANA, at=at)


def look(document, account, at=NOON):
    proof_review.look_at(document, purpose="compare the name", actor=Actor.staff(account), at=at)


def review(document, account, *, accept=True, reason="Name and town agree.", at=NOON):
    look(document, account, at)
    return proof_review.review(document, accept=accept, reason=reason, actor=Actor.staff(account), at=at)


def confirm(document, account, at=NOON):
    look(document, account, at)
    return proof_review.confirm(document, actor=Actor.staff(account), at=at)


def as_it_stands(dsr):
    return type(dsr).objects.select_related("submission", "policy").get(pk=dsr.pk)


def kinds(dsr):
    return list(
        EvidenceEvent.objects.filter(submission=dsr.submission_id).order_by("seq").values_list("kind", flat=True)
    )


def letters(dsr, kind):
    return [notice.text for notice in Notice.objects.filter(dsr=dsr, kind=kind, recipient="person")]


class TestAsking:
    def test_ana_reads_why_and_the_date_stays(self, asked):
        assert asked.state == "awaiting_verification"
        assert asked.due_on == date(2026, 12, 7)
        (letter,) = letters(asked, "proof_asked")
        assert REASON in letter
        assert "6 December 2026" in letter  # when it would have to be closed
        assert "7 December 2026" in letter
        doubt = ProofRequest.objects.get()
        assert doubt.reason == REASON
        assert b"town" not in bytes(doubt.reason_sealed)
        assert kinds(asked)[-1] == "identity_required"
        assert "town" not in EvidenceEvent.objects.get(kind="identity_required").body

    def test_nothing_is_asked_without_a_reason(self, bruno, ivo):
        with pytest.raises(Refused, match="why you doubt"):
            ask(verified(ana_files("access")), bruno, reason="  ")
        assert not ProofRequest.objects.exists()

    @pytest.mark.parametrize("right", ["marketing_optout", "consent_withdrawal"])
    def test_an_opt_out_and_a_withdrawal_are_never_asked_for_any(self, right, bruno, ivo):
        dsr = ana_files(right).requests.select_related("submission", "policy").get()
        assert dsr.state == "in_progress"
        with pytest.raises(Refused, match="without any proof"):
            ask(dsr, bruno)
        assert not ProofRequest.objects.exists()

    def test_without_two_people_who_may_look_none_is_asked_for(self, bruno, ines):
        with pytest.raises(Refused, match="two accounts need the role"):
            ask(verified(ana_files("access")), bruno)

    def test_who_asks_has_a_role(self, ivo):
        dsr = verified(ana_files("access"))
        with pytest.raises(RoleMissing):
            ask(dsr, staff("otto"))

    def test_a_code_alone_does_not_settle_the_doubt(self, asked):
        check = identity.issue_code(asked.submission, purpose="fresh", actor=ANA, at=NOON)
        code = identity.code_for(check)
        assert identity.confirm(asked.submission, purpose="fresh", code=code, actor=ANA, at=NOON)
        assert as_it_stands(asked).state == "awaiting_verification"


class TestSending:
    def test_it_is_kept_sealed_as_pictures_of_ours(self, asked, settings):
        sent = card()
        document = send(asked, sent)
        (kept,) = [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
        assert kept.name == document.pk.hex
        assert b"PNG" not in kept.read_bytes()
        assert (document.kind, document.pages) == ("png", 1)
        assert kinds(asked)[-1] == "document_submitted"
        assert set(Notice.objects.filter(kind="staff_proof").values_list("staff__username", flat=True)) == {
            "ines",
            "ivo",
        }

    def test_nothing_that_was_not_asked_for_is_taken(self, ivo, settings):
        dsr = verified(ana_files("access"))
        with pytest.raises(Refused, match="asked for"):
            send(dsr)
        assert not list(settings.FILES_DIR.rglob("*"))

    def test_a_file_of_the_thread_is_no_way_around_the_sealed_one(self, asked):
        with pytest.raises(Refused, match="on its own page"):
            person.reply(asked, text="", file=("passport.png", card()), actor=ANA, at=NOON)

    @pytest.mark.parametrize(
        ("content", "words", "why"),
        [
            (coded(picture("")), "Nothing can be seen", "blank"),
            (b"<html>", "JPEG or PNG", "kind"),
            (card()[:60], "cannot open", "undecodable"),
            (pdf(11), "too many pages", "pages"),
        ],
    )
    def test_what_does_not_do_says_how_to_mend_it_and_staff_see_it(self, content, words, why, asked):
        with pytest.raises(Refused, match=words):
            send(asked, content)
        assert not ProofDocument.objects.exists()
        assert json.loads(EvidenceEvent.objects.get(kind="file_refused").body)["why"] == why

    def test_ten_tries_a_day_are_enough(self, asked):
        for _ in range(10):
            with pytest.raises(Refused, match="JPEG"):
                send(asked, b"junk")
        with pytest.raises(Refused, match="Ten files"):
            send(asked)
        assert send(asked, at=NOON + DAY)

    def test_four_wait_and_no_more(self, asked):
        for _ in range(4):
            send(asked)
        with pytest.raises(Refused, match="Four documents"):
            send(asked)


class TestScanner:
    def test_a_clean_file_is_taken(self, asked, settings):
        with Scanner() as scanner:
            settings.CLAMD_URL = scanner.url
            assert send(asked)
            assert len(scanner.seen) == 1

    def test_an_infected_one_is_not_and_staff_are_told(self, asked, settings):
        with Scanner() as scanner:
            settings.CLAMD_URL = scanner.url
            with pytest.raises(Refused, match="virus scanner found"):
                send(asked, card() + EICAR)
        assert not ProofDocument.objects.exists()
        assert not [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
        event = EvidenceEvent.objects.get(kind="file_refused")
        assert json.loads(event.body)["why"] == "infected"
        assert "EICAR" not in event.body
        assert "scanner found" in Notice.objects.filter(kind="staff_proof").first().text

    def test_while_it_is_away_nothing_is_accepted_by_any_door(self, asked, bruno, settings):
        before = kinds(asked)
        with Scanner() as gone:
            settings.CLAMD_URL = gone.url
        for door in (
            lambda: send(asked),
            lambda: person.reply(verified_other(), text="x", file=("a.txt", b"text"), actor=ANA, at=NOON),
        ):
            with pytest.raises(Refused, match="try again later"):
                door()
        assert not ProofDocument.objects.exists()
        assert not Message.objects.exists()
        assert not [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
        assert kinds(asked) == before


def verified_other():
    return verified(ana_files("access", email="bea@example.org"))


class TestLooking:
    def test_a_look_needs_a_purpose_and_is_written_down(self, asked, ines):
        document = send(asked)
        reading = {"number": 1, "actor": Actor.staff(ines), "at": NOON}
        with pytest.raises(Refused, match="what you look at it for"):
            proof_review.read_page(document, **reading)
        with pytest.raises(Refused, match="what you look at it for"):
            proof_review.look_at(document, purpose=" ok ", actor=Actor.staff(ines), at=NOON)
        look(document, ines)
        assert proof_review.read_page(document, **reading).kind == "png"
        log = AccessLog.objects.latest("pk")
        assert (log.staff, log.submission, log.purpose) == (ines, asked.submission, "compare the name")

    def test_the_pictures_close_after_a_quarter_of_an_hour(self, asked, ines):
        document = send(asked)
        look(document, ines)
        with pytest.raises(Refused):
            proof_review.read_page(document, number=1, actor=Actor.staff(ines), at=NOON + timedelta(minutes=16))

    @pytest.mark.parametrize("how", ["rejected", "confirmed", "cancelled"])
    def test_a_decision_closes_it_before_the_sweep_destroys_it(self, how, asked, ines, ivo):
        document = send(asked)
        look(document, ivo)
        if how == "cancelled":
            person.cancel(as_it_stands(asked), actor=ANA, at=NOON)
        elif review(document, ines, accept=how == "confirmed") and how == "confirmed":
            confirm(document, ivo)
        decided_about = ProofDocument.objects.get(pk=document.pk)
        assert files.read(decided_about.submission_id, decided_about.pk)  # still there, until the sweep
        with pytest.raises(Refused, match="what you look at it for"):
            proof_review.read_page(decided_about, number=1, actor=Actor.staff(ivo), at=NOON)
        with pytest.raises(Refused, match="closed"):
            look(decided_about, ivo)

    @pytest.mark.parametrize("role", ["handler", "approver", "privacy officer"])
    def test_no_role_of_the_desk_sees_it(self, role, asked):
        document = send(asked)
        marta = Actor.staff(staff("marta", role))
        for call in (
            lambda: proof_review.look_at(document, purpose="compare", actor=marta, at=NOON),
            lambda: proof_review.read_page(document, number=1, actor=marta, at=NOON),
            lambda: proof_review.review(document, accept=True, reason="Yes.", actor=marta, at=NOON),
            lambda: proof_review.confirm(document, actor=marta, at=NOON),
        ):
            with pytest.raises(RoleMissing):
                call()
        assert not AccessLog.objects.exists()

    def test_nobody_decides_about_what_they_did_not_open(self, asked, ines, ivo):
        document = send(asked)
        with pytest.raises(Refused, match="Look at the document first"):
            proof_review.review(document, accept=True, reason="Sure.", actor=Actor.staff(ines), at=NOON)
        review(document, ines)
        with pytest.raises(Refused, match="Look at the document first"):
            proof_review.confirm(document, actor=Actor.staff(ivo), at=NOON)

    def test_the_same_picture_from_somebody_else_is_found_even_when_it_is_destroyed(self, asked, bruno, ines, ivo):
        first = send(asked)
        confirm(review(first, ines), ivo)
        sweeps.SWEEPS["apply_retention"](NOON)
        impostor = ask(verified_other(), bruno)
        second = send(impostor, coded(picture(), compress_level=1))  # another file, the same picture
        assert proof_review.sent_before_by(second) == [asked.submission]
        assert proof_review.sent_before_by(send(impostor, card("BEA"))) == []

    def test_her_own_picture_in_another_case_of_hers_is_no_reuse(self, asked, bruno, ines):
        send(asked)
        again = send(ask(verified(ana_files("deletion")), bruno))
        assert proof_review.sent_before_by(again) == []

    def test_a_newer_key_still_finds_it(self, asked, bruno, ines, settings):
        send(asked)
        settings.LOOKUP_KEYS = {**settings.LOOKUP_KEYS, 2: "ab" * 32}
        assert proof_review.sent_before_by(send(ask(verified_other(), bruno))) == [asked.submission]


class TestTwoPeople:
    def test_accepted_by_one_it_verifies_nothing(self, asked, ines):
        review(send(asked), ines)
        dsr = as_it_stands(asked)
        assert (dsr.state, dsr.submission.assurance) == ("awaiting_verification", 1)

    def test_confirmed_by_another_the_request_goes_on(self, asked, ines, ivo):
        document = review(send(asked), ines)
        moved = confirm(document, ivo, at=NOON + timedelta(hours=1))
        assert (moved.state, as_it_stands(asked).submission.assurance) == ("in_progress", 3)
        assert moved.due_on == date(2026, 12, 7)
        assert "two of us looked" in letters(asked, "proof_settled")[0]
        told = json.loads(EvidenceEvent.objects.filter(kind="identity_confirmed").latest("seq").body)
        assert (told["rung"], told["document"]) == (3, str(document.pk))
        assert list(evidence.verify()) == []

    def test_the_reviewer_does_not_confirm(self, asked, ines):
        document = review(send(asked), ines)
        with pytest.raises(Refused, match="second person"):
            confirm(document, ines)

    def test_nor_does_another_account_of_theirs(self, asked, ines, ivo):
        same_person.link([ines, ivo])
        document = review(send(asked), ines)
        with pytest.raises(Refused, match="second person"):
            confirm(document, ivo)
        with pytest.raises(DatabaseError, match="one person"), transaction.atomic():
            ProofDocument.objects.filter(pk=document.pk).update(confirmed_by=ivo, confirmed_at=NOON)

    def test_the_database_refuses_one_person_and_what_was_not_accepted(self, asked, ines, ivo):
        document = send(asked)
        rows = ProofDocument.objects.filter(pk=document.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(confirmed_by=ivo, confirmed_at=NOON)
        review(document, ines)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(confirmed_by=ines, confirmed_at=NOON)

    def test_the_shell_cannot_call_a_case_verified_by_a_document(self, asked, ines):
        review(send(asked), ines)
        with pytest.raises(DatabaseError, match="second person confirmed"), transaction.atomic():
            Submission.objects.filter(pk=asked.submission_id).update(assurance=3)

    def test_the_triggers_are_expected(self):
        from django.db import connection

        assert "requests_app_proofdocument_four_eyes" in triggers.expected(connection.vendor)
        assert triggers.missing(connection) == []

    def test_a_rejected_one_is_explained_and_another_can_come(self, asked, ines, ivo):
        document = send(asked)
        look(document, ivo)
        first = review(document, ines, accept=False, reason="The name is covered.")
        assert "The name is covered." in letters(asked, "proof_rejected")[0]
        assert first.explained.body == "The name is covered."
        with pytest.raises(Refused, match="reviewed before"):
            proof_review.confirm(first, actor=Actor.staff(ivo), at=NOON)
        assert confirm(review(send(asked), ines), ivo).state == "in_progress"

    def test_one_decision_is_taken_once(self, asked, ines, ivo):
        document = review(send(asked), ines)
        with pytest.raises(Refused, match="faster"):
            review(document, ivo, accept=False)


class TestTheDoubtHoldsBack:
    def test_a_sibling_waits_too(self, bruno, ines, ivo):
        submission = ana_files("access", "portability")
        code = identity.code_for(submission.identity_checks.get())
        assert identity.confirm(submission, purpose="verify", code=code, actor=ANA, at=NOON)
        rows = submission.requests.select_related("submission", "policy")
        asked, other = rows.get(right="access"), rows.get(right="portability")
        ask(asked, bruno)
        waiting = decided(other, bruno)
        approving = {"digest": waiting.content_digest, "actor": Actor.staff(staff("ada")), "at": NOON}
        with pytest.raises(Refused, match="Settle the doubt first"):
            decision.approve(as_it_stands(other), **approving)
        confirm(review(send(as_it_stands(asked)), ines), ivo)
        assert decision.approve(as_it_stands(other), **approving).state == "fulfilled"

    def test_letting_it_lapse_and_opening_it_again_settles_nothing(self, asked):
        lapse = asked.wake_at
        while as_it_stands(asked).state != "lapsed":
            lapse = as_it_stands(asked).wake_at
            enforcement.enforce([asked.pk], at=lapse)
        again = person.reopen(as_it_stands(asked), proved=True, actor=ANA, at=lapse + DAY)
        assert again.state == "awaiting_verification"
        assert send(again, at=lapse + DAY)

    def test_an_officer_withdraws_it_with_a_reason_and_nobody_else(self, asked, bruno):
        values = {"reason": "She phoned from the number on file.", "at": NOON}
        with pytest.raises(RoleMissing):
            proof_review.withdraw_doubt(asked, actor=Actor.staff(bruno), **values)
        document = send(asked)
        petra = Actor.staff(staff("petra"))
        moved = proof_review.withdraw_doubt(as_it_stands(asked), actor=petra, **values)
        assert (moved.state, moved.submission.assurance) == ("in_progress", 1)
        assert kinds(asked)[-1] == "doubt_withdrawn"
        assert "no document any more" in letters(asked, "proof_settled")[0]
        sweeps.SWEEPS["apply_retention"](NOON)
        document.refresh_from_db()
        assert document.destroyed_at

    def test_there_is_nothing_to_withdraw_where_nothing_was_asked(self, ivo):
        dsr = ana_files("access").requests.select_related("submission", "policy").get()
        with pytest.raises(Refused, match="no doubt"):
            proof_review.withdraw_doubt(dsr, reason="x", actor=Actor.staff(staff("petra")), at=NOON)
        assert as_it_stands(dsr).state == "awaiting_verification"


class TestDestruction:
    def test_confirmed_it_is_gone_with_the_next_sweep_and_the_row_keeps_no_page(self, asked, ines, ivo, settings):
        document = send(asked)
        confirm(review(document, ines), ivo)
        assert sweeps.SWEEPS["apply_retention"](NOON) == 1
        document.refresh_from_db()
        assert (document.destroyed_at, document.pages, document.result) == (NOON, 0, "accepted")
        assert document.commitment
        assert not [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
        told = EvidenceEvent.objects.get(kind="document_destroyed")
        assert json.loads(told.body)["document"] == str(document.pk)
        assert sweeps.SWEEPS["apply_retention"](NOON) == 0
        with pytest.raises(Refused, match="destroyed"):
            look(document, ines)

    @pytest.mark.parametrize("how", ["rejected", "cancelled", "lapsed"])
    def test_every_other_end_destroys_it_too(self, how, asked, ines):
        document = send(asked)
        at = NOON + timedelta(hours=1)
        if how == "rejected":
            review(document, ines, accept=False)
        elif how == "cancelled":
            person.cancel(as_it_stands(asked), actor=ANA, at=at)
        else:
            review(document, ines, accept=False)
            lapse_of(asked)
        assert sweeps.SWEEPS["apply_retention"](at) == 1
        with pytest.raises(FileNotFoundError):
            files.read(document.submission_id, document.pk)

    def test_undecided_it_goes_after_thirty_days_and_the_request_does_not_lapse_for_it(self, asked):
        document = send(asked)
        assert sweeps.SWEEPS["apply_retention"](NOON + 30 * DAY - timedelta(seconds=1)) == 0
        assert sweeps.SWEEPS["apply_retention"](NOON + 30 * DAY) == 1
        document.refresh_from_db()
        assert document.destroyed_at
        enforcement.enforce([asked.pk], at=NOON + 31 * DAY)
        assert as_it_stands(asked).state == "awaiting_verification"  # we were late: she is not to suffer for it

    def test_a_power_cut_between_file_and_row_is_made_good(self, asked, ines, monkeypatch):
        document = send(asked)
        review(document, ines, accept=False)

        class PowerCut(BaseException):
            pass

        def die(*args, **kwargs):
            raise PowerCut

        with monkeypatch.context() as patch:
            patch.setattr(evidence, "append", die)
            with pytest.raises(PowerCut):
                sweeps.SWEEPS["apply_retention"](NOON)
        document.refresh_from_db()
        assert document.destroyed_at is None
        assert sweeps.SWEEPS["apply_retention"](NOON) == 1
        assert kinds(asked).count("document_destroyed") == 1

    def test_the_sweep_of_orphans_knows_it_and_what_a_restore_brought_back(self, asked, ines, settings, tmp_path):
        document = send(asked)
        (kept,) = [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
        copy = kept.read_bytes()
        assert orphans.sweep(NOON + 400 * DAY) == 0
        review(document, ines, accept=False)
        sweeps.SWEEPS["apply_retention"](NOON)
        kept.write_bytes(copy)
        assert orphans.sweep(NOON + 400 * DAY) == 1
        assert not kept.exists()


def lapse_of(dsr):
    for _ in range(12):
        now = as_it_stands(dsr)
        if now.state == "lapsed":
            return now
        enforcement.enforce([now.pk], at=now.wake_at)
    raise AssertionError("it never lapsed")


class TestTheClock:
    def test_she_is_reminded_of_the_document_and_told_what_was_missing(self, asked):
        lapsed = lapse_of(asked)
        reminders = letters(asked, "reminder_proof")
        assert len(reminders) == 2
        assert "6 December 2026" in reminders[0]
        assert letters(asked, "reminder_verify") == []
        (letter,) = letters(asked, "lapsed")
        assert "document that shows who you are" in letter
        assert "e-mail address was never confirmed" not in letter
        assert timeline.for_dsr(lapsed)[-1]["text"] == (
            "The request ended, because no document came that we could accept."
        )

    def test_in_italian_too(self, bruno, ivo):
        lapsed = lapse_of(ask(verified(ana_files("access", language="it")), bruno))
        assert "un documento che mostri chi è Lei" in letters(lapsed, "lapsed")[0]
        assert "Prima di proseguire" in letters(lapsed, "proof_asked")[0]

    def test_while_it_is_with_us_nothing_lapses_and_the_date_can_be_missed(self, asked):
        send(asked)
        for _ in range(8):
            enforcement.enforce([asked.pk], at=as_it_stands(asked).wake_at)
        dsr = as_it_stands(asked)
        assert dsr.state == "awaiting_verification"
        assert "deadline_missed" in kinds(dsr)

    def test_asked_too_late_the_request_does_not_lapse(self, bruno, ivo):
        dsr = ask(verified(ana_files("access")), bruno, at=NOON + 12 * DAY)  # less than three days before the end
        assert "close the request" not in letters(dsr, "proof_asked")[0]
        enforcement.enforce([dsr.pk], at=NOON + 14 * DAY)
        assert as_it_stands(dsr).state == "awaiting_verification"

    def test_the_days_are_hers_until_she_sends_it_and_ours_after(self, asked, ines):
        send(asked, at=NOON + 3 * DAY)
        bar = timeline.holder_bar(as_it_stands(asked), until=(NOON + 5 * DAY).date())
        assert (bar.with_you, bar.with_us) == (2, 3)
