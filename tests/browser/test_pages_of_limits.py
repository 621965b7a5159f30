"""The pages of restriction and objection: accessible, whole, and without a failing script at both widths."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from requests_app.models import DataSubjectRequest, Restriction
from requests_app.operations import decision, objection, restriction, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.erasure_plan import attest

from .conftest import LETTER, WIDTHS, World
from .test_every_page import ADMIN, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
RECORD = {
    "controller": "Fraud with stolen cards is found by comparing purchases, which keeps other buyers from harm.",
    "person": "She does not want her purchases compared, and fears to be taken for somebody else.",
    "situation": "Her name is that of somebody who was reported.",
    "reasons": "Two of us look at each hit before anything follows from it, and her name alone leads to none.",
}


@pytest.fixture(autouse=True)
def _source(world: World, settings: Any) -> None:
    known = [{"emails": [f"ana{number}@example.org" for number in range(1, 4)], "since": None}]
    settings.DATA_SOURCES = {
        "shop": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {"people": known}}
    }


def told(world: World) -> None:
    sweeps.run_steps(world.now)
    sweeps.carry_out_acts(world.now)


def announced(world: World) -> DataSubjectRequest:
    """Ana's address was restricted, her request answered, and the end of it announced."""
    dsr, bruno = world.file("restriction").requests.get(), Actor.staff(world.bruno)
    row = restriction.restrict(
        dsr, ground="accuracy", scope="Your delivery address, for sending anything there.",
        until="We have checked the address with you.", review_on=(world.now + timedelta(days=60)).date(),
        actor=bruno, at=world.now,
    )  # fmt: skip
    told(world)
    attest(dsr.source_acts.get(alias="recipients:"), note="They were told by mail.", actor=bruno, at=world.now)
    world.answer(dsr.submission)
    restriction.announce(row, why="The address is right, as you confirmed.", actor=bruno, at=world.now)
    return DataSubjectRequest.objects.select_related("submission").get(pk=dsr.pk)


def weighed(world: World) -> DataSubjectRequest:
    """Ana's objection is weighed, refused, and waits for the second person."""
    dsr, bruno = world.file("objection", language="it").requests.get(), Actor.staff(world.bruno)
    told(world)
    objection.weigh(dsr, outcome="compelling", texts=RECORD, actor=bruno, at=world.now)
    said = {
        **LETTER,
        "outcome": "refuse",
        "ground": "compelling_grounds",
        "facts": "As weighed.",
        "scope": "All of it.",
    }
    decision.decide(dsr, **said, actor=bruno, at=world.now)
    return dsr


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_pages_of_the_team_and_of_ana(world: World, open_as: Callable[..., Any], width: int):
    ends, waits = announced(world), weighed(world)
    fresh = world.file("restriction").requests.get()
    row = Restriction.objects.get(dsr=ends)
    letter = ends.submission.notices.get(kind="restriction_ending")
    wrong = []
    for who, path in (
        (ends.submission, "/status/"),
        (waits.submission, "/status/"),
        (ends.submission, f"/notice/{letter.pk}/"),
        (world.bruno, reverse(f"{ADMIN}change", args=[ends.pk])),
        (world.bruno, reverse(f"{ADMIN}change", args=[waits.pk])),
        (world.ada, reverse(f"{ADMIN}act", args=[waits.pk, "approve"])),
        (world.bruno, reverse(f"{ADMIN}restrict", args=[fresh.pk])),
        (world.bruno, reverse(f"{ADMIN}weigh", args=[waits.pk])),
        (world.bruno, reverse(f"{ADMIN}restriction", args=[row.pk, "lift"])),
    ):
        page = open_as(who, width=width)
        page.goto(path)
        assert page.url.split("?")[0].endswith(path), page.url
        wrong += findings(page, path)
        page.context.close()
    assert not wrong, "\n".join(wrong)
