"""A policy that asks more of agents, or of letters, is kept at every step: filing, lookup, decision, release."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from requests_app.models import DataSubjectRequest
from requests_app.operations import decision, intake, lookups, policies, proof, reopening
from requests_app.operations.actors import Actor
from requests_app.operations.circumstances import asked_of
from requests_app.operations.intake import Filing
from requests_app.operations.refused import Refused
from requests_app.rules.authority import Kind as Acts
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE, NONE, Asked, Obstacle, Reason
from tests.operations.behalf import bruno_files, knows_on_file, obstacles
from tests.people import NOON, POLICY, ana_files, confirms, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MEMORY = {"crm": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {"people": []}}}


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    """A complaint asks nothing, but a code of an agent and the contact on file of a letter."""
    settings.FILES_DIR = tmp_path
    text = POLICY.read_text().replace("complaint = { value = 1,", "complaint = { value = 0,")
    more = '[identity.{}]\n{} = {{ value = {}, source = "house rule for the test" }}\n'
    text = text.replace("[retention]", more.format("agent", "complaint", 1) + "[retention]")
    text = text.replace("[retention]", more.format("guardian", "restriction", 2) + "[retention]")
    text = text.replace("[retention]", more.format("post", "complaint", 2) + "[retention]")
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    policies.load(text, prepared_by=petra, approved_by=ada, at=NOON)


def by_letter(right, **changes):
    filing = Filing(uuid.uuid4(), (right,), "Ana Example", "ana@example.org", "", "en", **changes)
    return intake.receive(filing, channel="post", actor=Actor.staff(staff("petra")), at=NOON)


def asks(submission):
    return asked_of(submission.requests.select_related("policy").get())


class TestFiling:
    def test_a_complaint_of_ana_herself_begins_at_once(self):
        submission = ana_files("complaint")
        assert asks(submission) == Asked(NONE, Reason.FREE)
        assert submission.requests.get().state == "in_progress"

    def test_a_complaint_by_her_agent_waits_for_his_code(self):
        submission = bruno_files("complaint", sure=False)
        assert asks(submission) == Asked(CONTACT, Reason.FOR_ANOTHER)
        assert submission.requests.get().state == "awaiting_verification"

    def test_a_complaint_by_letter_waits_for_her_code(self):
        submission = by_letter("complaint")
        assert asks(submission) == Asked(CONTACT_ON_FILE, Reason.CHANNEL)
        assert submission.requests.get().state == "awaiting_verification"

    def test_an_opt_out_asks_nothing_whoever_files(self):
        submission = bruno_files("marketing_optout", sure=False, document=None)
        assert asks(submission) == Asked(NONE, Reason.FREE)
        assert submission.requests.get().effective_at == NOON

    def test_a_report_of_a_childs_account_raises_nothing(self):
        dsr = DataSubjectRequest(submission=bruno_files("restriction"), right="restriction")
        dsr.policy, dsr.submission.authority.kind = dsr.submission.policy, "report"
        assert asked_of(dsr) == Asked(CONTACT, Reason.TAKEN_BACK)


class TestTheContactOnFile:
    def test_is_asked_for_where_the_letter_raises_the_rung(self, settings):
        settings.DATA_SOURCES = MEMORY
        submission = by_letter("complaint")
        confirms(submission)
        assert submission.lookups.count() == 1
        own = ana_files("complaint")
        assert not lookups.asks_for_contact_on_file(own)

    def test_that_is_silent_holds_back_what_a_guardian_asks_and_not_what_an_agent_does(self):
        agent = bruno_files("restriction")
        guardian = bruno_files("restriction", kind=Acts.GUARDIAN, born_on=NOON.date().replace(year=2011), ends_on=None)
        for submission in (agent, guardian):
            knows_on_file(submission)
        assert Obstacle.ON_FILE not in obstacles(agent, "restriction")
        assert Obstacle.ON_FILE in obstacles(guardian, "restriction")


class TestWhatFollows:
    def decides(self, dsr):
        return decision.decide(
            dsr, outcome="done", letter="Dear Ana", ground="", facts="", scope="", identity_match="",
            actor=Actor.staff(staff("bruno", "handler")), at=NOON,
        )  # fmt: skip

    def test_a_decision_on_an_agents_complaint_says_how_identity_was_matched(self):
        with pytest.raises(Refused, match="how identity was matched"):
            self.decides(bruno_files("complaint").requests.get())
        assert self.decides(ana_files("complaint").requests.get())

    def test_a_document_may_be_asked_of_an_agent_and_not_where_nothing_is_asked(self):
        for name in ("ivo", "ada"):
            staff(name, "identity reviewer")
        agents, hers = bruno_files("complaint").requests.get(), ana_files("complaint").requests.get()
        known = {"reason": "The name differs.", "actor": Actor.staff(staff("bruno", "handler")), "at": NOON}
        assert proof.ask_for_document(agents, **known).state == "awaiting_verification"
        with pytest.raises(Refused, match="without any proof"):
            proof.ask_for_document(hers, **known)

    def test_taken_up_again_an_agents_complaint_asks_for_proof(self):
        assert reopening.asks_for_proof(bruno_files("complaint").requests.get())
        assert not reopening.asks_for_proof(ana_files("complaint").requests.get())


def test_what_a_case_asks_is_read_in_a_number_of_statements_that_does_not_grow_with_its_rights():
    counts = []
    for rights in (["complaint"], ["complaint", "restriction", "objection"]):
        submission = ana_files(*rights)
        submission = type(submission).objects.get(pk=submission.pk)
        with CaptureQueriesContext(connection) as seen:
            lookups.asks_for_contact_on_file(submission)
        counts.append(len(seen))
    assert counts[0] == counts[1] == 3  # the requests, their policy, the authority
