"""Ana's package in a browser: downloaded, locked with a passphrase, had again after its end, and called incomplete."""

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from requests_app.models import AnswerFile, DisclosurePackage, Submission
from tests import packages
from tests.zips import opened

from .conftest import WIDTHS, World
from .test_every_page import cut_off, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
CONTENT = os.urandom(3_000_000)
PASSPHRASE = "seven green ladders"


@pytest.fixture
def answered(world: World) -> Submission:
    submission = world.file("access")
    dsr = submission.requests.select_related("submission", "policy").get()
    packages.made(dsr, CONTENT, at=world.now)
    packages.released(dsr, at=world.now)
    return submission


def unfolded(page: Any, name: str) -> list[str]:
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    return [*cut_off(page, name), *findings(page, name)]


def pressed(page: Any, name: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).first.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_is_downloaded_as_it_is_and_locked(answered: Submission, open_as: Callable[..., Any], width: int):
    page = open_as(answered, width=width)
    page.goto("/status/")
    name, content = pressed(page, "Download your-data.zip")
    assert (name, content) == ("your-data.zip", CONTENT)
    page.goto("/status/")
    assert "downloaded once" in page.inner_text("main")
    assert hashlib.sha256(CONTENT).hexdigest() in page.content()
    wrong = unfolded(page, "card")
    page.get_by_role("link", name="with a passphrase").click()
    page.get_by_role("button", name="Download").click()
    assert "choose one of at least 12 characters" in page.inner_text("main")
    wrong += unfolded(page, "passphrase missing")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSPHRASE)
    name, zipped = pressed(page, "Download")
    assert name == "your-data-locked.zip"
    assert opened(zipped, PASSPHRASE) == ("your-data.zip", CONTENT)
    assert not wrong, "\n".join(wrong)
    assert page.mistakes == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_after_its_end_it_is_had_once_more_then_gone_and_asked_for_anew(
    answered: Submission, world: World, open_as: Callable[..., Any], width: int
):
    DisclosurePackage.objects.update(expires_at=world.now - timedelta(days=1))
    page = open_as(answered, width=width)
    page.goto("/status/")
    wrong = unfolded(page, "ended")
    page.get_by_role("button", name="Make it available again").click()
    assert "Your files can be downloaded again." in page.inner_text("main")
    assert pressed(page, "Download your-data.zip")[1] == CONTENT
    DisclosurePackage.objects.update(expires_at=world.now - timedelta(days=15))
    AnswerFile.objects.update(destroyed_at=world.now)
    page.goto("/status/")
    assert "The files are destroyed" in page.inner_text("main")
    wrong += unfolded(page, "destroyed")
    page.get_by_label("What did you expect and not find?").fill("All of it: I was away.")
    page.get_by_role("button", name="Ask to look again").click()
    assert "Your request is open again." in page.inner_text("main")
    wrong += unfolded(page, "open again")
    assert not wrong, "\n".join(wrong)
