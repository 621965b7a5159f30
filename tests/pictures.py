"""Pictures and PDFs as people send them, and as attackers do."""

import io
import struct
import zlib

from PIL import Image, ImageDraw

WORDS = "PASSPORT  ANA EXAMPLE  X1234567"


def picture(words: str = WORDS, size: tuple[int, int] = (800, 500), ground: str = "white") -> Image.Image:
    """A card with words on it."""
    made = Image.new("RGB", size, ground)
    if words:
        ImageDraw.Draw(made).text((40, 60), words, fill="black", font_size=36)
    return made


def coded(made: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    made.save(out, kind, **more)
    return out.getvalue()


def card(words: str = WORDS) -> bytes:
    """A PNG of a card."""
    return coded(picture(words))


def photo_with_place(orientation: int = 6) -> bytes:
    """A JPEG lying on its side, that says where it was taken, by whom and with which text."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Ana Example"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (45.0, 28.0, 1.0)
    return coded(picture(), "JPEG", exif=exif, comment=b"taken at home")


def pdf(pages: int = 1) -> bytes:
    first, *others = [picture(f"{WORDS} {number}") for number in range(pages)]
    return coded(first, "PDF", save_all=True, append_images=others)


def pixel_flood(side: int = 60_000) -> bytes:
    """A PNG of few bytes that would fill ten gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(3 * side + 1) * 50, 9)
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf_flood(side: int = 30_000) -> bytes:
    """A PDF whose one picture would fill a gigabyte, and which runs a script when it is opened."""
    data = zlib.compress(bytes(side * side), 9)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 600]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
        b"<</Length 28>>stream\nq 600 0 0 600 0 0 cm /I Do Q\nendstream",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
        b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (side, side, len(data), data),
    ]
    body, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return body + end % (table, len(body))
