"""Each test has its own databases, copied from one set, its own broker, mail server and processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import leave_out
from tests.faults.broker import Broker
from tests.faults.installation import Installation
from tests.services import Missing
from tests.smtp import Relay, relay


@pytest.fixture
def mail() -> Iterator[Relay]:
    with relay() as running:
        yield running


@pytest.fixture
def broker() -> Iterator[Broker]:
    server = Broker()
    try:
        server.start()
    except Missing as missing:
        leave_out(missing)
    yield server
    server.end()


@pytest.fixture(scope="session")
def template(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Migrated once, with staff and a policy: that takes longer than most faults."""
    installation = Installation(postgres_url, "redis://", Relay(), tmp_path_factory.mktemp("faults"), "template")
    installation.set_up()
    yield installation
    installation.tear_down()


@pytest.fixture
def site(template: Installation, broker: Broker, mail: Relay, tmp_path: Path) -> Iterator[Installation]:
    """Nothing runs yet but the databases, the broker and the mail server."""
    installation = Installation(template.postgres_url, broker.url, mail, tmp_path)
    installation.copy_of(template)
    yield installation
    installation.stop()
    installation.tear_down()
