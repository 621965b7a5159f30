"""Whose browser reads which page after two features met."""

import uuid

import pytest
from django.utils import timezone

from requests_app.models import Authority, Submission
from requests_app.operations import decision, desk
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
