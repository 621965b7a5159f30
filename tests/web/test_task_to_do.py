"""The page on which a department says that it did what it was told: plain words, nobody named before a button, no way
back afterwards."""

from datetime import timedelta

import pytest
from django.test import Client

from requests_app import clock
from requests_app.models import ErasureItem, EvidenceEvent, SourceAct, SourceTask, StepFile, TaskLink
from requests_app.operations import changes, decision, doing, erasure_plan, source_tasks, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.doing import Word
from requests_app.rules.erasure_plan import Choice
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff
from tests.web.access_world import footprint
from tests.web.test_task_page import MARKUP, PEOPLE, came_by, link, named, opened, text

pytestmark = pytest.mark.django_db
WROTE = {"statement": "Changed in the card file.", "by": "Carla Verdi, archive"}


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    published_policy()
    settings.FILES_DIR = str(tmp_path / "files")
    options = {"name": "Archive", "to": ["carla@shop.example", "dora@shop.example"]}
    settings.DATA_SOURCES = {"archive": {"BACKEND": PEOPLE, "OPTIONS": options}}


@pytest.fixture
def secret():
    """Of Carla's link; Ana wants her street put right."""
    at = clock.now()
    submission = ana_files("correction", name=f"Ana {MARKUP}", details="My secret story.", at=at)
    confirms(submission, at=at)
    sweeps.run_steps(at)
    bruno, right = Actor.staff(staff("bruno", "handler")), submission.requests.get()
    changes.state_change(right, field="street", before="Via Roma 1", wanted=f"Via Po 2 {MARKUP}", actor=bruno, at=at)
    SourceAct.objects.exclude(alias="archive").delete()
    sweeps.carry_out_acts(at)
    return source_tasks.link_secret(link())


@pytest.fixture
def carla(secret):
    """Her browser, in which the task is open."""
    return opened(came_by(secret))


def says(browser, word, **form):
    return browser.post("/task/", {"action": word, **WROTE, **form})


def act():
    return SourceAct.objects.get()


def test_opened_by_scanners_it_changes_nothing_and_names_nobody(secret):
    before = footprint(), list(SourceTask.objects.values()), list(TaskLink.objects.values())
    scanner = Client(headers={"user-agent": "mail-scanner/1.0"})
    for _ in range(20):
        page = text(scanner.get(f"/t/{secret}/", follow=True))
        assert "Ana" not in page
        assert "Via" not in page
        assert "has to do what somebody asked for" in page
    for word in ("done", "nothing", "could_not", "pass_on"):
        scanner.post("/task/", {"action": word})
    assert (footprint(), list(SourceTask.objects.values()), list(TaskLink.objects.values())) == before


def test_it_says_in_plain_words_whom_it_is_about_and_what_is_to_be_done(carla):
    page = text(carla.get("/task/"))
    assert "street: not “Via Roma 1”, but “Via Po 2 &lt;script&gt;" in page
    assert "ana@example.org" in page
    assert "secret story" not in page
    assert "<script" not in page
    assert 'type="file"' not in page


def test_it_is_italian_for_who_reads_italian(carla):
    carla.cookies["django_language"] = "it"
    page = text(carla.get("/task/"))
    assert "street: non «Via Roma 1», ma «Via Po 2" in page
    assert "Che cosa fare" in page
    assert "È fatto" in page


@pytest.mark.parametrize(
    ("word", "status", "words"),
    [
        ("done", "done", "You said that it is done."),
        ("nothing", "done", "You said that you hold nothing of it."),
        ("could_not", "by_hand", "You said that you could not do it."),
    ],
)
def test_what_is_said_is_shown_back_without_whom_it_was_about_and_stays(carla, secret, word, status, words):
    assert says(carla, word, statement=f"In the card file. {MARKUP}").status_code == 302
    assert act().status == status
    page = text(carla.get("/task/"))
    for shown in (words, "In the card file. &lt;script&gt;", "Carla Verdi"):
        assert shown in page
    assert "ana@" not in page
    page = text(came_by(secret).get("/task/"))  # a scanner, too: what was said, and in nobody's words
    assert (words in page, "card file" in page, "Carla" in page) == (True, False, False)
    before = footprint()
    assert says(carla, "done").status_code == 200
    assert footprint() == before
    page = came_by(source_tasks.link_secret(link("dora@shop.example"))).get("/task/")
    assert (page.status_code, "A colleague of yours" in text(page), "card file" in text(page)) == (410, True, False)


@pytest.mark.parametrize(
    ("word", "form", "words"),
    [
        ("done", {"by": ""}, "Who did it: write a name."),
        ("done", {"statement": " "}, "Write what you did and when"),
        ("could_not", {"statement": ""}, "Write what you did and when"),
        ("done", {"statement": "x" * 4001}, "shorten it to 4000"),
    ],
)
def test_who_did_it_and_what_have_to_be_said_and_what_was_typed_stays(carla, word, form, words):
    page = says(carla, word, **form)
    assert page.status_code == 422
    assert words in text(page)
    assert form.get("by", WROTE["by"]) in text(page)
    assert act().status == "pending"


def test_that_nothing_is_held_needs_no_words(carla):
    assert says(carla, "nothing", statement="").status_code == 302
    assert act().answer["outcome"] == "not_found"


@pytest.mark.parametrize("word", ["answer", "approve", ""])
def test_a_button_of_another_page_does_nothing_and_no_file_is_taken(carla, word):
    before = footprint()
    page = carla.post("/task/", {"action": word, **WROTE, "files": [named(b"scan")]})
    assert page.status_code == 200
    assert footprint() == before
    assert not StepFile.objects.exists()


def test_it_is_given_to_a_colleague_of_the_same_house_only(carla):
    assert carla.post("/task/", {"action": "pass_on", "email": "otto@example.net"}).status_code == 422
    assert carla.post("/task/", {"action": "pass_on", "email": "emil@shop.example"}).status_code == 302
    emil = opened(came_by(source_tasks.link_secret(link("emil@shop.example"))))
    assert says(emil, "done").status_code == 302
    assert EvidenceEvent.objects.filter(kind="task_answered").count() == 1


def test_without_the_csrf_token_nothing_is_taken(secret):
    browser = came_by(secret, enforce_csrf_checks=True)
    browser.get("/task/")
    assert says(browser, "done").status_code == 403
    assert act().status == "pending"


def test_a_late_task_says_so_and_can_still_be_answered(carla):
    SourceTask.objects.update(due_at=clock.now() - timedelta(days=3))
    assert "Its last day is over." in text(carla.get("/task/"))
    assert says(carla, "done").status_code == 302


def test_the_certificate_says_that_people_of_the_department_did_it(client):
    """Of a deletion, from the task to the page of the person."""
    at = NOON + timedelta(days=10)
    bruno, ada = Actor.staff(staff("bruno", "handler")), Actor.staff(staff("ada", "approver"))
    submission = ana_files("deletion")
    confirms(submission)
    sweeps.run_steps(NOON)
    sweeps.carry_out_acts(NOON)
    asked = confirms_erasure(submission.requests.get())
    items = {item.pk: Choice("erase") for item in ErasureItem.objects.all()}
    erasure_plan.decide(asked, items, actor=bruno, at=at)
    answer = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "x"}
    made = decision.decide(asked, **answer, actor=bruno, at=at)
    decision.approve(asked, digest=made.content_digest, actor=ada, at=at)
    sweeps.carry_out_acts(at)
    doing.say(link(), Word.DONE, **WROTE, at=at)
    sweeps.carry_out_acts(at)
    session = client.session
    session["submission"], session["proved"] = str(submission.pk), [submission.email_digest]
    session["proved_at"] = clock.now().isoformat()
    session.save()
    page = text(client.get(f"/certificate/{asked.pk}/"))
    assert "People of that department did it, and say so themselves." in page
    assert "Carla" not in page
