"""Some three hundred pieces of script, in every field that takes words: no page of the desk or of Ana runs one."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse

from requests_app.models import Notice
from tests.attacks.fields import ADMIN, Filled

pytestmark = pytest.mark.django_db
RUN = "otto=1"
# What closes the place in which a text may stand: an attribute, an element, a comment, a script.
BREAKERS = ("", '">', "'>", "</textarea>", "</title>", "</script>", "</style>", "-->", "]]>", "&quot;&gt;")
VECTORS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT>",
    f"<script src=data:,{RUN}></script>",
    f"<img src=x onerror={RUN}>",
    f"<img/src=x/onerror={RUN}//",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><a xlink:href=javascript:{RUN}>x</a></math>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<iframe src=javascript:parent.{RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<object data=javascript:{RUN}>",
    f"<embed src=javascript:{RUN}>",
    f"<a href=javascript:{RUN} autofocus onfocus={RUN}>x</a>",
    f"<form action=javascript:{RUN}><button autofocus onfocus={RUN}>x",
    f"<meta http-equiv=refresh content=0;javascript:{RUN}>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    f"<style>@import'javascript:{RUN}';*{{x:expression({RUN})}}</style>",
    f"<marquee onstart={RUN}>x</marquee>",
    f" autofocus onfocus={RUN} onmouseover={RUN} x=",
    f"' onmouseover={RUN} style=display:block x='",
    f"javascript:{RUN}",
)
PAYLOADS = [breaker + vector for breaker, vector in product(BREAKERS, VECTORS)]
FIRE = """() => {
    document.querySelectorAll('details').forEach(fold => { fold.open = true });
    document.querySelectorAll('*').forEach(node => ['mouseover', 'focus', 'toggle', 'pointerenter'].forEach(
        kind => node.dispatchEvent(new Event(kind, {bubbles: true}))));
    return typeof otto !== 'undefined';
}"""


def test_there_are_three_hundred_of_them():
    assert len(set(PAYLOADS)) == 300
    assert max(map(len, PAYLOADS)) < 180  # each fits into the shortest field


class Carousel:
    """Gives each field the next pieces that fit into it."""

    def __init__(self, payloads: list[str]) -> None:
        self.left: Iterator[str] = iter(payloads)
        self.payloads = payloads
        self.given: set[str] = set()

    def __call__(self, field: str, room: int) -> str:
        text = ""
        while piece := next(self.left, ""):
            if len(text) + len(piece) >= room:
                self.left = iter([piece, *self.left])
                break
            text += piece + " "
            self.given.add(piece)
        self.left = iter([*self.left] or self.payloads)
        return text.strip()


def pages(case: Filled) -> tuple[list[str], list[str]]:
    """Of the desk, and of the person: each kind that shows something of this case."""
    requests = [*case.ana.requests.all(), *case.entered.requests.all()]
    own = [f"{ADMIN}{name}" for name in ("change", "history", "by_hand", "receipt")]
    desk = [reverse(name, args=[dsr.pk]) for dsr, name in product(requests, own)]
    acts = ("approve", "decide", "ask", "note", "reveal", "extend", "pause")
    desk += [reverse(f"{ADMIN}act", args=[case.dsr("access").pk, act]) for act in acts]
    desk += ["/admin/", reverse(f"{ADMIN}changelist"), reverse("admin:requests_app_notice_changelist")]
    letters = Notice.objects.filter(submission__in=[case.ana, case.entered], recipient="person")
    desk += [reverse("admin:requests_app_notice_change", args=[letter.pk]) for letter in letters[:3]]
    person = ["/status/", f"/cancel/{case.dsr('access').pk}/", "/fresh-code/"]
    return desk, person + [f"/notice/{pk}/" for pk in letters.filter(submission=case.ana).values_list("pk", flat=True)]


def runs(browser: Any, url: str, own: Client, paths: list[str]) -> list[str]:
    """What ran, was asked of another site, or was stopped by the content policy only, page by page."""
    context = browser.new_context(base_url=url)
    context.add_cookies(
        [
            {
                "name": configured.SESSION_COOKIE_NAME,
                "value": own.cookies[configured.SESSION_COOKIE_NAME].value,
                "url": url,
            }
        ]
    )
    page, found = context.new_page(), []
    page.on("dialog", lambda dialog: (found.append(f"dialog {page.url}"), dialog.dismiss()))
    page.on("console", lambda said: "Content Security" in said.text and found.append(f"{page.url}: {said.text}"))
    page.on("request", lambda asked: "evil.example" in asked.url and found.append(f"{page.url}: {asked.url}"))
    for path in paths:
        assert page.goto(path).status == 200, path
        if page.evaluate(FIRE):
            found.append(f"ran on {path}")
    context.close()
    return found


@pytest.mark.browser
def test_the_check_sees_a_script_that_runs(page):
    page.set_content("<b>x</b>")
    assert not page.evaluate(FIRE)
    page.set_content(f"<b onmouseover={RUN}>x</b>")
    assert page.evaluate(FIRE)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
@pytest.mark.parametrize("cases", [1, pytest.param(10, marks=pytest.mark.long)])
def test_no_page_runs_any_of_them(live_server, settings, browser, cases, monkeypatch):
    settings.PUBLIC_URL = live_server.url
    carousel, found, seen = Carousel(PAYLOADS), [], 0
    for number in range(cases):
        case = Filled(carousel, email=f"otto{number}@example.org")
        desk, person = pages(case)
        if cases == 1:  # one page of each kind, and all that a person sees
            desk = [
                path for path in desk if str(case.dsr("access").pk) in path or path.endswith(("/admin/", "/change/"))
            ]
        found += runs(browser, live_server.url, case.desk["petra"], desk)
        found += runs(browser, live_server.url, case.person, person)
        seen += len(desk) + len(person)
    assert found == []
    assert len(carousel.given) == len(PAYLOADS)
    print(f"{len(PAYLOADS)} pieces, {len(case.typed)} fields, {seen} pages, none ran")
