"""What staff read of a department that was asked: until when, and whether anybody has looked; escaped as ever."""

import re
import uuid
from datetime import timedelta

import pytest

from requests_app import clock
from requests_app.admin import tasks
from requests_app.models import FulfilmentStep, Notice, SourceAct, SourceTask
from requests_app.operations import answering, changes, doing, erasure_plan, person, source_tasks, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.answering import Upload
from requests_app.operations.doing import Word
from requests_app.operations.streams import Writer
from tests.admin.test_desk import case_url
from tests.admin.test_sources_panel import panel, read

pytestmark = pytest.mark.django_db
PEOPLE = "requests_app.connectors.people.DepartmentPeople"
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def dsr(settings, tmp_path, file_request):
    settings.FILES_DIR = str(tmp_path)
    options = {"name": "Calls <b>and</b> letters", "to": ["carla@shop.example", "dora@shop.example"]}
    settings.DATA_SOURCES = {"service": {"BACKEND": PEOPLE, "OPTIONS": options}}
    asked = file_request()
    read(clock.now())
    return asked


def link():
    return source_tasks.with_task().order_by("email_digest").first()


def test_they_read_who_was_asked_and_whether_anybody_has_looked(dsr, sign_in):
    bruno, step = sign_in("bruno"), FulfilmentStep.objects.get()
    page = panel(bruno, dsr)
    assert "“Calls &lt;b&gt;and&lt;/b&gt; letters” has a task, sent to 2 addresses: answer by" in page
    assert "not opened yet" in page
    answering.open_task(link(), at=clock.now())
    assert "first opened on" in panel(bruno, dsr)
    assert "its last day was" in tasks.said(step, at=SourceTask.objects.get().due_at + timedelta(days=1))


def test_what_it_wrote_and_how_its_file_is_called_is_no_markup_to_staff(dsr, sign_in):
    petra, at = sign_in("petra"), clock.now()
    pk = uuid.uuid4()
    with Writer(dsr.submission_id, pk) as out:
        out.write(MARKUP.encode())
    sent = Upload(pk, f"{MARKUP}.html", out.size, out.sha256)
    answering.answer(link(), statement=MARKUP, uploads=[sent], at=at)
    sweeps.check_others(at)
    (step,) = FulfilmentStep.objects.all()
    pages = [petra.get(address) for address in looked_through(petra, dsr, step)]
    assert len(pages) > 1
    for page in pages:
        assert page.status_code == 200
        assert MARKUP not in page.content.decode()
    assert any("&lt;script&gt;" in page.content.decode() for page in pages)


def looked_through(client, dsr, step):
    """The case, and every page of the desk on which what this step found stands."""
    found, new = set(), {case_url(dsr)}
    while new:
        found |= new
        links = [
            re.findall(rf'href="(/admin/[^"#?]*{step.pk}[^"#]*)"', client.get(one).content.decode()) for one in new
        ]
        new = {one.replace("&amp;", "&") for some in links for one in some} - found
    return sorted(found)


def test_the_notice_of_a_task_is_read_without_the_secret_of_its_link(dsr, sign_in):
    notice = Notice.objects.filter(kind="task_given").first()
    page = sign_in("petra").get(f"/admin/requests_app/notice/{notice.pk}/change/").content.decode()
    assert "Task for a department" in sign_in("petra").get("/admin/requests_app/notice/").content.decode()
    assert "/t/…/" in page
    assert source_tasks.link_secret(notice.task_link)[32:] not in page


@pytest.fixture
def told(settings, staff, file_request):
    """Ana wants her street put right, and the department has the task."""
    settings.DATA_SOURCES = {
        "archive": {"BACKEND": PEOPLE, "OPTIONS": {"name": "Archive <b>", "to": ["carla@shop.example"]}}
    }
    asked, at = file_request("correction"), clock.now()
    actor = Actor.staff(staff["bruno"])
    changes.state_change(asked, field="street", before="", wanted="Via Po 2", actor=actor, at=at)
    sweeps.carry_out_acts(at)
    return asked


def changes_of(client, dsr):
    return client.get(case_url(dsr)).content.decode().partition('id="changes"')[2].partition("</section>")[0]


def test_of_an_act_they_read_who_has_the_task_and_can_have_it_told_again_or_say_that_it_was_done(told, sign_in):
    page = changes_of(sign_in("bruno"), told)
    assert "“Archive &lt;b&gt;” has a task, sent to 1 address: answer by" in page
    assert "Tell it again" in page
    assert "It was done by hand" in page


@pytest.mark.parametrize(("word", "words"), [(Word.DONE, "put right"), (Word.COULD_NOT, "could not. In the card")])
def test_what_a_department_said_of_an_act_stands_on_the_case_and_is_no_markup(told, sign_in, word, words):
    doing.say(link(), word, statement=f"In the card file. {MARKUP}", by=f"Carla {MARKUP}", at=clock.now())
    page = changes_of(sign_in("bruno"), told)
    assert words in page
    assert "“Archive &lt;b&gt;” on" in page
    assert "In the card file. &lt;script&gt;" in page
    assert "<script" not in page
    whole = sign_in("bruno").get(case_url(told)).content.decode()
    assert "gave a department (archive) the task to put a value right." in whole


def test_what_it_wrote_before_it_was_told_again_stands_in_the_thread_and_is_no_markup(told, sign_in, staff):
    doing.say(link(), Word.COULD_NOT, statement=f"No card. {MARKUP}", by=f"Carla {MARKUP}", at=clock.now())
    erasure_plan.ask_again(SourceAct.objects.get(alias="archive"), actor=Actor.staff(staff["bruno"]), at=clock.now())
    sweeps.carry_out_acts(clock.now())
    page = sign_in("bruno").get(case_url(told)).content.decode()
    assert "Internal note by the portal on" in page
    assert "“Archive &lt;b&gt;” could not do it" in page
    assert "No card. &lt;script&gt;" in page
    assert MARKUP not in page


def test_what_a_department_was_to_stop_and_was_taken_back_is_over_and_nobody_says_it_was_done(
    settings, file_request, sign_in
):
    options = {"name": "Archive", "to": ["carla@shop.example"]}
    settings.DATA_SOURCES = {"archive": {"BACKEND": PEOPLE, "OPTIONS": options}}
    dsr = file_request("consent_withdrawal")
    sweeps.carry_out_acts(clock.now())
    person.undo(dsr, actor=Actor.person(), at=clock.now())
    sweeps.carry_out_acts(clock.now())
    page = sign_in("bruno").get(case_url(dsr)).content.decode().partition('id="told"')[2].partition("</section>")[0]
    assert "over, since the person took it back" in page
    assert page.count("people have to do it") == 1
    assert page.count(">It was done by hand</a>") == 1
