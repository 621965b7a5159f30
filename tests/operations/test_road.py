"""The road from end to end, without interfaces: file, prove, decide, approve, download; and past the date."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from requests_app.models import DataSubjectRequest, EvidenceEvent, IdentityCheck, Notice
from requests_app.operations import decision, desk, evidence, find, identity, person, sweeps, triggers
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import ActionNotAllowed
from tests.packages import fetched
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def bruno():
    return staff("bruno", "handler")


def only_request(submission):
    return submission.requests.select_related("submission", "policy").get()


def verified(submission, at=NOON):
    check = IdentityCheck.objects.filter(submission=submission).latest("issue")
    assert identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=at)
    return only_request(submission)


def decided(dsr, bruno, at=NOON, **changes):
    values = {
        "outcome": "done",
        "letter": "Dear Ana, here are your data.",
        "ground": "",
        "facts": "",
        "scope": "",
        "identity_match": "Code, and the address in the customer file.",
    } | changes
    return decision.decide(dsr, **values, actor=Actor.staff(bruno), at=at)


def test_access_is_due_on_the_fifteenth_day_after_receipt():
    dsr = only_request(ana_files("access"))
    assert dsr.due_on == date(2026, 12, 7)
    assert dsr.state == "awaiting_verification"
    assert dsr.wake_at is not None


def test_the_acknowledgement_and_the_code_are_owed_in_the_filing():
    submission = ana_files("access", "deletion")
    assert sorted(Notice.objects.filter(submission=submission).values_list("kind", flat=True)) == [
        "acknowledgement",
        "code",
    ]


def test_a_request_goes_the_whole_road_to_the_download(bruno, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    dsr = verified(ana_files("access"))
    assert dsr.state == "in_progress"
    file = desk.attach(dsr, name="data.json", content=b'{"orders": 2}', actor=Actor.staff(bruno), at=NOON)
    assert b"orders" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    submitted = decided(dsr, bruno)
    dsr.refresh_from_db()
    answered = decision.approve(dsr, digest=submitted.content_digest, actor=Actor.staff(staff("ada")), at=NOON)
    assert (answered.state, answered.answered_at) == ("fulfilled", NOON)
    file.refresh_from_db()
    assert fetched(file, actor=Actor.person(), at=NOON) == b'{"orders": 2}'
    assert list(evidence.verify()) == []


def test_the_author_of_a_decision_cannot_approve_it():
    petra = staff("petra")
    dsr = verified(ana_files("access"))
    submitted = decided(dsr, petra)
    dsr.refresh_from_db()
    with pytest.raises(Refused, match="second person"):
        decision.approve(dsr, digest=submitted.content_digest, actor=Actor.staff(petra), at=NOON)


def test_the_database_refuses_a_release_by_one_person_from_the_shell(bruno):
    dsr = verified(ana_files("access"))
    for approver in (None, bruno):
        with pytest.raises(IntegrityError), transaction.atomic():
            DataSubjectRequest.objects.filter(pk=dsr.pk).update(
                state="fulfilled", decided_by=bruno, approved_by=approver
            )


def test_a_file_attached_by_force_after_the_decision_voids_the_approval(bruno, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    dsr = verified(ana_files("access"))
    file = desk.attach(dsr, name="a", content=b"a", actor=Actor.staff(bruno), at=NOON)
    submitted = decided(dsr, bruno)
    type(file).objects.filter(pk=file.pk).update(sha256="0" * 64)
    dsr.refresh_from_db()
    with pytest.raises(Refused, match="changed"):
        decision.approve(dsr, digest=submitted.content_digest, actor=Actor.staff(staff("ada")), at=NOON)


def test_access_is_not_decided_without_saying_how_identity_was_matched(bruno):
    dsr = verified(ana_files("access"))
    with pytest.raises(Refused, match="identity was matched"):
        decided(dsr, bruno, identity_match=" ")


def test_a_refusal_needs_a_ground_that_the_law_allows(bruno):
    dsr = verified(ana_files("access"))
    with pytest.raises(Refused, match="ground"):
        decided(dsr, bruno, outcome="refuse", ground="because", facts="x", scope="all")


def test_opting_out_takes_effect_in_the_filing_and_can_be_undone():
    dsr = only_request(ana_files("marketing_optout"))
    assert (dsr.state, dsr.effective_at) == ("in_progress", NOON)
    assert not IdentityCheck.objects.exists()
    person.undo(dsr, actor=Actor.person(), at=NOON)
    dsr.refresh_from_db()
    assert [(row.act, row.at) for row in dsr.consents.order_by("pk")] == [("withdrawn", NOON), ("undone", NOON)]
    with pytest.raises(Refused):
        person.undo(dsr, actor=Actor.person(), at=NOON)


def test_five_wrong_codes_use_the_code_up():
    submission = ana_files("access")
    check = IdentityCheck.objects.get()
    right = identity.code_for(check)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        assert not identity.confirm(submission, purpose="verify", code=wrong, actor=Actor.person(), at=NOON)
    assert not identity.confirm(submission, purpose="verify", code=right, actor=Actor.person(), at=NOON)


def test_a_code_dies_ten_minutes_after_its_mail_was_handed_over():
    submission = ana_files("access")
    check = IdentityCheck.objects.get()
    IdentityCheck.objects.update(handed_over_at=NOON)
    late = NOON + timedelta(minutes=10)
    assert not identity.confirm(
        submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=late
    )


def test_at_most_five_codes_go_to_an_address_within_an_hour():
    submission = ana_files("access")
    for _ in range(4):
        identity.issue_code(submission, purpose="verify", actor=Actor.person(), at=NOON)
    with pytest.raises(Refused, match="hour"):
        identity.issue_code(submission, purpose="verify", actor=Actor.person(), at=NOON)


def test_a_mistyped_address_is_mended_and_the_old_code_is_dead():
    submission = ana_files("access", email="anna@example.org")
    old = identity.code_for(IdentityCheck.objects.get())
    check = identity.change_address(submission, email="ana@example.org", actor=Actor.person(), at=NOON)
    if old != identity.code_for(check):
        assert not identity.confirm(submission, purpose="verify", code=old, actor=Actor.person(), at=NOON)
    submission.refresh_from_db()
    assert submission.email == "ana@example.org"


def test_find_my_requests_leads_from_address_by_code_to_all_submissions():
    ana_files("access"), ana_files("marketing_optout")
    find.request_code("Ana@Example.org ", at=NOON)
    check = IdentityCheck.objects.get(purpose="find")
    assert len(find.confirm("ana@example.org", code=identity.code_for(check), at=NOON)) == 2
    find.request_code("otto@example.org", at=NOON)
    assert find.confirm("otto@example.org", code="000000", at=NOON) == []


def test_a_request_never_verified_lapses_the_day_before_with_a_letter():
    dsr = only_request(ana_files("access"))
    for day in range(1, 17):
        sweeps.SWEEPS["enforce_deadlines"](NOON + timedelta(days=day))
    dsr.refresh_from_db()
    assert dsr.state == "lapsed"
    assert Notice.objects.filter(kind="lapsed", dsr=dsr).count() == 1
    assert Notice.objects.filter(kind="reminder_verify", dsr=dsr).count() == 2
    assert not Notice.objects.filter(kind="missed").exists()
    petra = Actor.staff(staff("petra"))
    reopened = decision.reopen(dsr, reason="She wrote to us.", actor=petra, at=NOON + timedelta(days=20))
    assert (reopened.state, reopened.due_on) == ("awaiting_verification", date(2026, 12, 27))


def test_a_missed_date_is_recorded_once_and_told_to_the_person_and_the_officer():
    dsr = verified(ana_files("access"))
    for hours in range(0, 24 * 18, 12):
        sweeps.SWEEPS["enforce_deadlines"](NOON + timedelta(hours=hours))
    assert EvidenceEvent.objects.filter(kind="deadline_missed", dsr_id=dsr.pk).count() == 1
    assert Notice.objects.filter(kind="missed", dsr=dsr).count() == 1
    assert Notice.objects.filter(kind="staff_overdue", dsr=dsr).count() >= 2
    dsr.refresh_from_db()
    assert dsr.state == "in_progress"


def test_a_sweep_that_runs_again_does_nothing_twice():
    verified(ana_files("access"))
    late = NOON + timedelta(days=16)
    sweeps.SWEEPS["enforce_deadlines"](late)
    before = (Notice.objects.count(), EvidenceEvent.objects.count())
    sweeps.SWEEPS["enforce_deadlines"](late)
    assert (Notice.objects.count(), EvidenceEvent.objects.count()) == before


def test_a_cancelled_request_is_not_cancelled_again():
    dsr = only_request(ana_files("access"))
    person.cancel(dsr, actor=Actor.person(), at=NOON)
    dsr.refresh_from_db()
    with pytest.raises(ActionNotAllowed):
        person.cancel(dsr, actor=Actor.person(), at=NOON)


def test_evidence_refuses_update_and_delete():
    ana_files("access")
    for statement in ("UPDATE requests_app_evidenceevent SET kind = 'x'", "DELETE FROM requests_app_evidenceevent"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert triggers.missing(connection) == []


def test_a_tampered_chain_is_found():
    ana_files("access")
    assert list(evidence.verify()) == []
    connection.check_constraints()  # PostgreSQL alters no table while deferred checks wait
    triggers.remove(connection)
    assert len(triggers.missing(connection)) >= 6
    EvidenceEvent.objects.filter(seq=1).update(at=NOON - timedelta(days=9))
    assert any("contradict" in sentence for sentence in evidence.verify())
    connection.check_constraints()
    triggers.install(connection)


def test_the_address_is_nowhere_in_the_database_in_the_clear():
    submission = ana_files("access")
    assert b"example.org" not in bytes(submission.email_sealed)
    assert submission.email == "ana@example.org"
