"""Who reaches which address: every URL stands in the table, with what each visitor gets, by GET and by POST.

The table is tests/web/access_table.py. Whoever adds an address adds its row; a row whose address is gone fails, too.
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from requests_app.admin.acts import ACTS
from tests.web.access_table import ADMIN, ENTERING, MEMBERS, PERSONS, ROADS, SIGN_IN, WEB, words
from tests.web.access_world import World, footprint

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST")
REFUSALS = frozenset({403, 404, 405, 410})
SECRETS = frozenset({"link", "task_link", "unsubscribe"})  # no ids: whoever has one was sent it


def addresses(resolver: Any = None, road: str = "", space: str = "") -> Iterator[str]:
    """The names of all addresses; the pattern where Django gives none."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern, road + str(pattern.pattern), inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else road + str(pattern.pattern)


def without_detail(row: str) -> str:
    """`admin:..._act approve` is a row of the address `admin:..._act`."""
    return row.split(" ")[0]


def test_every_address_stands_in_the_table_and_every_row_is_an_address():
    assert {without_detail(row) for row in (*WEB, *ADMIN, *SIGN_IN)} == set(addresses())


def test_every_button_of_a_case_stands_in_the_table():
    assert {row.split(" ")[1] for row in ADMIN if "request_act " in row} == set(ACTS)


@pytest.fixture
def world(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    nobody_there = {"issuer": "http://127.0.0.1:9", "client_id": "portal", "client_secret": "a-secret-of-the-test"}
    settings.OPENID = {"person": nobody_there, "staff": nobody_there}
    return World()


def visit(client: Client, method: str, world: World, row: str, *, known: bool) -> Any:
    """One cell: asked, and then as if it had not been."""
    url, data = world.address(row, known=known)
    cookies = deepcopy(client.cookies)
    with transaction.atomic(), transaction.atomic("keys"):
        answer = client.get(url) if method == "GET" else client.post(url, data)
        if answer.status_code in REFUSALS or "/login/" in answer.get("Location", ""):
            assert footprint() == world.before, f"{method} {url} was refused and yet did something"
        transaction.set_rollback(True)
        transaction.set_rollback(True, "keys")
    client.cookies = cookies
    return answer


def place(answer: Any) -> str:
    """The status, or where the visitor is sent."""
    return ROADS.get(answer.get("Location", "").split("?")[0], str(answer.status_code))


def persons(world: World, row: str) -> dict[tuple[str, str], Any]:
    """The answers to Ana, to nobody, to Otto who knows her id, and to Ana with an id that nobody has."""
    own = {(m, who): visit(world.client(who), m, world, row, known=True) for m in METHODS for who in PERSONS[:2]}
    if not world.has_object(row):
        return own
    foreign = {(m, "otto"): visit(world.client("otto"), m, world, row, known=True) for m in METHODS}
    return own | foreign | {(m, "unknown"): visit(world.client("ana"), m, world, row, known=False) for m in METHODS}


def team(world: World, row: str) -> dict[tuple[str, str], int]:
    """The statuses for each account of the team, and for whoever may the most with an id that nobody has."""
    seen = {(m, who): visit(world.client(who), m, world, row, known=True) for m in METHODS for who in MEMBERS}
    if world.has_object(row):
        keeper = world.client("root" if "auth_" in row or "/auth/" in row else "petra")
        seen |= {(m, "unknown"): visit(keeper, m, world, row, known=False) for m in METHODS}
    return {cell: answer.status_code for cell, answer in seen.items()}


def tidy(table: dict[str, str]) -> dict[str, str]:
    return {row: " ".join(cells.split()) for row, cells in table.items()}


def test_on_the_persons_side_each_visitor_gets_what_the_table_says(world):
    found = {row: {cell: a.status_code for cell, a in persons(world, row).items()} for row in WEB}
    assert {row: words(seen, PERSONS) for row, seen in found.items()} == tidy(WEB)


def test_otto_cannot_tell_what_is_anas_from_what_is_not_there(world):
    rows = [row for row in WEB if world.has_object(row) and row not in SECRETS]
    assert {"cancel", "reply", "download", "open"} <= set(rows)
    for row, method in product(rows, METHODS):
        foreign, unknown = (visit(world.client("otto"), method, world, row, known=known) for known in (True, False))
        assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content), (row, method)


@pytest.mark.parametrize("known", [True, False])
def test_an_account_of_the_team_opens_nothing_on_the_persons_side(world, known):
    for row, method in product(WEB, METHODS):
        stranger = visit(world.client("anonymous"), method, world, row, known=known).status_code
        for member in MEMBERS:
            assert visit(world.client(member), method, world, row, known=known).status_code == stranger, (row, member)


def test_a_department_with_a_task_opens_nothing_but_its_task(world):
    visitor, stranger = world.client("department"), world.client("anonymous")
    for row, method in product((*WEB, *ADMIN, *SIGN_IN), METHODS):
        seen = visit(visitor, method, world, row, known=True)
        as_stranger = visit(stranger, method, world, row, known=True)
        if row != "task":
            same = (as_stranger.status_code, as_stranger.get("Location"))
            assert (seen.status_code, seen.get("Location")) == same, (row, method)
            assert b"Ana Example" not in seen.content, (row, method)
    assert visit(visitor, "GET", world, "task", known=True).status_code == 200


def test_at_the_desk_each_role_gets_what_the_table_says(world):
    assert {row: words(team(world, row), (*MEMBERS, "unknown")) for row in ADMIN} == tidy(ADMIN)


def test_of_the_sign_in_each_visitor_gets_what_the_table_says(world):
    cells = list(product(METHODS, ENTERING))
    found = {
        row: {cell: place(visit(world.client(cell[1]), cell[0], world, row, known=True)) for cell in cells}
        for row in SIGN_IN
    }
    assert {row: words(seen, ENTERING) for row, seen in found.items()} == tidy(SIGN_IN)


@pytest.mark.parametrize(("visitor", "road"), [("new", "/staff/second-factor/app/"), ("half", "/staff/sign-in/")])
def test_no_address_of_the_desk_opens_to_a_password_alone(world, visitor, road):
    for row, method in product(set(ADMIN) - {"admin:login", "admin:logout"}, METHODS):
        answer = visit(world.client(visitor), method, world, row, known=True)
        assert (answer.status_code, answer.get("Location", "").split("?")[0]) == (302, road), (row, method)


def test_without_a_role_an_account_cannot_probe_for_ids(world):
    # Of accounts and groups Django's own history page tells which numbers exist: they are numbers, and nobody's case.
    rows = [row for row in ADMIN if world.has_object(row) and not row.startswith("admin:auth_")]
    for row, method in product(rows, METHODS):
        known, unknown = (visit(world.client("nora"), method, world, row, known=known) for known in (True, False))
        assert known.status_code == unknown.status_code, (row, method)
        if known.status_code in REFUSALS:
            assert known.content == unknown.content, (row, method)


def test_whoever_is_not_signed_in_as_staff_is_asked_to_sign_in(world):
    for row, method in product(set(ADMIN) - {"admin:login", "admin:logout"}, METHODS):
        for visitor in ("anonymous", "ana", "otto"):
            answer = visit(world.client(visitor), method, world, row, known=True)
            place = (answer.status_code, answer.get("Location", "").split("?")[0])
            assert place == (302, "/admin/login/"), (row, visitor)
