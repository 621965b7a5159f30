"""The architecture, as far as a program can check it."""

import ast
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import get_resolver

from requests_app import models
from requests_app.operations.transition import EVIDENCE
from requests_app.rules.lifecycle import (
    ANSWERED_AND_GOING_ON,
    ENDED,
    OPEN,
    TRANSITIONS,
    Action,
    ActionNotAllowed,
    State,
    allowed,
    target,
)

APP = Path(models.__file__).parent.parent
FILES = sorted(p for p in APP.rglob("*.py") if "migrations" not in p.parts)


def state_writes(tree: ast.AST) -> list[int]:
    """Lines that set an attribute `state`, or pass `state=` to an update."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            lines += [t.lineno for t in targets if isinstance(t, ast.Attribute) and t.attr == "state"]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {k.arg for k in node.keywords}
            if node.func.attr in {"update", "update_or_create", "bulk_update"} and "state" in named:
                lines.append(node.lineno)
    return lines


def test_only_transition_writes_the_state():
    writers = {p.name for p in FILES if state_writes(ast.parse(p.read_text()))}
    assert writers == {"transition.py"}


def test_the_search_for_state_writes_finds_one():
    assert state_writes(ast.parse("rows.update(state='fulfilled')\ndsr.state = 'x'")) != []


def row_writes(tree: ast.AST) -> list[str]:
    """Calls that write rows past the operations."""
    verbs = {"create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"}
    calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return [f"{ast.unparse(c)} in line {c.lineno}" for c in calls if c.attr in verbs]


@pytest.mark.parametrize("interface", ["admin", "web"])
def test_interfaces_write_no_rows_of_their_own(interface):
    for path in sorted((APP / interface).rglob("*.py")):
        assert row_writes(ast.parse(path.read_text())) == [], path.name


def test_the_search_for_written_rows_finds_one():
    assert row_writes(ast.parse("AccessLog.objects.create(at=now)")) != []


def test_no_module_is_called_utils_helpers_or_common():
    assert [p.name for p in FILES if p.stem in {"utils", "helpers", "common"}] == []


def test_every_action_has_evidence():
    assert set(EVIDENCE) == set(Action) == set(TRANSITIONS)


@pytest.mark.parametrize("state", sorted(State))
@pytest.mark.parametrize("action", sorted(Action))
def test_every_state_and_action_moves_as_the_table_says_or_is_refused(state, action):
    sources, to = TRANSITIONS[action]
    if state in sources:
        assert target(action, state) == to
        assert action in allowed(state)
    else:
        with pytest.raises(ActionNotAllowed):
            target(action, state)


def test_an_ended_request_is_left_by_reopening_only():
    for state in ENDED:
        assert set(allowed(state)) - {Action.RESUME_ERASURE} == {Action.REOPEN, Action.REOPEN_UNVERIFIED}
    assert set(State) == OPEN | ENDED | ANSWERED_AND_GOING_ON


@pytest.mark.django_db
def test_the_migrations_are_complete():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_url_names_are_unique():
    names = [p.name for p in get_resolver("requests_app.web.urls").url_patterns if getattr(p, "name", None)]
    assert len(names) == len(set(names))
    assert {"file", "status", "find", "healthz", "livez"} <= set(names)
