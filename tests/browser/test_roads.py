"""Ana's road with the keyboard alone, and with a browser that runs no script."""

from collections.abc import Callable
from typing import Any

import pytest

from requests_app.models import IdentityCheck, Message
from requests_app.operations import desk, identity
from requests_app.operations.actors import Actor

from .conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
RING = """element => [element, element.closest("label")].some(seen => seen && (
    getComputedStyle(seen).outlineStyle !== "none" || getComputedStyle(seen).boxShadow !== "none"))"""


def newest_code() -> str:
    return identity.code_for(IdentityCheck.objects.order_by("-issued_at", "-issue").first())


def tab_to(page: Any, target: Any) -> None:
    """Press Tab until the target has the focus, and look whether the focus can be seen."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate(RING), f"the focus on {target} cannot be seen"
            return
    raise AssertionError(f"the keyboard never reaches {target}")


def test_ana_files_and_confirms_with_the_keyboard_alone(world: World, open_as: Callable[..., Any]):
    page = open_as(None)
    page.goto("/")
    tab_to(page, page.locator("input[name=rights][value=access]"))
    page.keyboard.press("Space")
    for field, typed in (("name", "Ana Example"), ("email", "ana@example.org")):
        tab_to(page, page.locator(f"input[name={field}]"))
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=ana@example.org")
    tab_to(page, page.locator("button[name=action][value=send]"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/status/")
    tab_to(page, page.locator("input[name=code]"))
    page.keyboard.type(newest_code())
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your address is confirmed")


def test_ana_files_confirms_replies_and_cancels_without_script(world: World, open_as: Callable[..., Any]):
    page = open_as(None, script=False, width=390)
    page.goto("/")
    page.check("input[name=rights][value=access]")
    page.fill("input[name=name]", "Ana Example")
    page.fill("input[name=email]", "ana@example.org")
    page.locator("form:has(input[name=email]) button[type=submit]").last.click()
    page.click("button[name=action][value=send]")
    page.fill("input[name=code]", newest_code())
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your address is confirmed")
    dsr = IdentityCheck.objects.get().submission.requests.get()
    desk.ask(dsr, question="Which account?", actor=Actor.staff(world.bruno), at=world.now)
    page.reload()
    assert "Which account?" in page.inner_text("main")
    page.fill("textarea[name=text]", "The older one.")
    page.locator("form:has(textarea[name=text]) button").click()
    assert Message.objects.filter(dsr=dsr, author=Message.Author.PERSON).count() == 1
    page.get_by_role("button", name="Cancel this request").click()
    page.locator("button[name=confirm][value=yes], form:has(input[name=confirm]) button").first.click()
    dsr.refresh_from_db()
    assert dsr.state == "cancelled"


def test_no_page_of_a_person_carries_a_script(world: World, open_as: Callable[..., Any]):
    page = open_as(world.file())
    for path in ("/", "/status/", "/find/", "/genuine/"):
        page.goto(path)
        assert page.locator("script").count() == 0, path
