"""Staff mark a request as about sensitive data: the contact on file is asked for, and nothing goes out before."""

import uuid
from datetime import UTC, datetime

import pytest

from requests_app.models import DataSubjectRequest, Message, Notice, SourceLookup
from requests_app.operations import decision, evidence, intake, on_file, person, sensitivity, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.circumstances import asked_of
from requests_app.operations.identity import code_for
from requests_app.operations.intake import Filing
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE, NONE, Asked, Reason
from tests.operations.behalf import kinds, obstacles
from tests.operations.test_road import decided, verified
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MEMORY = "requests_app.connectors.in_memory.InMemory"
OLD = datetime(2024, 1, 1, tzinfo=UTC)
WHY = "It is about a stay in hospital."


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    person_on_file = {"reference": "C-1001", "since": OLD, "emails": ["ana@old.example"]}
    settings.DATA_SOURCES = {"crm": {"BACKEND": MEMORY, "OPTIONS": {"people": [person_on_file]}}}
    published_policy()


def ana_objects(right="objection"):
    return ana_files(right, details="C-1001")


def fresh(submission):
    return submission.requests.select_related("submission", "policy").get()


def marks(submission, by="bruno", role="handler", reason=WHY):
    return sensitivity.mark_sensitive(fresh(submission), reason=reason, actor=Actor.staff(staff(by, role)), at=NOON)


def unmarks(submission, by="petra", role="privacy officer"):
    who = Actor.staff(staff(by, role))
    return sensitivity.unmark_sensitive(fresh(submission), reason="A mistake.", actor=who, at=NOON)


class TestTheMark:
    def test_raises_the_rung_and_is_the_reason(self):
        submission = ana_objects()
        assert asked_of(fresh(submission)) == Asked(CONTACT, Reason.TAKEN_BACK)
        marks(submission)
        assert asked_of(fresh(submission)) == Asked(CONTACT_ON_FILE, Reason.SENSITIVE)

    def test_is_evidence_without_a_word_of_the_reason_which_is_a_sealed_note(self):
        submission = ana_objects()
        marks(submission)
        unmarks(submission)
        assert kinds(submission)[-2:] == ["sensitive_marked", "sensitive_unmarked"]
        assert not submission.evidence.filter(body__contains="hospital").exists()
        note = Message.objects.filter(dsr=fresh(submission), author=Message.Author.INTERNAL).earliest("written_at")
        assert (note.body, note.staff.username) == (WHY, "bruno")
        assert b"hospital" not in bytes(note.body_sealed)
        assert list(evidence.verify()) == []

    @pytest.mark.parametrize(("by", "role"), [("ada", "approver"), ("ivo", "identity reviewer"), ("otto", "auditor")])
    def test_is_set_by_handler_and_privacy_officer_alone(self, by, role):
        submission = ana_objects()
        with pytest.raises(RoleMissing):
            marks(submission, by, role)
        marks(submission, "petra", "privacy officer")
        assert fresh(submission).sensitive_since == NOON

    @pytest.mark.parametrize(("by", "role"), [("bruno", "handler"), ("ada", "approver")])
    def test_is_taken_off_by_the_privacy_officer_alone(self, by, role):
        submission = ana_objects()
        marks(submission)
        with pytest.raises(RoleMissing):
            unmarks(submission, by, role)
        unmarks(submission)
        assert asked_of(fresh(submission)).rung == CONTACT

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_needs_a_reason(self, reason):
        with pytest.raises(Refused, match="why"):
            marks(ana_objects(), reason=reason)

    def test_is_set_once_and_taken_off_once(self):
        submission = ana_objects()
        with pytest.raises(Refused, match="so already"):
            unmarks(submission)
        marks(submission)
        with pytest.raises(Refused, match="so already"):
            marks(submission, "petra", "privacy officer")

    def test_comes_too_late_for_what_has_ended(self):
        submission = ana_objects()
        person.cancel(fresh(submission), actor=Actor.person(), at=NOON)
        with pytest.raises(Refused, match="has ended"):
            marks(submission)
        assert "sensitive_marked" not in kinds(submission)

    def test_is_not_for_an_opt_out_which_asks_nothing_ever(self):
        submission = ana_files("marketing_optout")
        with pytest.raises(Refused, match="change nothing"):
            marks(submission)
        DataSubjectRequest.objects.update(sensitive_since=NOON)
        assert asked_of(fresh(submission)) == Asked(NONE, Reason.FREE)


class TestTheContactOnFile:
    def test_is_asked_for_at_once_where_the_address_is_confirmed(self):
        submission = verified(ana_objects()).submission
        assert not SourceLookup.objects.exists()
        marks(submission)
        sweeps.run_steps(NOON)
        assert submission.contacts.get().role == "on_file"
        assert Notice.objects.filter(kind="code", recipient__startswith="contact:").count() == 1
        assert on_file.is_asked(submission)

    def test_is_asked_for_with_the_code_where_the_address_is_not_confirmed_yet(self):
        submission = ana_objects()
        marks(submission)
        assert not SourceLookup.objects.exists()  # else anybody could have mail sent to a stranger
        confirms(submission)
        assert SourceLookup.objects.count() == 1

    def test_is_asked_for_at_once_of_a_letter_without_an_address(self):
        filing = Filing(uuid.uuid4(), ("objection",), "Ana Example", "", "C-1001", "en", postal="Elm Street 5")
        submission = intake.receive(filing, channel="post", actor=Actor.staff(staff("hans", "handler")), at=NOON)
        assert not SourceLookup.objects.exists()
        marks(submission)
        assert obstacles(submission, "objection") == ("lookup",)
        assert SourceLookup.objects.get().next_try_at == NOON

    def test_that_confirmed_opens_what_the_mark_held_back(self):
        submission = verified(ana_objects()).submission
        marks(submission)
        assert obstacles(submission, "objection") == ("lookup",)
        sweeps.run_steps(NOON)
        assert obstacles(submission, "objection") == ("on_file",)
        code = code_for(submission.contacts.get().checks.get())
        assert on_file.confirm_on_file(submission, code=code, actor=Actor.person(), at=NOON)
        assert obstacles(submission, "objection") == ()


class TestADecisionThatWaits:
    def approves(self, waiting):
        waiting.dsr.refresh_from_db()
        ada = Actor.staff(staff("ada"))
        return decision.approve(waiting.dsr, digest=waiting.content_digest, actor=ada, at=NOON)

    def test_is_held_by_the_gate_until_the_contact_on_file_spoke(self):
        submission = ana_objects("complaint")  # nothing is carried out before it is decided
        waiting = decided(verified(submission), staff("bruno", "handler"))
        marks(submission)
        with pytest.raises(Refused, match="has not said yet who is on file"):
            self.approves(waiting)
        sweeps.run_steps(NOON)
        with pytest.raises(Refused, match="nobody has typed it"):
            self.approves(waiting)
        assert fresh(submission).state == "awaiting_approval"

    def test_goes_out_once_the_mark_is_taken_off(self):
        submission = ana_objects("complaint")  # nothing is carried out before it is decided
        waiting = decided(verified(submission), staff("bruno", "handler"))
        marks(submission)
        unmarks(submission)
        assert self.approves(waiting).state == "fulfilled"
