"""What every test may ask for, and what no test may do."""

import math
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connections
from django.test import Client, TransactionTestCase
from django.utils import translation

from requests_app.connectors.openid import forget_providers
from requests_app.operations import restore_guard
from requests_app.web import pace
from tests import emptying, migrated_files, openid, services
from tests.sign_in import as_if_signed_in

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
LOOPBACK = {"127.0.0.1", "::1", "localhost", "testserver", ""}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of the database means both: facts and keys."""
    for item in items:
        if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)
        for marker in item.iter_markers("django_db"):
            marker.kwargs.setdefault("databases", ["default", "keys"])


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser"):
        try:
            services.chromium()
        except services.Missing as missing:
            leave_out(missing)


def leave_out(missing: services.Missing) -> None:
    if services.required():
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """On SQLite a worker begins with copies of what was migrated once, which Django takes as they are."""
    copied = False
    for alias, database in configured.DATABASES.items():
        if database["ENGINE"] == "django.db.backends.sqlite3":
            shutil.copy(migrated_files.kept() / migrated_files.FILES[alias], database["TEST"]["NAME"])
            copied = True
    return copied


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Tests speak to this machine and to nobody else."""
    real = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test wanted to reach {address[0]}")
        real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def _tests_with_real_transactions_leave_nothing() -> Iterator[None]:
    """Django would also make all permissions anew after each such test; here they stay, and the rest goes."""

    def teardown(self: TransactionTestCase) -> None:
        for alias in self.databases:
            emptying.empty(connections[alias])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(autouse=True)
def _answers_come_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody measures their time here but the long tests; that they wait at all is tests/web/test_pace.py."""
    if not request.node.get_closest_marker("long") and not request.node.get_closest_marker("real_pace"):
        monkeypatch.setattr(pace, "STEP_SECONDS", 0.001)
        monkeypatch.setattr(pace, "BLUR_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _register_of_its_own(settings: Any) -> Iterator[None]:
    """The journal of erasures begins with each test, as the database does. Whoever tests the guard lets it look."""
    restore_guard.forget()
    restore_guard._known.said, restore_guard._known.until = "", math.inf
    yield
    shutil.rmtree(settings.REGISTER_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """A page asked for in Italian leaves its language behind in this thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _force_login_shows_the_second_factor_too() -> Iterator[None]:
    """`client.force_login` means signed in completely. Sign-in itself is tested through its pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "force_login", as_if_signed_in(Client.force_login))
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server; use services.with_database(url, name) for a database of your own."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield services.with_database(given, "postgres")
        return
    try:
        with services.postgresql() as url:
            yield url
    except services.Missing as missing:
        leave_out(missing)


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A real MariaDB, empty, as an URL of SQLAlchemy without a database."""
    try:
        with services.mariadb() as url:
            yield url
    except services.Missing as missing:
        leave_out(missing)


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A real Redis-protocol server, empty."""
    try:
        with services.valkey() as url:
            yield url
    except services.Missing as missing:
        leave_out(missing)


@pytest.fixture(scope="session")
def _openid_provider() -> Iterator[openid.Provider]:
    with openid.running() as provider:
        yield provider


@pytest.fixture
def provider(_openid_provider: openid.Provider, settings: Any) -> Iterator[openid.Provider]:
    """A real provider of OpenID Connect, honest at first, and the portal configured for it on both sides."""
    _openid_provider.lies()
    settings.OPENID = {"person": _openid_provider.settings, "staff": _openid_provider.settings}
    forget_providers()
    yield _openid_provider
    forget_providers()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless, for the whole run."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(
            executable_path=services.chromium(), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh browser context, desktop width; tests set others with page.set_viewport_size."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    yield context.new_page()
    context.close()
