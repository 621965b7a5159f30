"""A virus scanner behind clamd: one file by INSTREAM over TCP or a Unix socket, and its verdict.

Anything but a verdict counts as away: a scanner that cannot be asked has not said that a file is clean.
"""

import re
import socket
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

PATIENCE = 15.0  # seconds for the whole conversation
PIECE = 64 * 1024
LONGEST_VERDICT = 4096


class ScannerAway(Exception):
    """No verdict: nothing that waits for one may be taken."""


def address(url: str) -> tuple[str, int] | str:
    """Return host and port of tcp://host:port, or the path of unix:///path; raises ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme == "tcp" and parts.hostname and parts.path in {"", "/"}:
        return parts.hostname, parts.port or 3310
    if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
        return parts.path
    raise ValueError("give tcp://host:3310 or unix:///path/of/the/socket")


def scan(content: bytes | Iterable[bytes], *, url: str, patience: float = PATIENCE) -> str:
    """Return the name of what was found, or nothing for a clean file, whole or in pieces. Raises ScannerAway."""
    pieces = _pieces(content) if isinstance(content, bytes) else content
    until = time.monotonic() + patience
    try:
        with _connected(address(url), patience) as wire:
            wire.sendall(b"zINSTREAM\0")
            for piece in filter(None, pieces):  # an empty one would be the end
                wire.settimeout(_left(until))
                wire.sendall(len(piece).to_bytes(4, "big") + piece)
            wire.sendall(bytes(4))
            verdict = _verdict(wire, until)
    except (OSError, ValueError) as error:
        raise ScannerAway(type(error).__name__) from error
    if verdict == "stream: OK":
        return ""
    if found := re.fullmatch(r"stream: (\S+) FOUND", verdict):
        return found.group(1)
    raise ScannerAway("no verdict")


def _pieces(content: bytes) -> Iterable[bytes]:
    return (content[start : start + PIECE] for start in range(0, len(content), PIECE))


def _connected(where: tuple[str, int] | str, patience: float) -> socket.socket:
    if isinstance(where, tuple):
        return socket.create_connection(where, timeout=patience)
    wire = socket.socket(socket.AF_UNIX)
    wire.settimeout(patience)
    try:
        wire.connect(where)
    except OSError:
        wire.close()
        raise
    return wire


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _verdict(wire: socket.socket, until: float) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < LONGEST_VERDICT:
        wire.settimeout(_left(until))
        piece = wire.recv(LONGEST_VERDICT)
        if not piece:
            break
        said += piece
    return said.rstrip(b"\0\n").decode("ascii", "replace")
