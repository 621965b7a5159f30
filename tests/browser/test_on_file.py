"""The contact on file in a browser: the box of the status page, the page of the mail's link, the desk's box."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import Contact, IdentityCheck, Submission
from requests_app.operations import identity, sweeps

from .conftest import WIDTHS, World
from .test_every_page import ADMIN, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
PEOPLE = [{"reference": "C-1001", "emails": ["ana@old.example"], "since": datetime(2024, 1, 1, tzinfo=UTC)}]


@pytest.fixture
def filed(world: World, settings: Any) -> Submission:
    backend = "requests_app.connectors.in_memory.InMemory"
    settings.DATA_SOURCES = {"customers": {"BACKEND": backend, "OPTIONS": {"people": PEOPLE}}}
    submission = world.file("access", details="My number is C-1001.")
    sweeps.run_steps(clock.now())
    return submission


def newest() -> IdentityCheck:
    return IdentityCheck.objects.filter(purpose="on_file").latest("issue")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_ana_types_the_code_of_her_other_contact(
    filed: Submission, world: World, open_as: Callable[..., Any], width: int
):
    page = open_as(filed, width=width)
    page.goto("/status/")
    box = page.locator("#on-file")
    assert "If we hold another contact of yours, a code is on its way to it." in box.inner_text()
    box.locator("[name=code]").fill("000000")
    box.get_by_role("button", name="Confirm").click()
    assert "this is not a code that we sent to another contact" in page.locator("#on-file").inner_text()
    wrong = findings(page, "wrong code")
    page.locator("#on-file summary").click()
    page.get_by_role("button", name="Send a new code").click()
    assert "a new code is on its way to it" in page.inner_text("main")
    page.locator("#on-file [name=code]").fill(identity.code_for(newest()))
    page.locator("#on-file").get_by_role("button", name="Confirm").click()
    assert "That contact is confirmed, too." in page.inner_text("main")
    assert page.locator("#on-file").count() == 0
    filed.refresh_from_db()
    assert filed.assurance == 2
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_whoever_reads_that_mail_says_that_it_was_not_them(
    filed: Submission, world: World, open_as: Callable[..., Any], width: int, script: bool
):
    page = open_as(None, width=width, script=script)
    page.goto(f"/l/{identity.link_secret(newest())}/")
    assert page.url.endswith("/was-it-you/")
    wrong = findings(page, "asked") if script else []
    page.get_by_role("button", name="It was not me").click()
    assert "type the six digits" in page.inner_text("main")
    wrong += findings(page, "without a code") if script else []
    page.fill("[name=code]", identity.code_for(newest()))
    page.get_by_role("button", name="It was not me").click()
    assert "Nothing is given out." in page.inner_text("main")
    wrong += findings(page, "denied") if script else []
    assert Contact.objects.get().denied_at is not None
    desk = open_as(world.petra, width=width)
    for name in ("change", "by_hand"):
        desk.goto(reverse(f"{ADMIN}{name}", args=[filed.requests.get().pk]))
        assert "says that they did not ask" in desk.inner_text("body")
        wrong += findings(desk, name)
    assert not wrong, "\n".join(wrong)
