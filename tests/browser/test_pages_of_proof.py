"""The pages of proof, doubt and other people: accessible, whole, and without a failing script at both widths."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from requests_app.models import Authority, DataSubjectRequest, IdentityCheck, Submission
from requests_app.operations import contact_change, erasure, identity, intake, manual_verification, proof
from requests_app.operations.actors import Actor
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.authority import Kind
from tests import people
from tests.pictures import card

from .conftest import WIDTHS, World, handed_to
from .test_every_page import ADMIN, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
ANA = Actor.person()


def newest(submission: Submission, purpose: str) -> IdentityCheck:
    return submission.identity_checks.filter(purpose=purpose).latest("issue")


def code(submission: Submission, purpose: str) -> str:
    return identity.code_for(newest(submission, purpose))


def link(submission: Submission, purpose: str) -> str:
    return f"/l/{identity.link_secret(newest(submission, purpose))}/"


def erasing(world: World) -> DataSubjectRequest:
    """Ana asked for deletion, and is about to type the code that confirms it a second time."""
    dsr = world.file("deletion").requests.get()
    erasure.issue_code(dsr, actor=ANA, at=world.now)
    return dsr


def resting(world: World) -> Submission:
    """A deletion that was confirmed twice, and can be stopped."""
    dsr = erasing(world)
    assert erasure.confirm(dsr, code=code(dsr.submission, "erase"), actor=ANA, at=world.now)
    return dsr.submission


def moved(world: World) -> Submission:
    """Ana's address was changed, and the earlier one is asked."""
    submission = world.file()
    contact_change.ask(
        submission, email="new@example.org", proved=True, old_mailbox_lost=False, actor=ANA, at=world.now
    )
    assert contact_change.confirm(submission, code=code(submission, "change"), actor=ANA, at=world.now)
    return Submission.objects.get(pk=submission.pk)


def by_bruno(world: World) -> Submission:
    """Bruno, an agent, files for Ana with a letter, and shows that his address is his."""
    about = Behalf(
        kind=Kind.AGENT,
        name="Ana Example",
        email="ana@example.org",
        ends_on=(world.now + timedelta(days=60)).date(),
        document=("letter.pdf", b"%PDF-1.4 I authorise Bruno."),
    )
    filing = Filing(uuid4(), ("access",), "Bruno Agent", "bruno@agents.example", "", "en", behalf=about)
    submission = intake.receive(filing, channel="web", actor=Actor.agent(), at=world.now)
    typed = code(submission, "verify")
    assert identity.confirm(submission, purpose="verify", code=typed, actor=Actor.agent(), at=world.now)
    return submission


def doubted(world: World) -> DataSubjectRequest:
    """Bruno of the team asked Ana for a document, which two others could look at."""
    for name in ("ines", "ivo"):
        people.staff(name, "identity reviewer")
    dsr = world.file().requests.get()
    return proof.ask_for_document(dsr, reason="The name on file differs.", actor=Actor.staff(world.bruno), at=world.now)


def visit(page: Any, path: str, lands: str) -> None:
    page.goto(path)
    assert page.url.split("?")[0].endswith(lands), page.url


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_pages_of_ana(world: World, open_as: Callable[..., Any], width: int):
    dsr, rests, changed, asked, agent = erasing(world), resting(world), moved(world), doubted(world), by_bruno(world)
    letter = rests.notices.filter(kind="erasure_confirmed").get()
    wrong, page = [], open_as(None, width=width)
    for who, path, lands in (
        (dsr.submission, "/status/", "/status/"),
        (dsr.submission, f"/erase/{dsr.pk}/", f"/erase/{dsr.pk}/"),
        (rests, "/status/", "/status/"),
        (rests, f"/notice/{letter.pk}/", f"/notice/{letter.pk}/"),
        (None, link(rests, "stop"), "/stop/"),
        (changed, "/status/", "/status/"),
        (changed, "/new-address/", "/new-address/"),
        (None, link(changed, "former"), "/earlier-address/"),
        (asked.submission, "/status/", "/status/"),
        (asked.submission, f"/document/{asked.pk}/", f"/document/{asked.pk}/"),
        (agent, "/status/", "/status/"),
    ):
        handed_to(who, page, world)
        visit(page, path, lands)
        wrong += findings(page, lands)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_pages_on_which_ana_finds_what_was_filed_for_her(world: World, open_as: Callable[..., Any], width: int):
    by_bruno(world)
    page = open_as(None, width=width)
    page.goto("/find/")
    page.fill("[name=email]", "ana@example.org")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/find/code/")
    wrong = findings(page, "find, the code")
    page.fill("[name=code]", identity.code_for(IdentityCheck.objects.filter(purpose="find").latest("issue")))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/found/")
    wrong += findings(page, "found")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/for-you/")
    wrong += findings(page, "for you")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_pages_on_which_bruno_files_for_ana(world: World, open_as: Callable[..., Any], width: int):
    page = open_as(None, width=width)
    page.goto("/")
    page.check("[name=rights][value=access]")
    page.fill("[name=name]", "Bruno Agent")
    page.fill("[name=email]", "bruno@agents.example")
    page.check("[name=for_whom][value=agent]")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_selector("[name=person_name]")
    wrong = findings(page, "behalf")
    page.locator("button[name=action][value=send]").click()
    wrong += findings(page, "behalf, with mistakes")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_pages_of_the_team(world: World, open_as: Callable[..., Any], width: int):
    asked, agent, changed = doubted(world), by_bruno(world), moved(world)
    ines = people.staff("ines")
    document = proof.submit_document(asked, content=card(), actor=ANA, at=world.now)
    manual_verification.propose_verification(
        changed, reason="She came to the counter.", actor=Actor.staff(world.petra), at=world.now
    )
    assert Authority.objects.filter(submission=agent).exists()
    case = agent.requests.get()
    wrong, page = [], open_as(None, width=width)
    for who, name, pk in (
        (world.petra, "change", case.pk),
        (world.petra, "authority", case.pk),
        (world.petra, "change", changed.requests.get().pk),
        (world.ada, "by_hand", changed.requests.get().pk),
        (ines, "change", asked.pk),
        (ines, "document", document.pk),
    ):
        handed_to(who, page, world)
        path = reverse(f"{ADMIN}{name}", args=[pk])
        visit(page, path, path)
        wrong += findings(page, name)
        if name == "document":
            page.fill("[name=purpose]", "compare the name")
            page.get_by_role("button").last.click()
            wrong += findings(page, "the document itself")
    assert not wrong, "\n".join(wrong)
