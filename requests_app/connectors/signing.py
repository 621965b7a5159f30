"""Who sent this, when, and that nobody changed it: HMAC-SHA-256 with a shared secret over a few lines of text.

It is what RFC 9421 signs (method, path, time, nonce, key, and the content by its digest, RFC 9530), with one fixed list
of components and one algorithm: nothing is negotiated, so that the other side checks it in twenty lines. The first
line names the direction: nothing that one side signed is ever a message of the other. docs/data-sources.md, "HTTP".
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

WINDOW = timedelta(minutes=5)  # by which a signed instant may lie before or after ours
SHORTEST_SECRET = 32  # characters
REQUEST, ANSWER, CALLBACK = "portal-request-1", "portal-answer-1", "portal-callback-1"
CALL = "portal-call-1"  # of the controller's systems to the portal
KEY, TIME, NONCE, SIGNATURE = HEADERS = ("Portal-Key", "Portal-Time", "Portal-Nonce", "Portal-Signature")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TIME = re.compile(r"[1-9][0-9]{0,11}")  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Key:
    """What both sides know. Raises ValueError for a secret that could be guessed, or a name that is no header."""

    name: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", self.name):
            raise ValueError("key_id has to be at most 64 letters, digits, dots, - and _")
        if len(self.secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret is too short: at least {SHORTEST_SECRET} characters")


@dataclass(frozen=True, slots=True)
class Sent:
    """When a message was signed (seconds since 1970), and its nonce, which is used once."""

    at: int
    nonce: str


def new_nonce() -> str:
    """Return 128 random bits."""
    return secrets.token_urlsafe(16)


def digest(body: bytes) -> str:
    """Return the SHA-256 of a body as it is signed."""
    return hashlib.sha256(body).hexdigest()


def mac(key: Key, *lines: str) -> str:
    """Return the HMAC-SHA-256 of these lines, joined by line feeds, in hexadecimal digits."""
    return hmac.new(key.secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def signed_headers(key: Key, direction: str, method: str, path: str, body: bytes, sent: Sent) -> dict[str, str]:
    """Return the headers that sign a request in this direction."""
    signature = mac(key, direction, key.name, method, path, str(sent.at), sent.nonce, digest(body))
    return {KEY: key.name, TIME: str(sent.at), NONCE: sent.nonce, SIGNATURE: signature}


def verified(
    key: Key, direction: str, method: str, path: str, body: bytes, headers: Mapping[str, str], *, now: float
) -> Sent | None:
    """Return when this was sent, and its nonce, where it was signed with the key within the window; else None.

    That the nonce was not used before is for the caller to see.
    """
    at, nonce = headers.get(TIME, ""), headers.get(NONCE, "")
    if headers.get(KEY, "") != key.name or not _TIME.fullmatch(at) or not _NONCE.fullmatch(nonce):
        return None
    right = mac(key, direction, key.name, method, path, at, nonce, digest(body))
    if not hmac.compare_digest(right.encode(), headers.get(SIGNATURE, "").encode()):
        return None
    return Sent(int(at), nonce) if abs(now - int(at)) <= WINDOW.total_seconds() else None


def attestation(key: Key, sent: Sent, status: int, body_digest: str, signature: str) -> str:
    """Return the line that is kept of a signed answer: with the key it shows later what was answered, and to what."""
    return f"{ANSWER} {key.name} {status} {sent.nonce} {body_digest} {signature}"


def attests(key: Key, line: str, body: bytes) -> bool:
    """Whether these bytes are the answer of which the line was kept.

    Whoever has the secret, so we too, could have made it: it shows us that they answered, and no third person.
    """
    parts = line.split(" ")
    if len(parts) != 6 or parts[:2] != [ANSWER, key.name] or parts[4] != digest(body):
        return False
    return hmac.compare_digest(mac(key, *parts[:5]).encode(), parts[5].encode())


def answers(key: Key, sent: Sent, status: int, body_digest: str, signature: str) -> bool:
    """Whether a body of this digest was signed as the answer to what was sent, and to nothing else."""
    right = mac(key, ANSWER, key.name, str(status), sent.nonce, body_digest)
    return hmac.compare_digest(right.encode(), signature.encode())
