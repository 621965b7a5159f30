"""Ana covers her document in her browser: what is sent is black under the box and says nothing of place or maker."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from requests_app.connectors import pictures
from requests_app.models import DataSubjectRequest, ProofDocument
from requests_app.operations import files, proof
from requests_app.operations.actors import Actor
from tests import people
from tests.pictures import card, photo_with_place

from .conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]


@pytest.fixture
def asked(world: World) -> DataSubjectRequest:
    for name in ("ines", "ivo"):
        people.staff(name, "identity reviewer")
    dsr = world.file().requests.select_related("submission", "policy").get()
    return proof.ask_for_document(dsr, reason="Two towns.", actor=Actor.staff(world.bruno), at=world.now)


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bytes that reached the server, before anything of ours touched them."""
    seen: list[bytes] = []
    real = pictures.draw
    monkeypatch.setattr(pictures, "draw", lambda content: seen.append(content) or real(content))
    return seen


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box between two places of the picture, given as shares of its width and height."""
    shown = page.locator("#cover-canvas").bounding_box()
    for number, (across, down) in enumerate((start, end)):
        page.mouse.move(shown["x"] + across * shown["width"], shown["y"] + down * shown["height"], steps=3)
        page.mouse.up() if number else page.mouse.down()


def at(picture: Image.Image, across: float, down: float) -> tuple[int, ...]:
    return picture.convert("RGB").getpixel((int(across * picture.width), int(down * picture.height)))


def test_what_is_under_a_box_never_leaves_her_device(
    asked: DataSubjectRequest, arrived: list[bytes], open_as: Callable[..., Any], tmp_path: Path
):
    (tmp_path / "passport.jpg").write_bytes(photo_with_place(orientation=1))
    page = open_as(asked.submission)
    page.goto(f"/document/{asked.pk}/")
    page.set_input_files("#id_file", tmp_path / "passport.jpg")
    page.wait_for_selector("#cover-canvas")
    page.locator("#cover-canvas").scroll_into_view_if_needed()
    drag(page, (0.02, 0.05), (0.5, 0.4))
    page.click("text=Send the document")
    page.wait_for_url("**/status/")
    (sent,) = arrived
    picture = Image.open(io.BytesIO(sent))
    assert picture.format == "JPEG"
    assert not dict(picture.getexif())
    assert b"Ana Example" not in sent
    assert at(picture, 0.25, 0.2) == (0, 0, 0)
    assert all(value > 250 for value in at(picture, 0.7, 0.8))
    document = ProofDocument.objects.get()
    (kept,) = pictures.unpack(files.read(document.submission_id, document.pk))
    assert at(Image.open(io.BytesIO(kept)), 0.25, 0.2) == (0, 0, 0)
    assert page.mistakes == []


def test_the_keyboard_alone_draws_a_box_too(
    asked: DataSubjectRequest, arrived: list[bytes], open_as: Callable[..., Any], tmp_path: Path
):
    (tmp_path / "passport.png").write_bytes(card())
    page = open_as(asked.submission, width=390)
    page.goto(f"/document/{asked.pk}/")
    page.set_input_files("#id_file", tmp_path / "passport.png")
    page.wait_for_selector("#cover-canvas")
    page.focus("#cover-add")
    page.keyboard.press("Enter")
    assert "Box 1" in page.inner_text("#cover-said")
    for _press in range(30):
        page.keyboard.press("ArrowUp")
    for _press in range(20):
        page.keyboard.press("Shift+ArrowDown")
    page.focus("#proof-form button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/status/")
    picture = Image.open(io.BytesIO(arrived[0]))
    assert at(picture, 0.5, 0.1) == (0, 0, 0)
    assert all(value > 250 for value in at(picture, 0.1, 0.9))
    assert page.mistakes == []


def test_a_file_that_the_browser_cannot_show_is_not_sent_behind_her_back(
    asked: DataSubjectRequest, arrived: list[bytes], open_as: Callable[..., Any], tmp_path: Path
):
    (tmp_path / "passport.heic").write_bytes(b"\0\0\0\x18ftypheic")
    page = open_as(asked.submission)
    page.goto(f"/document/{asked.pk}/")
    page.set_input_files("#id_file", tmp_path / "passport.heic")
    page.wait_for_selector("text=This browser cannot show this file")
    assert page.evaluate("document.getElementById('id_file').files.length") == 0
    assert arrived == []


def test_without_script_it_is_a_plain_upload(
    asked: DataSubjectRequest, arrived: list[bytes], open_as: Callable[..., Any], tmp_path: Path
):
    (tmp_path / "passport.png").write_bytes(card())
    page = open_as(asked.submission, script=False)
    page.goto(f"/document/{asked.pk}/")
    assert "strips of paper" in page.inner_text("main")
    page.set_input_files("#id_file", tmp_path / "passport.png")
    page.click("text=Send the document")
    page.wait_for_url("**/status/")
    assert arrived == [card()]
