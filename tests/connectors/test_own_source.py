"""The example of docs/data-sources.md is a data source: it runs, and passes the contract."""

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from django.conf import settings

from requests_app.connectors import DataSource
from requests_app.connectors.contract import SINCE, DataSourceContract
from requests_app.rules.addresses import normalise

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "data-sources.md"
ANA = SimpleNamespace(id=1, email="ana@example.org", number="C-1001", email_since=SINCE)
OTTO = SimpleNamespace(id=2, email="otto@example.net", number="C-2002", email_since=SINCE)
ORDERS = ((1, "A-1", 12), (2, "B-1", 7), (1, "A-2", 3))


def customers(emails: tuple[str, ...], numbers: tuple[str, ...]) -> list[SimpleNamespace]:
    named = {normalise(number) for number in numbers}
    return [one for one in (ANA, OTTO) if one.email in emails or normalise(one.number) in named]


def orders(customers: list[str]) -> list[SimpleNamespace]:
    return [SimpleNamespace(number=number, total=total) for who, number, total in ORDERS if str(who) in customers]


class TestOwnSource(DataSourceContract):
    @pytest.fixture
    def source(self, monkeypatch: pytest.MonkeyPatch) -> DataSource:
        module = ModuleType("ourshop")
        module.api = SimpleNamespace(customers=customers, orders=orders)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "ourshop", module)
        marked = r"<!-- executed by tests/connectors/test_own_source.py -->\n```python\n(.*?)```"
        (example,) = re.findall(marked, DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
        names: dict[str, type[DataSource]] = {}
        exec(example, names)
        return names["Shop"]()
