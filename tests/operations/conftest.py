"""Bruno, Ada and Petra as those who act: handler, approver, privacy officer."""

import pytest

from requests_app.operations.actors import Actor
from tests.people import staff


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


@pytest.fixture
def ada() -> Actor:
    return Actor.staff(staff("ada", "approver"))


@pytest.fixture
def petra() -> Actor:
    return Actor.staff(staff("petra", "privacy officer"))
