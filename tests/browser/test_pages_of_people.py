"""The choice among several people at both widths: no barrier, nothing cut off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from requests_app.operations import people_found, sweeps

from .conftest import WIDTHS, World
from .test_every_page import findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
MEMORY = "requests_app.connectors.in_memory.InMemory"
CASE = "admin:requests_app_datasubjectrequest_change"


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
def test_the_choice_and_the_case_after_it_hold_nothing_against_anybody(
    world: World, open_as: Callable[..., Any], settings: Any, width: int
) -> None:
    shared = ["ana1@example.org", "a.very.long.address.of.the.whole.family.example@mail.shop-for-lamps.example"]
    people = [
        {"reference": number, "emails": shared[:count], "since": world.now - timedelta(days=900 * count),
         "records": {"orders": [{"n": count}]}}
        for count, number in enumerate(("C-1001", "C-2002"), start=1)
    ]  # fmt: skip
    options = {"people": people, "tables": {"orders": {"columns": {"n": "number"}}}}
    settings.DATA_SOURCES = {"shop": {"BACKEND": MEMORY, "OPTIONS": options}}
    dsr = world.file().requests.get()
    sweeps.run_steps(world.now)
    sweeps.read_sources(world.now)
    found = people_found.of(dsr).get()
    page = open_as(world.bruno, width=width)
    page.goto(reverse(CASE, args=[dsr.pk]))
    assert findings(page, "case") == []
    page.get_by_role("link", name="Choose whom it is about").last.click()
    page.get_by_role("button", name="Choose whom it is about").click()
    assert "Tick whom it is about" in page.inner_text("main, #content")
    page.mistakes.clear()  # the browser's own word for 422
    assert findings(page, "choice") == []
    page.get_by_label("C-1001").check()
    page.get_by_label("How you told them apart").fill("She told the street of her first order.")
    page.get_by_role("button", name="Choose whom it is about").click()
    page.wait_for_selector("text=Chosen. The source is asked now")
    assert findings(page, "chosen") == []
    found.refresh_from_db()
    assert found.chosen == ["C-1001"]
