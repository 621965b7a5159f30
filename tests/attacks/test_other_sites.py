"""What another site can do with Ana's or Petra's browser: send forms, frame pages, read answers, be told addresses."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from requests_app.models import DataSubjectRequest, IdentityCheck
from requests_app.operations import identity
from tests.attacks.elsewhere import Elsewhere, elsewhere
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
CASE = "/admin/requests_app/datasubjectrequest/{pk}/change/"


@pytest.fixture
def ottos() -> Iterator[Elsewhere]:
    with elsewhere() as site:
        yield site


@pytest.fixture
def portal(live_server: Any, settings: Any) -> str:
    settings.PUBLIC_URL = live_server.url
    published_policy()
    return live_server.url


@pytest.fixture
def ana(portal: str, page: Any, client: Client) -> Any:
    """Her browser, in which she filed and typed the code."""
    file_as(client)
    client.post("/confirm/", {"code": newest_code()})
    lend_session(page, client, portal)
    return page


@pytest.fixture
def petra(ana: Any, portal: str) -> Any:
    """Her browser, signed in at the desk."""
    desk = Client()
    desk.force_login(staff("petra"))
    lend_session(ana, desk, portal)
    return ana


def lend_session(page: Any, client: Client, url: str) -> None:
    key = client.cookies[configured.SESSION_COOKIE_NAME].value
    cookie = {"name": configured.SESSION_COOKIE_NAME, "value": key, "url": url, "sameSite": "Lax", "httpOnly": True}
    page.context.add_cookies([cookie])


def form_to(address: str, **fields: str) -> str:
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    return f'<!doctype html><form method="post" action="{address}">{inputs}<button>x</button></form>'


class TestAFormOfAnotherSite:
    def test_cancels_nothing_of_ana(self, ana, portal, ottos):
        dsr = DataSubjectRequest.objects.get()
        assert ana.goto(f"{portal}/status/").status == 200
        ottos.pages["/"] = form_to(f"{portal}/cancel/{dsr.pk}/", confirm="yes")
        ana.goto(ottos.url)
        with ana.expect_navigation() as led:
            ana.get_by_role("button").click()
        assert led.value.status == 403
        assert configured.SESSION_COOKIE_NAME not in led.value.request.all_headers().get("cookie", "")
        dsr.refresh_from_db()
        assert dsr.state == "in_progress"

    def test_does_nothing_at_petras_desk(self, petra, portal, ottos):
        dsr = DataSubjectRequest.objects.get()
        assert petra.goto(portal + CASE.format(pk=dsr.pk)).status == 200
        address = f"{portal}/admin/requests_app/datasubjectrequest/{dsr.pk}/act/note/"
        ottos.pages["/"] = form_to(address, text="Otto was here.")
        petra.goto(ottos.url)
        with petra.expect_navigation() as led:
            petra.get_by_role("button").click()
        assert led.value.status == 403
        assert not dsr.messages.exists()


def test_no_page_of_ana_and_none_of_the_desk_stands_in_a_frame(petra, portal, ottos, client):
    paths = ("/", "/status/", "/find/", CASE.format(pk=DataSubjectRequest.objects.get().pk), "/staff/sign-in/")
    ottos.pages["/"] = "".join(f'<iframe src="{portal}{path}"></iframe>' for path in paths)
    petra.goto(ottos.url, wait_until="load")
    petra.wait_for_function("n => window.length === n", arg=len(paths))
    frames = petra.main_frame.child_frames
    assert [frame.locator("body").inner_text() for frame in frames if frame.url.startswith(portal)] == []
    assert len([frame for frame in frames if frame.url == "chrome-error://chromewebdata/"]) == len(paths)


def test_no_answer_is_read_by_a_script_of_another_site(ana, portal, ottos):
    ana.goto(ottos.url)
    read = """async address => {
        try { return await (await fetch(address, {credentials: 'include'})).text() } catch (error) { return '' }
    }"""
    ics = f"/date/{DataSubjectRequest.objects.get().pk}/"
    assert [ana.evaluate(read, portal + path) for path in ("/status/", ics, "/livez")] == ["", "", ""]
    assert ana.goto(portal + "/livez").status == 200  # it is there, and only its own site may read it


class TestAnAddress:
    def test_of_a_link_is_told_to_no_other_site_and_stays_in_no_history(self, page, portal, ottos, client):
        file_as(client)
        secret = identity.link_secret(IdentityCheck.objects.get())
        page.goto(f"{portal}/l/{secret}/")
        assert page.url == f"{portal}/l/"
        asked = [page.evaluate("document.referrer"), *page.evaluate("performance.getEntries().map(e => e.name)")]
        leave_for(page, ottos)
        assert secret not in str([asked, ottos.visits])
        page.go_back()
        assert page.url == f"{portal}/l/"

    def test_of_a_page_is_told_to_no_other_site(self, ana, portal, ottos):
        for path in ("/status/", f"/cancel/{DataSubjectRequest.objects.get().pk}/"):
            assert ana.goto(portal + path).status == 200
            leave_for(ana, ottos)
        assert len(ottos.visits) == 2
        assert [headers["Referer"] for _, headers in ottos.visits if "Referer" in headers] == []

    def test_cannot_be_kept_to_ourselves_more_strictly_while_pages_have_forms(self, page, portal):
        # The reason for "same-origin": the day this fails, "no-referrer" can stand on every page.
        def stricter(route):
            answer = route.fetch()
            route.fulfill(response=answer, headers={**answer.headers, "referrer-policy": "no-referrer"})

        page.route("**/find/", stricter, times=1)
        page.goto(f"{portal}/find/")
        page.fill("[name=email]", "ana@example.org")
        with page.expect_navigation() as led:
            page.get_by_role("button", name="Send").click()
        assert led.value.request.all_headers()["origin"] == "null"
        assert led.value.status == 403


def leave_for(page: Any, site: Elsewhere) -> None:
    """As if the page had a link to the other site."""
    with page.expect_navigation():
        page.evaluate(
            "there => { const a = document.createElement('a'); a.href = there; document.body.append(a); a.click() }",
            site.url + "/from-the-portal",
        )
    site.visits[:] = [visit for visit in site.visits if visit[0] != "/favicon.ico"]
