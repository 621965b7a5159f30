"""The contact on file: asked for by a sweep, confirmed or denied from there, and what it holds back (A02, A04, A60)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from requests_app.connectors import DataSource, Match, OnFile, PermanentFailure, RetryLater
from requests_app.models import Contact, EvidenceEvent, IdentityCheck, Notice, SourceLookup
from requests_app.operations import (
    assurance,
    decision,
    delivery,
    evidence,
    identity,
    manual_verification,
    on_file,
    person,
    sweeps,
)
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.operations.test_road import decided
from tests.people import NOON, ana_files, published_policy, staff
from tests.rules.test_addresses import LOOK_ALIKES

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
SOON = NOON + timedelta(minutes=1)
THEN = SOON + timedelta(minutes=1)
OLD = datetime(2024, 2, 12, tzinfo=UTC)
MEMORY = "requests_app.connectors.in_memory.InMemory"


class Moody(DataSource):
    """Raises what it was told to raise."""

    error: Exception | None = None
    asked = 0

    def find(self, query: Any) -> list[Any]:
        Moody.asked += 1
        if Moody.error is not None:
            raise Moody.error
        return []


@pytest.fixture(autouse=True)
def _policy(settings):
    published_policy()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Moody.error, Moody.asked = None, 0


@pytest.fixture
def knows(settings):
    """The customer file holds these people."""

    def knows_(*people: dict[str, Any]) -> None:
        rows = [{"since": OLD, **person} for person in people]
        settings.DATA_SOURCES = {"customers": {"BACKEND": MEMORY, "OPTIONS": {"people": rows}}}

    return knows_


@pytest.fixture
def moody(settings):
    settings.DATA_SOURCES = {"moody": {"BACKEND": f"{__name__}.Moody"}}
    return Moody


def files(*rights: str, **changes: Any):
    """Ana files, types the code of her address, and the sweep asks."""
    submission = ana_files(*(rights or ("access",)), **changes)
    verified_all(submission)
    sweeps.run_steps(SOON)
    submission.refresh_from_db()
    return submission


def verified_all(submission, at: datetime = NOON) -> None:
    check = submission.identity_checks.filter(purpose="verify").latest("issue")
    assert identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=ANA, at=at)


def results(submission) -> list[str]:
    return list(submission.lookups.values_list("result", flat=True))


def stands(submission, right: str = "access", at: datetime = SOON) -> list[str]:
    dsr = submission.requests.select_related("submission", "policy").get(right=right)
    return [str(obstacle) for obstacle in assurance.obstacles(dsr, at=at)]


def code_of(contact: Contact) -> str:
    return identity.code_for(contact.checks.latest("issue"))


def by_hand(submission, *, proposed: datetime = THEN, approved: datetime = THEN) -> None:
    proposal = manual_verification.propose_verification(
        submission,
        reason="Phoned the number on file, and compared the signature.",
        actor=Actor.staff(staff("bruno", "handler")),
        at=proposed,
    )
    manual_verification.approve_verification(proposal, actor=Actor.staff(staff("ada", "approver")), at=approved)


def test_the_typed_address_that_is_on_file_is_enough_at_once(knows):
    knows({"emails": [" ANA@example.org"]})
    submission = files()
    assert (submission.assurance, results(submission), stands(submission)) == (2, ["same"], [])
    assert not Contact.objects.exists()
    kinds = list(EvidenceEvent.objects.filter(submission=submission).values_list("kind", flat=True))
    assert kinds[-2:] == ["source_asked", "on_file_confirmed"]
    assert list(evidence.verify()) == []


def test_nothing_is_asked_before_the_typed_address_is_confirmed(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = ana_files("access", details="C-1001")
    sweeps.run_steps(SOON)
    assert results(submission) == []
    assert not Contact.objects.exists()


@pytest.mark.parametrize("right", ["restriction", "objection", "marketing_optout"])
def test_a_right_that_asks_less_asks_nobody(knows, right):
    knows({"emails": ["ana@example.org"]})
    submission = ana_files(right, "restriction")
    verified_all(submission)
    assert results(submission) == []


def test_another_contact_on_file_gets_the_code_and_holds_the_release_until_it_is_typed(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = files("access", "restriction", details="C-1001")
    assert (submission.assurance, results(submission)) == (1, ["other"])
    assert stands(submission) == ["on_file"]
    assert stands(submission, "restriction") == []
    contact = Contact.objects.get()
    mail.outbox.clear()
    delivery.deliver_due(THEN)
    (told,) = [message for message in mail.outbox if message.to == ["ana@old.example"]]
    assert code_of(contact) in told.body
    assert "another e-mail address than this one" in told.body
    for secret in ("ana@example.org", "Ana", "ccess", "C-1001", submission.case_label):
        assert secret not in told.body.replace("Example Organisation", "")
    assert not on_file.confirm_on_file(submission, code="000000", actor=ANA, at=SOON)
    assert on_file.confirm_on_file(submission, code=code_of(contact), actor=ANA, at=SOON)
    submission.refresh_from_db()
    assert (submission.assurance, stands(submission)) == (2, [])
    assert list(evidence.verify()) == []


def test_a_code_to_the_contact_on_file_lives_a_day_since_nobody_waits_at_that_mailbox(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = files(details="C-1001")
    delivery.deliver_due(THEN)
    code = code_of(Contact.objects.get())
    assert not on_file.confirm_on_file(submission, code=code, actor=ANA, at=THEN + timedelta(hours=24))
    assert on_file.confirm_on_file(submission, code=code, actor=ANA, at=SOON + timedelta(hours=23))


def test_while_it_is_silent_nothing_is_released_but_by_two_people_by_hand(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = files(details="C-1001")
    waiting = decided(submission.requests.select_related("submission", "policy").get(), staff("bruno", "handler"))
    waiting.dsr.refresh_from_db()
    release = {"digest": waiting.content_digest, "actor": Actor.staff(staff("ada"))}
    with pytest.raises(Refused, match="on file under another address"):
        decision.approve(waiting.dsr, **release, at=SOON)
    by_hand(submission)
    assert decision.approve(waiting.dsr, **release, at=SOON).state == "fulfilled"


def test_this_was_not_me_holds_every_request_back_for_good_and_tells_the_officer(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = files("access", "restriction", details="C-1001")
    contact = Contact.objects.get()
    check, later = contact.checks.get(), SOON + timedelta(hours=2)
    assert not on_file.answer_by_link(check, code="000000", mine=False, actor=ANA, at=later)
    assert on_file.answer_by_link(check, code=code_of(contact), mine=False, actor=ANA, at=later)
    assert stands(submission, at=later) == ["denied"], "denied, and not merely silent"
    assert stands(submission, "restriction", later) == ["denied"]
    notices = Notice.objects.filter(kind="staff_alarm", submission=submission)
    assert {(n.staff.username, n.dsr.right) for n in notices} == {("petra", "access"), ("petra", "restriction")}
    by_hand(submission, proposed=THEN, approved=later)  # proposed before anybody knew
    assert stands(submission, at=later) == ["denied"]
    on_file.send_again(submission, at=later + timedelta(hours=1))
    sweeps.run_steps(later + timedelta(hours=1))
    assert contact.checks.count() == 1, "whoever denied is not asked again"
    by_hand(submission, proposed=later, approved=later)
    assert stands(submission, at=later) == []
    assert list(evidence.verify()) == []


def test_what_was_denied_is_not_confirmed_afterwards(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = files(details="C-1001")
    contact = Contact.objects.get()
    code = code_of(contact)
    on_file.answer_by_link(contact.checks.get(), code=code, mine=False, actor=ANA, at=SOON)
    assert not on_file.confirm_on_file(submission, code=code, actor=ANA, at=SOON)
    submission.refresh_from_db()
    assert submission.assurance == 1


def test_nobody_on_file_leaves_it_to_the_two_people_of_the_decision(knows):
    knows({"emails": ["otto@example.net"]})
    submission = files()
    assert (submission.assurance, results(submission), stands(submission)) == (1, ["nobody"], [])


def test_two_people_named_in_one_request_are_not_one(knows):
    knows({"emails": ["ana@example.org"]}, {"reference": "C-2002", "emails": ["otto@example.net"]})
    submission = files(details="I am C-2002.")
    assert (submission.assurance, stands(submission)) == (1, ["on_file"])
    assert Contact.objects.get().address == "otto@example.net"


def test_whoever_names_many_has_nobody_mailed(knows):
    knows(*({"reference": f"C-200{n}", "emails": [f"p{n}@example.net"]} for n in range(5)))
    submission = files(details="C-2000 C-2001 C-2002 C-2003 C-2004")
    assert (results(submission), stands(submission)) == (["unproven"], ["unproven"])
    assert not Contact.objects.exists()


@pytest.mark.parametrize("typed", [one for one in LOOK_ALIKES if one.isascii() and " " not in one])
def test_a_look_alike_of_the_address_on_file_is_never_taken_for_it(knows, typed):
    knows({"reference": "C-1001", "emails": ["ana.bianchi@example.org"]})
    submission = files(email=typed, details="C-1001")
    assert (submission.assurance, results(submission)) == (1, ["other"])


class TestCorrectFirstAskThen:
    def test_an_address_that_was_put_on_file_lately_does_not_vouch(self, knows):
        knows({"emails": ["ana@example.org"], "since": NOON - timedelta(days=29)})
        submission = files()
        assert (submission.assurance, stands(submission)) == (1, ["unproven"])

    def test_nor_one_that_the_source_says_was_changed(self, knows):
        knows({"emails": ["ana@example.org"], "changed_recently": True})
        assert stands(files()) == ["unproven"]

    def test_nor_one_that_stands_there_since_a_correction_of_the_same_person(self, knows):
        before = NOON - timedelta(days=60)
        verified_all(ana_files("correction", at=before), at=before)
        knows({"emails": ["ana@example.org"], "since": NOON - timedelta(days=50)})
        assert stands(files()) == ["unproven"]

    def test_one_that_stood_there_before_the_correction_does(self, knows):
        before = NOON - timedelta(days=60)
        verified_all(ana_files("correction", at=before), at=before)
        knows({"emails": ["ana@example.org"]})
        assert stands(files()) == []

    def test_where_the_source_knows_no_date_any_correction_casts_doubt(self, knows):
        ana_files("correction", at=NOON - timedelta(days=60))
        knows({"emails": ["ana@example.org"], "since": None})
        assert stands(files()) == ["unproven"]

    def test_the_step_up_goes_to_an_address_that_was_there_before(self, knows, settings):
        settings.DATA_SOURCES = {"two": {"BACKEND": f"{__name__}.TwoAddresses"}}
        submission = files()
        assert results(submission) == ["other"]
        assert Contact.objects.get().address == "ana@before.example"


class TwoAddresses(DataSource):
    """Knows Ana by the address put there yesterday, and by the one before."""

    def find(self, query: Any) -> list[Any]:
        return [
            Match(
                "1",
                (OnFile("ana@example.org", since=NOON - timedelta(days=1)), OnFile("ana@before.example", since=OLD)),
            )
        ]


class TestASourceThatDoesNotAnswer:
    def test_holds_the_release_and_is_asked_again_with_back_off(self, moody):
        moody.error = RetryLater("busy")
        submission = files()
        assert stands(submission) == ["lookup"]
        row = SourceLookup.objects.get()
        assert round((row.next_try_at - SOON) / timedelta(minutes=1)) == 1
        sweeps.run_steps(SOON)
        assert moody.asked == 1, "not due yet"
        sweeps.run_steps(SOON + timedelta(minutes=2))
        row.refresh_from_db()
        assert round((row.next_try_at - SOON) / timedelta(minutes=1)) == 7
        moody.error = None
        sweeps.run_steps(SOON + timedelta(minutes=8))
        assert (results(submission), stands(submission)) == (["nobody"], [])

    def test_for_good_is_an_alarm_and_holds_until_two_people_verified(self, moody):
        moody.error = PermanentFailure("refused")
        submission = files()
        assert (results(submission), stands(submission)) == (["failed"], ["lookup"])
        assert Notice.objects.filter(kind="staff_alarm", submission=submission).count() == 1
        by_hand(submission)
        assert stands(submission) == []

    def test_an_error_that_nobody_foresaw_is_tried_five_times(self, moody):
        moody.error = KeyError("ana@example.org")
        submission = files()
        for hours in range(1, 8):
            sweeps.run_steps(SOON + timedelta(hours=hours))
        assert (moody.asked, results(submission)) == (5, ["failed"])
        assert SourceLookup.objects.get().failure_code == "KeyError"

    def test_a_source_that_was_taken_out_holds_as_well(self, knows, settings):
        knows({"emails": ["ana@example.org"]})
        submission = ana_files("access")
        verified_all(submission)
        settings.DATA_SOURCES = {}
        sweeps.run_steps(SOON)
        assert stands(submission) == ["lookup"]


def test_of_a_case_that_was_cancelled_meanwhile_nobody_is_asked_until_it_is_taken_up_again(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = ana_files("access", details="C-1001")
    verified_all(submission)
    dsr = submission.requests.get()
    person.cancel(dsr, actor=ANA, at=NOON)
    sweeps.run_steps(SOON)
    assert not Contact.objects.exists()
    dsr.refresh_from_db()
    person.reopen(dsr, proved=True, actor=ANA, at=THEN)
    assert stands(submission) == ["lookup"]
    sweeps.run_steps(THEN + timedelta(days=1))
    assert (results(submission), stands(submission)) == (["other"], ["on_file"])


def test_two_sweeps_ask_once(moody, monkeypatch):
    submission = ana_files("access")
    verified_all(submission)

    def find(self, query):
        Moody.asked += 1
        if Moody.asked == 1:
            sweeps.run_steps(SOON)  # a second sweep while the first one waits for its answer
        return []

    monkeypatch.setattr(Moody, "find", find)
    assert sweeps.run_steps(SOON) == 1
    assert (Moody.asked, results(submission)) == (1, ["nobody"])


def test_an_address_that_changed_meanwhile_is_asked_about_anew(knows, monkeypatch):
    knows({"emails": ["ana@example.org"]})
    submission = ana_files("access")
    verified_all(submission)
    type(submission).objects.filter(pk=submission.pk).update(email_digest="1:changed")
    sweeps.run_steps(SOON)
    row = SourceLookup.objects.get()
    assert (row.result, row.email_digest) == ("waiting", "1:changed")
    assert stands(submission) == ["lookup"]


def test_nothing_due_is_one_look(django_assert_num_queries):
    with django_assert_num_queries(1):
        sweeps.data_sources.ask_due(NOON)


def test_asked_again_it_sends_another_code_and_not_more_than_five_an_hour(knows):
    knows({"reference": "C-1001", "emails": ["ana@old.example"]})
    submission = files(details="C-1001")
    for minute in range(2, 20):
        on_file.send_again(submission, at=SOON + timedelta(minutes=minute))
        sweeps.run_steps(SOON + timedelta(minutes=minute))
    assert IdentityCheck.objects.filter(purpose="on_file").count() == 5
