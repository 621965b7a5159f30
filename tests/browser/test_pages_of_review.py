"""The pages of the review at both widths: no barrier, nothing cut off, and script in a record does nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from requests_app.connectors import About, Column, DataSource, File, Match, OnFile, Query, Record, Table
from requests_app.models import FulfilmentStep
from requests_app.operations import fulfilment, review, step_records, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.owed_steps import steps_of
from requests_app.rules.policy import Text
from tests.attacks.test_scripts import FIRE, PAYLOADS

from .conftest import WIDTHS, World, handed_to
from .test_every_page import ADMIN, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
SCRIPT = "<img src=x onerror=\"document.title='Otto'\">"


def about(category: str) -> About:
    return About(category=Text(category, category))


class Shop(DataSource):
    """Holds a little of everything, some of it somebody else's."""

    def find(self, query: Query) -> list[Match]:
        return [Match("C-1", tuple(OnFile(address) for address in query.addresses))]

    def describe(self) -> tuple[Table, ...]:
        contact, orders = about("Name and contact data"), about("Orders and payments")
        return (
            Table("customer", (Column("name", about=contact), Column("email", about=contact)), Text("Your record", "")),
            Table("orders", tuple(Column(name, about=orders) for name in ("number", "ordered_at", "note", "trace")),
                  Text("Your orders", "")),
        )  # fmt: skip

    def extract(self, references: Any, *, request_id: str) -> Any:
        yield Record("customer", {"name": "Ana Example", "email": "ana@example.org"})
        for number in range(3):
            yield Record("orders", {"number": number, "ordered_at": "2026-03-19T18:40:02Z", "note": "", "trace": None})
        note = f"Left with the neighbour, Mr Paolo Greco, +39 02 5550 7788. {SCRIPT}"
        trace = {"mail": {"from": "g.neri@warehouse.example", "hops": ["a" * 90, "\u202ebackwards"]}}
        yield Record("orders", {"number": 3, "ordered_at": "2026-03-24T08:00:00Z", "note": note, "trace": trace})
        yield Record("orders", {"number": 4, "ordered_at": "2026-04-02T08:00:00Z", "note": "long " * 9000, "trace": []})
        yield File("photo of paolo.greco@example.net.jpg", "image/jpeg", [b"\xff\xd8" * 900])
        yield File("invoice-" + "0" * 90 + ".pdf", "application/pdf", [b"%PDF"])


class Scripts(Shop):
    """Holds script in every place that the pages show."""

    def extract(self, references: Any, *, request_id: str) -> Any:
        for payload in PAYLOADS:
            yield Record("orders", {"number": 1, "note": payload, "trace": {payload: [payload, "Mr Otto " + payload]}})
        yield Record("orders", dict.fromkeys(PAYLOADS, "otto@example.net"))
        for payload in PAYLOADS[::10]:
            yield File(payload, "text/html", [payload.encode()])


class Away(Shop):
    """Never answers."""

    def extract(self, references: Any, *, request_id: str) -> Any:
        raise OSError


@pytest.fixture
def step(world: World, settings: Any) -> FulfilmentStep:
    settings.DATA_SOURCES = {
        "shop": {"BACKEND": f"{__name__}.Shop"},
        "archive": {"BACKEND": f"{__name__}.Shop"},
        "billing": {"BACKEND": f"{__name__}.Away"},
    }
    submission, later = world.file(), world.now + timedelta(minutes=1)
    sweeps.run_steps(world.now)
    sweeps.read_sources(world.now)
    sweeps.check_others(later)
    steps = {step.alias: step for step in steps_of(submission.requests.get())}
    words = {"ground": "risk_to_others", "why": "It names people who reported something."}
    fulfilment.withhold(steps["archive"], **words, actor=Actor.staff(world.petra), at=later)
    sweeps.build_packages(later)
    return steps["shop"]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_pages_of_the_review_are_accessible(
    world: World, step: FulfilmentStep, open_as: Callable[..., Any], width: int
):
    orders = step.parts[1]["start"]
    place = step_records.page_at(step, orders).records[3].position
    petra = Actor.staff(world.petra)
    review.hide(step, position=place, column="note", passage="Mr Paolo Greco", ground="risk_to_others",
                actor=petra, at=world.now)  # fmt: skip
    case = reverse(f"{ADMIN}change", args=[step.dsr_id])
    visits = [
        ("case", world.petra, case),
        ("customer", world.petra, reverse(f"{ADMIN}step", args=[step.pk])),
        ("orders", world.petra, reverse(f"{ADMIN}step", args=[step.pk]) + f"?from={orders}"),
        ("record", world.petra, reverse(f"{ADMIN}record", args=[step.pk, place])),
        *((act, world.petra, reverse(f"{ADMIN}step_act", args=[step.pk, act]))
          for act in ("retry", "withhold", "hide_marked", "reviewed")),
        ("decide", world.ada, reverse(f"{ADMIN}act", args=[step.dsr_id, "decide"])),
    ]  # fmt: skip
    wrong, page = [], open_as(None, width=width)
    for name, who, path in visits:
        handed_to(who, page, world)
        answer = page.goto(path)
        assert answer.status == 200, (name, page.inner_text("body"))
        assert "Otto" not in page.title()
        wrong += findings(page, name)
    assert not wrong, "\n".join(wrong)


def test_no_script_in_a_record_or_a_name_runs(world: World, settings: Any, open_as: Callable[..., Any]):
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Scripts"}}
    submission = world.file()
    sweeps.run_steps(world.now)
    sweeps.read_sources(world.now)
    sweeps.check_others(world.now + timedelta(minutes=1))
    step = steps_of(submission.requests.get()).get()
    page, start, seen = open_as(world.petra), 0, 0
    while start is not None:
        records = step_records.page_at(step, start)
        seen, last, start = seen + len(records.records), records.records[-1].position, records.after
        for path in (
            reverse(f"{ADMIN}step", args=[step.pk]) + f"?from={records.records[0].position}",
            reverse(f"{ADMIN}record", args=[step.pk, last]),
        ):
            assert page.goto(path).status == 200
            assert not page.evaluate(FIRE), path
    assert seen == len(PAYLOADS) + 1
