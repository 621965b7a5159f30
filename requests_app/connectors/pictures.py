"""A file of a stranger as pictures of ours: what is kept and shown is drawn anew, pixels without metadata.

The content says what it is, its name nothing. Decoding happens in a process of its own (`draw`): one crafted file in
a library written in C would otherwise take the web worker with it, or what it knows. It costs a third of a second.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LARGEST = 10 * 1024 * 1024  # bytes of what is sent
LARGEST_DRAWN = 24 * 1024 * 1024  # bytes of what is kept
PATIENCE = 15  # seconds; its own limit of processor time ends it before
STARTS = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png", b"%PDF-": "pdf"}
DRAW = Path(__file__).with_name("draw.py")


class Why(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    LARGE = "large"
    KIND = "kind"
    PIXELS = "pixels"
    PAGES = "pages"
    BLANK = "blank"
    UNDECODABLE = "undecodable"


class Unfit(Exception):
    """The file is not taken."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Drawn:
    """`pixels` is the SHA-256 of what can be seen: the same picture in another file has the same."""

    kind: str
    pages: tuple[bytes, ...]
    nearly_blank: bool
    pixels: str


def kind_of(content: bytes) -> str:
    """Return jpeg, png or pdf by the first bytes; raises Unfit for anything else, whatever its name says."""
    for start, kind in STARTS.items():
        if content.startswith(start):
            return kind
    raise Unfit(Why.KIND)


def check_size(content: bytes) -> str:
    """Return the kind of a file of bearable size; raises Unfit. Nothing is decoded."""
    if not content:
        raise Unfit(Why.EMPTY)
    if len(content) > LARGEST:
        raise Unfit(Why.LARGE)
    return kind_of(content)


def draw(content: bytes) -> Drawn:
    """Draw it anew; raises Unfit."""
    kind = check_size(content)
    # -I: nothing of the place or the environment steers it; env={}: no secret of ours is there to be found.
    command = [sys.executable, "-I", str(DRAW)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, env={}, check=False)  # noqa: S603 (fixed)
    except subprocess.TimeoutExpired:
        raise Unfit(Why.UNDECODABLE) from None
    if done.returncode:
        raise Unfit(Why.UNDECODABLE)  # it crashed, or came to its limits
    line, _, coded = done.stdout.partition(b"\n")
    told = json.loads(line)
    if "refused" in told:
        raise Unfit(Why(told["refused"]))
    if len(coded) > LARGEST_DRAWN:
        raise Unfit(Why.LARGE)
    return Drawn(kind, _cut(told["sizes"], coded), bool(told["nearly_blank"]), str(told["pixels"]))


def pack(pages: tuple[bytes, ...]) -> bytes:
    """Return the pages as one file: a line with their sizes, then the pictures."""
    return json.dumps([len(page) for page in pages]).encode() + b"\n" + b"".join(pages)


def unpack(content: bytes) -> tuple[bytes, ...]:
    """Return the pages of a file that `pack` made."""
    line, _, coded = content.partition(b"\n")
    return _cut(json.loads(line), coded)


def _cut(sizes: list[int], coded: bytes) -> tuple[bytes, ...]:
    pages, place = [], 0
    for size in sizes:
        pages.append(coded[place : place + size])
        place += size
        if kind_of(pages[-1]) == "pdf":
            raise Unfit(Why.UNDECODABLE)  # never by our hand
    return tuple(pages)
