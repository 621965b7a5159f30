"""Draw a file anew as pictures, in a process of its own: run by path, never imported by the portal.

Whoever breaks a decoder with a crafted file gets a process without secrets in its environment, that cannot write a
file and dies by its limits; no web worker goes with it. It reads the file from its input and writes, as `pictures`
reads it, one line of JSON and then the pictures. What cannot be taken is a line with `refused`.
"""

import hashlib
import io
import json
import resource
import sys
import warnings

MEMORY = 768 * 1024 * 1024  # bytes of address space, libraries included: the largest picture that is taken needs 300 MB
SECONDS = 8  # of processor time
for _kind, _most in (
    (resource.RLIMIT_AS, MEMORY),
    (resource.RLIMIT_CPU, SECONDS),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),  # a core would hold the document in the clear
):
    resource.setrlimit(_kind, (_most, _most))

import pypdfium2  # noqa: E402 (the limits come first)
from PIL import Image, ImageOps  # noqa: E402

PIXELS = 25_000_000
PAGES = 10
LONGEST_SIDE = 2400  # of what staff see: enough to read the smallest print of a card
PDF_SIDE = 1600
MEASURED = 256  # pixels of the longer side on which blankness is measured
WHOLLY = 8  # steps of grey between the darkest and the lightest point
NEARLY = 0.02  # share of points that differ from the most common grey
LIKE = 12  # steps of grey that count as the same


class Refused(Exception):
    """Why the file is not taken: a word of `pictures.Why`."""


def drawn(content: bytes) -> list[Image.Image]:
    """Return the pages as pictures that hold pixels and nothing else."""
    if content.startswith(b"%PDF-"):
        return _pages(content)
    kind = "PNG" if content.startswith(b"\x89PNG") else "JPEG"
    picture = Image.open(io.BytesIO(content), formats=[kind])
    if picture.width * picture.height > PIXELS:  # read from the header: nothing is decoded yet
        raise Refused("pixels")
    if kind == "JPEG":
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # decode no more than is kept
    return [_plain(ImageOps.exif_transpose(_small(picture)))]


def _pages(content: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    if len(document) > PAGES:
        raise Refused("pages")
    if not len(document):
        raise Refused("undecodable")
    found = []
    for page in document:
        longest = max(page.get_size())
        if not longest > 0:
            raise Refused("undecodable")
        found.append(_plain(page.render(scale=PDF_SIDE / longest, may_draw_forms=False).to_pil()))
    return found


def _small(picture: Image.Image) -> Image.Image:
    """Return it on white, and at most as large as it is kept."""
    if picture.mode in {"LA", "PA", "P"}:
        picture = picture.convert("RGBA")
    if picture.mode == "RGBA":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        ground.getexif().load(picture.getexif().tobytes())
        picture = ground
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture


def _plain(picture: Image.Image) -> Image.Image:
    picture = picture.convert("L" if picture.mode in {"L", "1", "I;16"} else "RGB")
    return Image.frombytes(picture.mode, picture.size, picture.tobytes())  # pixels, no metadata


def blankness(picture: Image.Image) -> str:
    """Return `wholly`, `nearly` or nothing."""
    grey = picture.convert("L")
    grey.thumbnail((MEASURED, MEASURED))
    counts = grey.histogram()
    used = [tone for tone, count in enumerate(counts) if count]
    if used[-1] - used[0] <= WHOLLY:
        return "wholly"
    common = counts.index(max(counts))
    alike = sum(counts[max(0, common - LIKE) : common + LIKE + 1])
    return "nearly" if 1 - alike / sum(counts) < NEARLY else ""


def answer(content: bytes) -> tuple[dict[str, object], list[bytes]]:
    """Return the line of JSON and the pictures; a JPEG stays one, all else becomes PNG."""
    pages = drawn(content)
    seen = [blankness(page) for page in pages]
    if all(page == "wholly" for page in seen):
        raise Refused("blank")
    digest = hashlib.sha256()
    coded = []
    for page in pages:
        digest.update(f"{page.mode} {page.size} ".encode() + page.tobytes())
        out = io.BytesIO()
        if content.startswith(b"\xff\xd8\xff"):
            page.save(out, "JPEG", quality=90)
        else:
            page.save(out, "PNG")
        coded.append(out.getvalue())
    told: dict[str, object] = {
        "sizes": [len(one) for one in coded],
        "nearly_blank": all(seen),
        "pixels": digest.hexdigest(),
    }
    return told, coded


def main() -> None:
    """Answer on the output, whatever the input is."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS
    coded: list[bytes] = []
    try:
        told, coded = answer(sys.stdin.buffer.read())
    except Refused as refused:
        told = {"refused": str(refused)}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        told = {"refused": "pixels"}
    except Exception:  # whatever a decoder raises on a broken file; a crash says the same by its exit
        told = {"refused": "undecodable"}
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + b"".join(coded))


if __name__ == "__main__":
    main()
