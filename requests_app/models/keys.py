"""Envelope encryption: one random data key per submission, wrapped by the master key, in a database of its own."""

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from uuid import UUID

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from requests_app.rules.addresses import normalise, skeleton


class SubmissionKey(models.Model):
    """The wrapped data key of one submission. Destroying the row makes every sealed copy unreadable."""

    submission_id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"key of {self.submission_id}"


class KeyDestroyed(Exception):
    """The data key is gone: what it sealed cannot be read any more."""


@lru_cache(maxsize=4)
def _master(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def master() -> MultiFernet:
    """Return the wrapping key ring; its first key wraps, all of them unwrap."""
    return _master(tuple(settings.MASTER_KEYS))


def create_key(submission_id: UUID) -> None:
    """Store a fresh 256-bit data key. Comes before the submission: an orphan key harms nobody."""
    SubmissionKey.objects.create(submission_id=submission_id, wrapped=master().encrypt(AESGCM.generate_key(256)))


_held: ContextVar[Mapping[UUID, AESGCM]] = ContextVar("held data keys")


@contextmanager
def held(submission_ids: Iterable[UUID]) -> Iterator[None]:
    """Read these data keys in one statement, and hold them until the block ends."""
    token = _held.set(data_keys(submission_ids))
    try:
        yield
    finally:
        _held.reset(token)


def _data_key(submission_id: UUID) -> AESGCM:
    if (key := _held.get({}).get(submission_id)) is not None:
        return key
    row = SubmissionKey.objects.filter(pk=submission_id).first()
    if row is None:
        raise KeyDestroyed(str(submission_id))
    return AESGCM(master().decrypt(bytes(row.wrapped)))


def data_keys(submission_ids: Iterable[UUID]) -> dict[UUID, AESGCM]:
    """Return the data keys of many submissions by one question; a destroyed one is missing."""
    rows = SubmissionKey.objects.filter(pk__in=set(submission_ids))
    return {row.pk: AESGCM(master().decrypt(bytes(row.wrapped))) for row in rows}


def unseal_with(key: AESGCM | None, place: str, sealed: "bytes | memoryview[int]") -> str:
    """Decrypt a text with a key from `data_keys`; raises KeyDestroyed where there is none."""
    if not sealed:
        return ""
    if key is None:
        raise KeyDestroyed(place)
    raw = bytes(sealed)
    return key.decrypt(raw[:12], raw[12:], place.encode()).decode()


def seal_bytes(submission_id: UUID | None, place: str, plain: bytes) -> bytes:
    """Encrypt with AES-GCM, bound to `place` (table, column, primary key); staff texts use the master key itself."""
    if submission_id is None:
        return master().encrypt(place.encode() + b"\0" + plain)
    nonce = os.urandom(12)
    return nonce + _data_key(submission_id).encrypt(nonce, plain, place.encode())


def unseal_bytes(submission_id: UUID | None, place: str, sealed: "bytes | memoryview[int]") -> bytes:
    """Decrypt; raises KeyDestroyed, or InvalidTag where the bytes or their place were changed."""
    if submission_id is None:
        found, _, plain = master().decrypt(bytes(sealed)).partition(b"\0")
        if found != place.encode():
            raise KeyDestroyed(place)
        return plain
    raw = bytes(sealed)
    return _data_key(submission_id).decrypt(raw[:12], raw[12:], place.encode())


def seal(submission_id: UUID | None, place: str, text: str) -> bytes:
    """Encrypt a text; an empty text stays empty."""
    return seal_bytes(submission_id, place, text.encode()) if text else b""


def unseal(submission_id: UUID | None, place: str, sealed: "bytes | memoryview[int]") -> str:
    """Decrypt a text sealed by `seal`."""
    return unseal_bytes(submission_id, place, sealed).decode() if sealed else ""


def lookup_digests(address: str) -> list[str]:
    """Return the keyed digests of an address under every key version, the newest first."""
    return _digests(normalise(address))


def look_digests(address: str) -> list[str]:
    """Return the same of what the address looks like at a glance: for warnings, since different mailboxes share it."""
    return _digests(f"look\0{skeleton(address)}")


def subject_digests(issuer: str, subject: str) -> list[str]:
    """Return the same of an account at a provider of OpenID Connect; its `sub` counts letter by letter."""
    return _digests(f"openid\0{issuer}\0{subject}")


def browser_digests(number: UUID) -> list[str]:
    """Return the same of a number that one browser was given for its choice of cookies, and nobody else has."""
    return _digests(f"browser\0{number.hex}")


def _digests(text: str) -> list[str]:
    return [
        f"{version}:{hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()}"
        for version, key in sorted(settings.LOOKUP_KEYS.items(), reverse=True)
    ]


def document_digests(pixels: str) -> list[str]:
    """Return the keyed digests of what a document shows under every key version, the newest first.

    Keyed, so that nobody who holds the picture can find its row in a copy of the database.
    """
    text = f"document:{pixels}".encode()
    return [
        f"{version}:{hmac.new(key.encode(), text, hashlib.sha256).hexdigest()}"
        for version, key in sorted(settings.LOOKUP_KEYS.items(), reverse=True)
    ]
