"""The sign-in at a provider in a browser: Ana's in place of the code, and Petra's to the desk."""

from collections.abc import Callable
from typing import Any

import pytest

from requests_app.models import SignIn, Submission
from requests_app.rules.identity import CONTACT_ON_FILE
from tests.openid import Provider

from .conftest import WIDTHS, World
from .test_every_page import findings
from .test_roads import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]


def signs_in_there(page: Any, provider: Provider, subject: str) -> None:
    page.wait_for_url(f"{provider.issuer}/oauth2/authorize**")
    page.fill("input[name=sub]", subject)
    page.locator("button:not([value=deny])").first.click()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_ana_signs_in_at_the_controller_in_place_of_the_code(
    world: World, open_as: Callable[..., Any], provider: Provider, width: int, script: bool
):
    provider.has("ana", email="ana@example.org", email_verified=True)
    page = open_as(None, width=width, script=script)
    page.goto("/")
    page.locator("[name=rights][value=access]").check()
    page.fill("[name=name]", "Ana Example")
    page.fill("[name=email]", "ana@example.org")
    page.locator("main form button[type=submit]").last.click()
    page.locator("button[name=action][value=send]").click()
    page.wait_for_url("**/status/")
    wrong = findings(page, "before") if script else []
    button = page.get_by_role("button", name="Sign in with your account at Example Organisation")
    tab_to(page, button)
    page.keyboard.press("Enter")
    signs_in_there(page, provider, "ana")
    page.wait_for_url("**/status/")
    assert "Your sign-in has confirmed your address" in page.inner_text("main")
    wrong += findings(page, "after") if script else []
    assert not wrong, "\n".join(wrong)
    assert Submission.objects.get().assurance == CONTACT_ON_FILE
    assert SignIn.objects.count() == 1
    assert not page.mistakes


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_petra_signs_in_at_her_organisation_with_the_roles_that_it_gives_and_loses_one(
    world: World, open_as: Callable[..., Any], provider: Provider, settings: Any, width: int
):
    settings.STAFF_OIDC_ROLES = [("dpo", "privacy officer"), ("case-team", "handler")]
    petra = {"email": "petra@controller.example", "email_verified": True}
    provider.has("petra-1", **petra, groups=["dpo", "case-team"])
    provider.lies(claims={"amr": ["pwd", "mfa"]})
    page = open_as(None, width=width)
    page.goto("/admin/")
    wrong = findings(page, "sign-in")
    tab_to(page, page.get_by_role("button", name="Sign in with your organisation"))
    page.keyboard.press("Enter")
    signs_in_there(page, provider, "petra-1")
    page.wait_for_url("**/datasubjectrequest/")
    assert page.goto("/admin/requests_app/datasubjectrequest/recalculate/").status == 200

    provider.has("petra-1", **petra, groups=["case-team"])
    again = open_as(None, width=width)
    again.goto("/admin/")
    again.get_by_role("button", name="Sign in with your organisation").click()
    signs_in_there(again, provider, "petra-1")
    again.wait_for_url("**/datasubjectrequest/")
    for browser in (page, again):
        assert browser.goto("/admin/requests_app/datasubjectrequest/recalculate/").status == 403

    provider.has("petra-1", **petra, groups=[])
    refused = open_as(None, width=width)
    refused.goto("/admin/")
    refused.get_by_role("button", name="Sign in with your organisation").click()
    signs_in_there(refused, provider, "petra-1")
    refused.wait_for_url("**/staff/sign-in/")
    assert "have no access here" in refused.inner_text("body")
    wrong += findings(refused, "refused")
    assert not wrong, "\n".join(wrong)
