"""Every page at the width of a phone and of a desk: no accessibility finding, nothing cut off, no script error."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from .conftest import WIDTHS, World, handed_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
ADMIN = "admin:requests_app_datasubjectrequest_"


def findings(page: Any, name: str) -> list[str]:
    """What is wrong with the page as it stands, one line each."""
    wrong = flaws(page, name)
    wrong += [
        f"{name}: {found['id']}: {[node['target'] for node in found['nodes']][:3]}"
        for found in Axe().run(page).response["violations"]
    ]
    page.mistakes.clear()  # those of the search itself
    return wrong


def flaws(page: Any, name: str) -> list[str]:
    """What can be seen without searching the page for barriers: something cut off, a script that failed."""
    page.wait_for_load_state()  # a click returns when the next page begins
    wrong = cut_off(page, name)
    wrong += [f"{name}: script: {mistake}" for mistake in page.mistakes if "404 (Not Found)" not in mistake]
    page.mistakes.clear()
    return wrong


def cut_off(page: Any, name: str) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{name}: {over} px wider than the screen"] if over > 0 else []


# People hold a phone: every day their pages are searched at its width, at both in the long run.
@pytest.mark.parametrize(
    ("width", "look"),
    [
        pytest.param(WIDTHS["phone"], findings, id="phone"),
        pytest.param(WIDTHS["desktop"], flaws, id="desktop"),
        pytest.param(WIDTHS["desktop"], findings, id="desktop-searched", marks=pytest.mark.long),
    ],
)
def test_every_page_of_a_person_is_accessible(
    world: World, open_as: Callable[..., Any], width: int, look: Callable[[Any, str], list[str]]
):
    states = world.states()
    asked = states["asked"].requests.get().pk
    visits = [(name, submission, "/status/") for name, submission in states.items()]
    visits += [
        (path, None, path) for path in ("/", "/find/", "/genuine/", "/child/", "/child/reported/", "/no-such-page/")
    ]
    visits += [(path, states["asked"], path) for path in ("/fresh-code/", f"/cancel/{asked}/")]
    wrong, page = [], open_as(None, width=width)
    for name, who, path in visits:
        handed_to(who, page, world)
        answer = page.goto(path)
        assert answer.status == (404 if "no-such" in path else 200), (name, page.inner_text("body"))
        if who:
            assert page.url.endswith(path), (name, page.url)
        wrong += cut_off(page, name)
        # Unfolded it holds everything that it holds folded, and a search takes a second: one is enough.
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        wrong += look(page, f"{name}, unfolded")
    handed_to(None, page, world)
    page.goto("/")
    page.get_by_role("button").last.click()
    wrong += look(page, "form with mistakes")
    assert not wrong, "\n".join(wrong)


# Searching some sixty pages takes two minutes: every day at one width, at both in the long run.
@pytest.mark.parametrize(
    ("width", "look"),
    [
        pytest.param(WIDTHS["desktop"], findings, id="desktop"),
        pytest.param(WIDTHS["phone"], flaws, id="phone"),
        pytest.param(WIDTHS["phone"], findings, id="phone-searched", marks=pytest.mark.long),
    ],
)
def test_every_page_of_the_desk_is_accessible(
    world: World, open_as: Callable[..., Any], width: int, look: Callable[[Any, str], list[str]]
):
    states = world.states()
    visits = [("sign-in", None, "/staff/sign-in/"), ("index", world.petra, "/admin/")]
    visits += [("second factor", world.petra, "/staff/second-factor/")]
    visits += [("passkeys", world.petra, "/staff/second-factor/passkeys/")]
    visits += [("queue", who, reverse(f"{ADMIN}changelist")) for who in (world.bruno, world.ada, world.petra)]
    visits += [(name, world.bruno, reverse(f"{ADMIN}{name}")) for name in ("enter", "calendar", "simulate")]
    supposed = f"?received_on=2027-01-07&right=access&policy={states['in progress'].policy_id}"
    visits += [(name, world.petra, reverse(f"{ADMIN}{name}")) for name in ("set_aside", "recalculate")]
    visits += [(kind, world.petra, f"/admin/requests_app/{kind}/") for kind in ("notice", "policyversion")]
    letter = states["refused"].notices.get(kind="decision_refused")
    visits += [("notice page", world.petra, f"/admin/requests_app/notice/{letter.pk}/change/")]
    version = states["refused"].policy_id
    visits += [("policy page", world.petra, f"/admin/requests_app/policyversion/{version}/change/")]
    visits += [("simulated", world.bruno, reverse(f"{ADMIN}simulate") + supposed)]
    for name, submission in states.items():
        visits.append((f"case {name}", world.ada, reverse(f"{ADMIN}change", args=[submission.requests.get().pk])))
    visits += [
        (f"enter for a {who}", world.petra, f"{reverse(f'{ADMIN}enter')}?for={who}") for who in ("agent", "guardian")
    ]
    for act in ("decide", "ask", "attach", "note", "assign", "sensitive"):
        pk = states["in progress"].requests.get().pk
        visits.append((act, world.bruno, reverse(f"{ADMIN}act", args=[pk, act])))
    for act, state in (("reveal", "in progress"), ("reopen", "refused"), ("carry_out", "opted out")):
        visits.append((act, world.petra, reverse(f"{ADMIN}act", args=[states[state].requests.get().pk, act])))
    visits.append(("receipt", world.petra, reverse(f"{ADMIN}receipt", args=[states["in progress"].requests.get().pk])))
    pk = states["awaiting approval"].requests.get().pk
    visits += [(act, world.ada, reverse(f"{ADMIN}act", args=[pk, act])) for act in ("approve", "return")]
    wrong, page = [], open_as(None, width=width)
    for name, who, path in visits:
        handed_to(who, page, world)
        answer = page.goto(path)
        assert answer.status == 200, (name, page.inner_text("body"))
        wrong += look(page, name)
    assert not wrong, "\n".join(wrong)
