"""A department's task in a browser, from the mail to the step that is found."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from requests_app import clock
from requests_app.models import FulfilmentStep, SourceAct, StepFile
from requests_app.operations import sweeps

from .conftest import WIDTHS, World
from .test_every_page import findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
BACKEND = "requests_app.connectors.people.DepartmentPeople"


@pytest.fixture
def link(world: World, settings: Any) -> str:
    """The address in Carla's mail."""
    options = {
        "name": "Customer service",
        "to": ["carla@shop.example", "dora@shop.example"],
        "tables": {"statement": {"label": {"en": "Notes of calls", "it": "Note di chiamate"}}},
    }
    settings.DATA_SOURCES = {"service": {"BACKEND": BACKEND, "OPTIONS": options}}
    world.file("access", details="My number is C-1001.")
    for sweep in (sweeps.run_steps, sweeps.read_sources, sweeps.deliver_notices):
        sweep(clock.now())
    return mailed_to("carla@shop.example")


def mailed_to(address: str) -> str:
    (sent,) = [one for one in mail.outbox if one.to == [address]]
    found = re.search(r"http\S+/t/\S+/", sent.body)
    assert found is not None
    return found[0]


def seen(page: Any, name: str) -> list[str]:
    """What is wrong with the page; that an answer was no 200 is no mistake of a script."""
    return [one for one in findings(page, name) if "Failed to load resource" not in one]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_department_answers_with_a_file_and_the_step_is_found(
    link: str, world: World, open_as: Callable[..., Any], tmp_path: Path, width: int, script: bool
):
    page = open_as(None, width=width, script=script)
    look = seen if script else lambda page, name: []
    page.goto(link)
    assert page.url.endswith("/task/")
    assert "Ana" not in page.inner_text("body")
    wrong = look(page, "cover")
    page.get_by_role("button", name="Open the task").click()
    assert "Ana Example" in page.inner_text("main")
    wrong += look(page, "task")
    page.get_by_role("button", name="Send the answer").click()
    assert "write it, or choose files" in page.inner_text("main")
    wrong += look(page, "without anything")
    page.get_by_text("Somebody else should answer").click()
    page.get_by_label("E-mail of your colleague").fill("emil@shop.example")
    page.get_by_role("button", name="Send them the task").click()
    assert "They get a link of their own." in page.inner_text("main")
    calls = tmp_path / "calls of May.txt"
    calls.write_text("Call of 3 May.")
    page.get_by_label("What you hold", exact=True).fill("Two calls, in May.")
    page.get_by_label("Copies").set_input_files(calls)
    page.get_by_role("button", name="Send the answer").click()
    assert "We have your answer." in page.inner_text("main")
    assert "calls of May.txt" in page.inner_text("main")
    wrong += look(page, "answered")
    step = FulfilmentStep.objects.get()
    assert (step.status, step.records) == ("found", 1)
    assert StepFile.objects.get().name == "calls of May.txt"
    page.get_by_text("Correct the answer").click()
    wrong += look(page, "to correct")
    page.get_by_label("What you hold", exact=True).fill("Three calls, in May.")
    page.get_by_role("button", name="Send the corrected answer").click()
    assert "Three calls, in May." in page.inner_text("main")
    assert StepFile.objects.count() == 1
    other = open_as(None, width=width, script=script, language="it-IT")
    other.goto(link)
    other.get_by_role("button", name="Apra il compito").click()
    assert "Abbiamo la Sua risposta" in other.inner_text("main")
    FulfilmentStep.objects.update(reviewed_by=world.petra, reviewed_at=clock.now())
    assert page.goto(link).status == 410
    wrong += look(page, "closed")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_department_says_that_it_stopped_what_it_was_told_to_stop(
    world: World, settings: Any, open_as: Callable[..., Any], width: int
):
    options = {"name": "Archive", "to": ["carla@shop.example"]}
    settings.DATA_SOURCES = {"archive": {"BACKEND": BACKEND, "OPTIONS": options}}
    world.file("marketing_optout", verified=False)
    page = open_as(None, width=width)
    for sweep in (sweeps.carry_out_acts, sweeps.deliver_notices):
        sweep(clock.now())
    page.goto(mailed_to("carla@shop.example"))
    wrong = seen(page, "cover")
    page.get_by_role("button", name="Open the task").click()
    assert "Direct marketing: stop it." in page.inner_text("main")
    wrong += seen(page, "what to do")
    page.get_by_role("button", name="It is done").click()
    assert "Who did it: write a name." in page.inner_text("main")
    wrong += seen(page, "unsigned")
    page.get_by_role("textbox").nth(0).fill("Taken off the list today.")
    page.get_by_role("textbox").nth(1).fill("Carla Verdi")
    page.get_by_role("button", name="It is done").click()
    assert "Taken off the list today." in page.inner_text("main")
    wrong += seen(page, "said")
    assert SourceAct.objects.get().status == "done"
    assert not wrong, "\n".join(wrong)
