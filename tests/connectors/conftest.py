"""A system that is asked over HTTPS, as the tests of this folder see it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from requests_app.connectors.http import Http
from requests_app.connectors.http_acts import ACTS
from tests.http_source import HOST, KEY, SECRET, Other, running

TABLES = {"orders": {"columns": {"number": "text", "amount": "number"}}, "logins": {"columns": {"at": "instant"}}}
ORDER = {"table": "orders", "values": {"number": "A-1", "amount": 12}}
LOGIN = {"table": "logins", "values": {"at": "2026-01-02T03:04:05Z"}}


@pytest.fixture
def other() -> Other:
    """Knows Ana and Otto."""
    made = Other()
    made.people = [
        {"reference": "C-1001", "email": "ana@example.org", "since": "2024-02-12T00:00:00Z"},
        {"reference": "C-2002", "email": "otto@example.net", "since": "2024-02-12T00:00:00Z"},
    ]
    made.records = {"C-1001": [ORDER, LOGIN, ORDER], "C-2002": [{"table": "orders", "values": {"number": "B-9"}}]}
    return made


@pytest.fixture
def options(other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Of a server whose name leads to this machine."""
    monkeypatch.setenv("CRM_SECRET", SECRET)
    with ExitStack() as stack:
        port = stack.enter_context(running(other, tmp_path))
        here = [(2, 1, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr("requests_app.connectors.addresses_allowed.getaddrinfo", lambda *a, **k: here)
        yield {
            "url": f"https://{HOST}:{port}/privacy",
            "hosts": [HOST],
            "networks": ["127.0.0.0/8"],
            "key_id": KEY,
            "secret": "env:CRM_SECRET",
            "ca_file": str(tmp_path / "ca.pem"),
            "tables": TABLES,
            "offers": list(ACTS),
        }


@pytest.fixture
def crm(options: dict[str, Any]) -> Http:
    return Http(**options)
