"""Whose browser reads which page after two features met."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from requests_app.models import Authority, ContactChange, IdentityCheck, Submission
from requests_app.operations import decision, desk, identity
from requests_app.operations.actors import Actor
from requests_app.operations.policies import policy_of
from requests_app.rules.refusal import grounds_for
from tests.people import staff
from tests.web.test_behalf import ANA, bruno_files, finds
from tests.web.test_person_road import answers, publish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ready(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    publish()


def test_otto_takes_no_report_over_by_sending_the_first_form_with_its_key(client):
    key = str(uuid.uuid4())
    client.post("/child/", {"form_key": key, "account": "ana.bianchi", "why": "", "contact": ""})
    client.post("/", answers(form_key=key, email="otto@elsewhere.example", action="send"))
    client.post("/address/", {"email": "otto@elsewhere.example"})
    submission = Submission.objects.get()
    assert submission.email == ""
    assert client.get("/status/")["Location"] == "/find/"


class TestGoingOnAlone:
    """Bruno filed for Ana; his authority ended, and she goes on alone."""

    @pytest.fixture
    def ana(self):
        self.bruno = bruno_files()
        now = timezone.now()
        Authority.objects.update(ended_at=now, wake_on=None)
        ana = finds(ANA)
        ana.post("/for-you/", {"action": "alone"})
        assert Authority.objects.get().taken_over_at
        return ana

    def request(self):
        return Submission.objects.get().requests.select_related("submission", "policy").get()

    def test_she_answers_what_we_ask_her(self, ana):
        hans = Actor.staff(staff("hans", "handler"))
        desk.ask(self.request(), question="Which account?", actor=hans, at=timezone.now())
        page = ana.get("/status/").content.decode()
        assert "Which account?" in page
        assert "acts for you no more" in page
        assert "Somebody acts for you" not in page
        assert ana.post(f"/reply/{self.request().pk}/", {"text": "The old one."})["Location"] == "/status/"
        assert self.request().messages.filter(author="person").count() == 1
        assert self.bruno.post(f"/reply/{self.request().pk}/", {"text": "Mine."}).status_code == 404

    def test_the_refusal_is_hers_to_read_and_not_brunos(self, ana):
        hans, ada, now = Actor.staff(staff("hans", "handler")), Actor.staff(staff("ada", "approver")), timezone.now()
        ground = grounds_for(policy_of(self.request().policy), "access")[0].key
        made = decision.decide(
            self.request(), outcome="refuse", letter="You owe us 500 euros.", ground=ground,
            facts="Asked twice.", scope="All.", identity_match="", actor=hans, at=now,
        )  # fmt: skip
        decision.approve(self.request(), digest=made.content_digest, actor=ada, at=now)
        letter = Submission.objects.get().notices.get(kind="decision_refused")
        assert "500 euros" in ana.get(f"/notice/{letter.pk}/").content.decode()
        assert self.bruno.get(f"/notice/{letter.pk}/").status_code == 404
        assert str(letter.pk) not in self.bruno.get("/status/").content.decode()


def test_an_agent_whose_authority_is_over_changes_no_address_any_more(client):
    bruno = bruno_files()
    finds(ANA).post("/for-you/", {"action": "no"})
    assert bruno.get("/new-address/").status_code == 404
    bruno.post("/new-address/", {"action": "ask", "email": "b2@agents.example", "lost": "yes"})
    assert not ContactChange.objects.exists()


def test_the_link_of_the_code_that_ana_asked_for_leads_her_on_where_somebody_else_filed():
    bruno_files()
    ana = finds(ANA)
    ana.post("/fresh-code/", {"action": "send", "next": "/for-you/"})
    check = IdentityCheck.objects.get(purpose="fresh")
    answer = Client().get(f"/l/{identity.link_secret(check)}/")
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "ana@\uff45xample.org", "ana@ex\u00adample.org", "ana@ex\u200bample.org", "ana@e\u212aample.org",
        "an\u017f@example.org", "\u212aim@example.org", "ana@EX\u00c4MPLE.org",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_address_that_mail_would_spell_otherwise_is_refused(client, address):
    page = client.post("/", answers(email=address, action="send"))
    assert "this is not a complete address" in page.content.decode()
    assert not Submission.objects.exists()


def test_an_address_with_letters_of_its_own_language_is_taken(client):
    client.post("/", answers(email="ana@ex\u00e4mple.org", action="send"))
    assert Submission.objects.get().email == "ana@ex\u00e4mple.org"
