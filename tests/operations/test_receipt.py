"""A request that came by post has its true receipt date, and two people correct it: the shell cannot either."""

import threading
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from requests_app.models import EvidenceEvent, MilestoneRecord, Notice, ReceiptCorrection, Submission
from requests_app.operations import decision, evidence, identity, intake, receipt, sweeps, triggers
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAY = timedelta(days=1)
ENTRY = date(2026, 11, 22)  # Bruno enters on this day what came five days before


@pytest.fixture(autouse=True)
def _policy() -> None:
    published_policy()


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def petra() -> Actor:
    return Actor.staff(staff("petra", "privacy officer"))


def letter(*rights: str, received_on: date = ENTRY - 5 * DAY, email: str = "") -> Submission:
    filing = intake.Filing(
        form_key=uuid.uuid4(), rights=rights, name="Ana Example", email=email, details="", language="en",
        postal="Via Roma 1, Torino", received_on=received_on,
    )  # fmt: skip
    return intake.receive(filing, channel="post", actor=Actor.staff(staff("bruno", "handler")), at=NOON)


def proposed(submission: Submission, bruno: Actor, day: date = ENTRY - 8 * DAY) -> ReceiptCorrection:
    return receipt.propose_correction(submission, received_on=day, reason="The postmark.", actor=bruno, at=NOON)


def only(submission: Submission) -> Any:
    return submission.requests.select_related("submission", "policy").get()


def test_an_approved_correction_counts_anew_and_tells_the_person_both_dates(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    assert only(submission).due_on == date(2026, 12, 2)
    receipt.approve_correction(proposed(submission, bruno), actor=petra, at=NOON)
    submission.refresh_from_db()
    dsr = only(submission)
    assert (submission.received_on, dsr.opened_on, dsr.due_on) == (date(2026, 11, 14),) * 2 + (date(2026, 11, 29),)
    assert submission.received_at == dsr.opened_at == datetime(2026, 11, 14, 12, tzinfo=NOON.tzinfo)
    notice = Notice.objects.get(kind="receipt_corrected")
    for words in ("17 November 2026", "14 November 2026", "29 November 2026", "2 December 2026", "does not count"):
        assert words in notice.text
    assert list(evidence.verify()) == []
    kinds = list(EvidenceEvent.objects.filter(submission=submission).values_list("kind", flat=True))
    assert kinds[-3:] == ["receipt_proposed", "receipt_corrected", "receipt_corrected"]


def test_nothing_changes_before_the_second_person(bruno: Actor) -> None:
    submission = letter("access")
    proposed(submission, bruno)
    submission.refresh_from_db()
    assert (submission.received_on, only(submission).due_on) == (ENTRY - 5 * DAY, date(2026, 12, 2))
    assert not Notice.objects.filter(kind="receipt_corrected").exists()


def test_bruno_cannot_approve_his_own_correction(bruno: Actor) -> None:
    both_roles = Actor.staff(staff("bruno", "handler", "approver"))
    correction = proposed(letter("access"), bruno)
    with pytest.raises(Refused, match="second person"):
        receipt.approve_correction(correction, actor=both_roles, at=NOON)


def test_the_role_is_asked_again_behind_the_page(bruno: Actor) -> None:
    submission, otto = letter("access"), Actor.staff(staff("otto"))
    with pytest.raises(Refused, match="role"):
        proposed(submission, otto)
    correction = proposed(submission, bruno)
    for actor in (otto, Actor.staff(staff("marta", "handler")), Actor.person()):
        with pytest.raises(Refused, match="role"):
            receipt.approve_correction(correction, actor=actor, at=NOON)


def test_the_shell_cannot_let_one_person_approve(bruno: Actor) -> None:
    correction = proposed(letter("access"), bruno)
    rows = ReceiptCorrection.objects.filter(pk=correction.pk)
    for values in ({"approved_by": bruno.user, "approved_at": NOON}, {"approved_at": NOON}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)


def test_the_shell_cannot_move_a_receipt_without_an_approved_correction(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    rows = Submission.objects.filter(pk=submission.pk)
    moved = {"received_at": NOON - 8 * DAY, "received_on": ENTRY - 8 * DAY}
    for values in (moved, {"received_on": ENTRY}, {"received_zone": "Europe/Rome"}, {"channel": "web"}):
        with pytest.raises(DatabaseError, match="approved correction"), transaction.atomic():
            rows.update(**values)
    correction = proposed(submission, bruno)
    with pytest.raises(DatabaseError, match="approved correction"), transaction.atomic():
        rows.update(**moved)  # proposed is not approved
    receipt.approve_correction(correction, actor=petra, at=NOON)
    back = {"received_at": correction.old_received_at, "received_on": correction.old_received_on}
    with pytest.raises(DatabaseError, match="approved correction"), transaction.atomic():
        rows.update(**back)
    submission.refresh_from_db()
    submission.save()  # what leaves the receipt alone is let through


def test_an_old_approval_does_not_serve_twice(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    first = receipt.approve_correction(proposed(submission, bruno), actor=petra, at=NOON)
    again = receipt.propose_correction(
        submission, received_on=first.old_received_on, reason="It was right.", actor=petra, at=NOON
    )
    ada = Actor.staff(staff("ada", "approver"))
    receipt.approve_correction(again, actor=ada, at=NOON + timedelta(hours=1))
    with pytest.raises(DatabaseError, match="approved correction"), transaction.atomic():
        Submission.objects.filter(pk=submission.pk).update(
            received_at=first.new_received_at, received_on=first.new_received_on
        )
    assert only(submission).due_on == date(2026, 12, 2)


def test_a_correction_stays_as_it_was_proposed_and_is_not_deleted(bruno: Actor, petra: Actor) -> None:
    correction = proposed(letter("access"), bruno)
    rows = ReceiptCorrection.objects.filter(pk=correction.pk)
    with pytest.raises(DatabaseError, match="as it was proposed"), transaction.atomic():
        rows.update(new_received_on=ENTRY)
    receipt.approve_correction(correction, actor=petra, at=NOON)
    with pytest.raises(DatabaseError, match="as it was proposed"), transaction.atomic():
        rows.update(approved_by=None, approved_at=None)
    with pytest.raises(DatabaseError, match="not deleted"), transaction.atomic():
        rows.delete()


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (ENTRY + DAY, "in the future"),
        (ENTRY - 731 * DAY, "two years"),
        (ENTRY - 5 * DAY, "recorded already"),
    ],
)
def test_a_day_that_cannot_be_the_receipt_is_refused(bruno: Actor, day: date, words: str) -> None:
    with pytest.raises(Refused, match=words):
        proposed(letter("access"), bruno, day)


@pytest.mark.parametrize("day", [ENTRY, ENTRY - 730 * DAY])
def test_the_day_of_entry_and_the_last_plausible_day_are_taken(bruno: Actor, day: date) -> None:
    assert proposed(letter("access"), bruno, day).new_received_at <= NOON


def test_a_later_look_does_not_allow_a_day_after_the_entry(bruno: Actor) -> None:
    with pytest.raises(Refused, match="in the future"):
        receipt.propose_correction(
            letter("access"), received_on=ENTRY + DAY, reason="Postmark.", actor=bruno, at=NOON + 3 * DAY
        )


def test_what_was_filed_on_the_portal_keeps_its_receipt(bruno: Actor) -> None:
    with pytest.raises(Refused, match="filed on the portal"):
        proposed(ana_files("access"), bruno)


def test_a_correction_needs_a_reason(bruno: Actor) -> None:
    with pytest.raises(Refused, match="how you know"):
        receipt.propose_correction(letter("access"), received_on=ENTRY, reason=" ", actor=bruno, at=NOON)


def test_one_correction_waits_at_a_time_and_can_be_withdrawn(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    correction = proposed(submission, bruno)
    with pytest.raises(Refused, match="waits for approval"):
        proposed(submission, bruno, ENTRY)
    receipt.withdraw_correction(correction, actor=petra, at=NOON)
    with pytest.raises(Refused, match="somebody was faster"):
        receipt.approve_correction(correction, actor=petra, at=NOON)
    assert receipt.pending(submission) is None
    assert proposed(submission, bruno, ENTRY).new_received_on == ENTRY


def ended(dsr: Any, bruno: Actor) -> Any:
    texts = {"letter": "Here.", "ground": "", "facts": "", "scope": "", "identity_match": "by letter"}
    made = decision.decide(dsr, outcome="done", **texts, actor=bruno, at=NOON)
    ada = Actor.staff(staff("ada", "approver"))
    return decision.approve(only_of(dsr), digest=made.content_digest, actor=ada, at=NOON)


def only_of(dsr: Any) -> Any:
    return type(dsr).objects.select_related("submission", "policy").get(pk=dsr.pk)


def test_an_ended_request_is_left_alone_and_an_open_one_beside_it_counted_anew(bruno: Actor, petra: Actor) -> None:
    submission = letter("access", "correction")
    first, second = submission.requests.select_related("submission", "policy").order_by("right")
    ended(first, bruno)
    receipt.approve_correction(proposed(submission, bruno), actor=petra, at=NOON)
    assert only_of(first).due_on == date(2026, 12, 2)
    assert only_of(second).due_on == date(2026, 11, 29)
    ended(only_of(second), bruno)
    with pytest.raises(Refused, match="No open request"):
        proposed(submission, bruno, ENTRY)


def test_a_reopened_request_keeps_the_clock_of_its_reopening(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    decision.reopen(ended(only(submission), bruno), reason="New facts.", actor=petra, at=NOON + DAY)
    with pytest.raises(Refused, match="No open request"):
        proposed(submission, bruno)


def test_a_date_that_had_passed_already_is_told_and_recorded_as_missed(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    receipt.approve_correction(proposed(submission, bruno, ENTRY - 20 * DAY), actor=petra, at=NOON)
    assert "That day has passed" in Notice.objects.get(kind="receipt_corrected").text
    sweeps.SWEEPS["enforce_deadlines"](NOON)
    assert MilestoneRecord.objects.filter(kind="missed", due_on=date(2026, 11, 17)).count() == 1
    assert Notice.objects.filter(kind="missed").count() == 1


def test_ana_is_asked_before_her_request_lapses_however_old_the_letter_was(bruno: Actor) -> None:
    submission = letter("access", received_on=ENTRY - 20 * DAY, email="ana@example.org")
    sweeps.SWEEPS["enforce_deadlines"](NOON)
    assert only(submission).state == "awaiting_verification"
    code = identity.code_for(submission.identity_checks.get())
    assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=NOON)


def test_a_correction_does_not_end_a_request_that_ana_can_still_confirm(bruno: Actor, petra: Actor) -> None:
    submission = letter("access", email="ana@example.org")
    receipt.approve_correction(proposed(submission, bruno, ENTRY - 20 * DAY), actor=petra, at=NOON)
    sweeps.SWEEPS["enforce_deadlines"](NOON)
    assert only(submission).state == "awaiting_verification"


def test_the_guards_are_missed_when_somebody_drops_them() -> None:
    connection.check_constraints()  # PostgreSQL alters no table while deferred checks wait
    triggers.remove_guards(connection)
    assert "requests_app_submission_receipt_kept" in triggers.missing(connection)
    triggers.install(connection)
    assert triggers.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_counts(bruno: Actor, petra: Actor) -> None:
    submission = letter("access")
    correction = proposed(submission, bruno)
    ada = Actor.staff(staff("ada", "approver"))
    start, outcomes = threading.Barrier(2), []

    def approve(actor: Actor) -> None:
        try:
            start.wait(10)
            receipt.approve_correction(correction, actor=actor, at=NOON)
            outcomes.append("approved")
        except Refused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve, args=(who,)) for who in (petra, ada)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["approved", "refused"]
    assert Notice.objects.filter(kind="receipt_corrected").count() == 1
