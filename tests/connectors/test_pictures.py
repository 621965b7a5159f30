"""What a person sends becomes pictures of ours, or a word that says why not; the worker outlives every file."""

import io
import subprocess
import sys
import time

import pytest
from PIL import Image

from requests_app.connectors import pictures
from requests_app.connectors.pictures import Unfit, Why
from tests.pictures import card, coded, pdf, pdf_flood, photo_with_place, picture, pixel_flood


def refused(content):
    with pytest.raises(Unfit) as unfit:
        pictures.draw(content)
    return unfit.value.why


def opened(page):
    return Image.open(io.BytesIO(page))


def test_a_photo_loses_place_and_maker_and_stands_upright():
    sent = photo_with_place(orientation=6)
    assert opened(sent).getexif().get_ifd(0x8825)
    drawn = pictures.draw(sent)
    (page,) = drawn.pages
    kept = opened(page)
    assert kept.size == (500, 800)  # it lay on its side
    assert not dict(kept.getexif())
    assert {"exif", "comment", "xmp"}.isdisjoint(kept.info)
    assert b"Ana Example" not in page
    assert b"home" not in page


def test_a_png_stays_one_and_loses_what_was_written_into_it():
    sent = coded(picture(), pnginfo=_text("Comment", "Ana at home"))
    (page,) = pictures.draw(sent).pages
    assert page.startswith(b"\x89PNG")
    assert b"Ana at home" in sent
    assert b"Ana at home" not in page


def _text(key, value):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text(key, value)
    return info


def test_what_follows_a_picture_in_its_file_is_gone():
    (page,) = pictures.draw(card() + b"<script>alert(1)</script>").pages
    assert b"script" not in page


def test_a_pdf_becomes_one_png_a_page():
    drawn = pictures.draw(pdf(3))
    assert drawn.kind == "pdf"
    assert [page[:4] for page in drawn.pages] == [b"\x89PNG"] * 3


def test_a_large_picture_is_kept_as_large_as_staff_need_it():
    (page,) = pictures.draw(coded(picture(size=(5000, 4000)), "JPEG")).pages
    assert max(opened(page).size) <= 2400


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", Why.EMPTY),
        (b"\xff\xd8\xff" + bytes(pictures.LARGEST), Why.LARGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", Why.KIND),
        (b"<html>passport.png</html>", Why.KIND),
        (b"GIF89a/*", Why.KIND),
        (b" %PDF-1.7 not at the beginning", Why.KIND),
        (b"PK\x03\x04 a docm", Why.KIND),
        (pdf(11), Why.PAGES),
        (coded(picture("")), Why.BLANK),
        (coded(picture("", ground="black"), "JPEG"), Why.BLANK),
        (coded(picture(), "JPEG")[:2000], Why.UNDECODABLE),
        (b"\x89PNG\r\n\x1a\n nothing follows", Why.UNDECODABLE),
        (b"%PDF-1.7 nothing follows", Why.UNDECODABLE),
        (coded(Image.new("1", (5001, 5000))), Why.PIXELS),
    ],
)
def test_what_does_not_do_is_named(content, why):
    assert refused(content) == why


def test_a_nearly_empty_picture_is_taken_and_flagged():
    speck = picture("")
    speck.paste("black", (10, 10, 60, 60))
    assert pictures.draw(coded(speck)).nearly_blank
    assert not pictures.draw(card()).nearly_blank


def test_the_same_picture_in_another_file_is_known():
    made = picture()
    one, other = coded(made), coded(made, pnginfo=_text("Comment", "another file"), compress_level=1)
    assert one != other
    assert pictures.draw(one).pixels == pictures.draw(other).pixels != pictures.draw(card("BRUNO")).pixels


@pytest.mark.parametrize("flood", [pixel_flood(), pdf_flood()], ids=["png", "pdf"])
def test_a_flood_of_pixels_costs_little_time_and_memory(flood, tmp_path):
    (tmp_path / "flood").write_bytes(flood)
    # A small process starts it: what a child is said to have used includes the moment before it became itself.
    script = (
        "import resource, subprocess, sys\n"
        "with open(sys.argv[2], 'rb') as file:\n"
        "    done = subprocess.run([sys.executable, '-I', sys.argv[1]], stdin=file, capture_output=True, env={})\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_maxrss, used.ru_utime + used.ru_stime, done.stdout[:80].decode(errors='replace'))\n"
    )
    command = [sys.executable, "-c", script, str(pictures.DRAW), str(tmp_path / "flood")]
    kilobytes, seconds, _said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(" ", 2)
    assert int(kilobytes) < 256 * 1024
    assert float(seconds) < 2  # of processor time: the wall belongs to whoever shares the machine


def test_a_decoder_that_crashes_or_hangs_is_a_file_that_cannot_be_opened(monkeypatch, tmp_path):
    for script in ("import os; os.abort()", "import time; time.sleep(60)", "bytearray(10**10)"):
        (tmp_path / "draw.py").write_text(script)
        monkeypatch.setattr(pictures, "DRAW", tmp_path / "draw.py")
        monkeypatch.setattr(pictures, "PATIENCE", 1)
        started = time.monotonic()
        assert refused(card()) == Why.UNDECODABLE
        assert time.monotonic() - started < 10


def test_the_process_that_draws_knows_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("MASTER_KEYS", "secret")
    (tmp_path / "draw.py").write_text(
        "import os, json\nours = set(os.environ) - {'LC_CTYPE'}\n"
        "print(json.dumps({'refused': 'kind' if ours else 'blank'}))\n"
    )
    monkeypatch.setattr(pictures, "DRAW", tmp_path / "draw.py")
    assert refused(card()) == Why.BLANK  # here the word for: an empty environment


@pytest.mark.parametrize(
    "attempt",
    ["import os; os.write(os.open({place!r}, os.O_CREAT | os.O_WRONLY), b'x')", "bytearray(10**9)"],
    ids=["write a file", "take a gigabyte"],
)
def test_its_limits_hold_before_a_decoder_is_loaded(attempt, tmp_path):
    limits, decoder, _rest = pictures.DRAW.read_text().partition("import pypdfium2")
    assert decoder
    assert "from PIL" not in limits
    attempt = attempt.format(place=str(tmp_path / "left"))
    for source, wanted in ((attempt, 0), (f"{limits}\n{attempt}", 1)):
        assert subprocess.run([sys.executable, "-I", "-c", source], capture_output=True).returncode == wanted


def test_packed_pages_come_apart_again():
    pages = pictures.draw(pdf(2)).pages
    assert pictures.unpack(pictures.pack(pages)) == pages
