"""The sign-in of staff in a browser: by keyboard, without script, with a passkey, and looked at on every page."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from tests.sign_in import PASSWORD, code

from .conftest import WIDTHS, World
from .test_every_page import findings
from .test_roads import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]


@pytest.fixture(autouse=True)
def _password(world: World) -> None:
    cache.clear()  # codes used by an earlier test; its table is nobody's model, so no flush empties it
    world.petra.set_password(PASSWORD)
    world.petra.save()


def give_password(page: Any) -> None:
    page.goto("/admin/")
    tab_to(page, page.locator("[name=login]"))
    page.keyboard.type("petra")
    tab_to(page, page.locator("[name=password]"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def set_up(page: Any) -> None:
    page.wait_for_url("**/staff/second-factor/app/")
    secret = page.inner_text("code.key")
    tab_to(page, page.locator("[name=code]"))
    page.keyboard.type(code(secret, seconds_left=8))
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/second-factor/codes/")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_petra_sets_up_her_second_factor_and_signs_in_with_the_keyboard_alone(
    world: World, open_as: Callable[..., Any], width: int
):
    page = open_as(None, width=width)
    wrong = []
    give_password(page)
    page.wait_for_url("**/staff/second-factor/app/")
    secret = page.inner_text("code.key")
    wrong += findings(page, "set up")
    tab_to(page, page.locator("[name=code]"))
    page.keyboard.type(code(secret, seconds_left=8))
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/second-factor/codes/")
    wrong += findings(page, "recovery codes")
    tab_to(page, page.get_by_role("link", name="I have kept them"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasubjectrequest/")

    again = open_as(None, width=width)
    give_password(again)
    again.wait_for_url("**/staff/sign-in/code/**")
    wrong += findings(again, "code")
    tab_to(again, again.locator("[name=code]"))
    again.keyboard.type(code(secret, seconds_left=8))
    again.keyboard.press("Enter")
    again.wait_for_url("**/admin/**")
    assert "Log out" in again.inner_text("body")
    assert not wrong, "\n".join(wrong)


def test_petra_signs_in_without_script(world: World, open_as: Callable[..., Any]):
    page = open_as(None, script=False)
    page.goto("/admin/")
    page.fill("[name=login]", "petra")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    secret = page.inner_text("code.key")
    page.fill("[name=code]", code(secret, seconds_left=8))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/datasubjectrequest/")


def test_petra_adds_a_passkey_and_signs_in_with_it(world: World, open_as: Callable[..., Any]):
    page = open_as(None)
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**key, "isUserVerified": True}})
    give_password(page)
    set_up(page)
    page.goto("/staff/second-factor/passkeys/add/")
    assert not findings(page, "add a passkey")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/staff/second-factor/")
    assert Authenticator.objects.filter(user=world.petra, type="webauthn").count() == 1
    page.context.clear_cookies()
    give_password(page)
    page.wait_for_url("**/staff/sign-in/code/**")
    assert not findings(page, "code or passkey")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/datasubjectrequest/")
    assert not page.mistakes
