"""Wrap the data keys anew under the first master key, so that older master keys can be taken away."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models

from requests_app.models import Notice, SubmissionKey
from requests_app.models.keys import master

BATCH = 200
SECRETS = ("secret", "seed")  # of an app, of recovery codes; a passkey's public key is no secret
SEALED = ("subject_sealed", "text_sealed", "html_sealed")


@dataclass
class Rotated:
    """What was wrapped anew, and what no master key opens."""

    keys: int = 0
    notices: int = 0
    devices: int = 0
    unopened: int = 0


def rotate() -> Rotated:
    """Wrap row by row, each by compare-and-set in its own transaction; to be repeated and interrupted at will.

    A key destroyed meanwhile is not brought back, and what is under the first master key is left as it is.
    """
    done = Rotated()
    for row in _in_batches(SubmissionKey.objects.all()):
        fresh = _anew({"wrapped": row.wrapped}, done)
        if fresh:
            done.keys += SubmissionKey.objects.filter(pk=row.pk, wrapped=row.wrapped).update(**fresh)
    # Notices to staff that belong to no submission: the master key seals them itself.
    for notice in _in_batches(Notice.objects.filter(submission=None)):
        sealed = {column: getattr(notice, column) for column in SEALED}
        fresh = _anew(sealed, done)
        if fresh:
            done.notices += Notice.objects.filter(pk=notice.pk, **sealed).update(**fresh)
    # Second factors of staff, sealed by the master key as well: admin/second_factor.py.
    for device in _in_batches(Authenticator.objects.all()):
        secrets = {name: device.data[name].encode() for name in SECRETS if name in device.data}
        fresh = _anew(secrets, done)
        if fresh:
            data = device.data | {name: value.decode() for name, value in fresh.items()}
            done.devices += Authenticator.objects.filter(pk=device.pk, data=device.data).update(data=data)
    return done


def _in_batches(rows: "models.QuerySet[Any]") -> Iterator[Any]:
    batch = list(rows.order_by("pk")[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1].pk).order_by("pk")[:BATCH])


def _anew(sealed: dict[str, Any], done: Rotated) -> dict[str, bytes]:
    """Return the columns under the first key, or nothing where they are already or cannot be opened."""
    texts = {column: bytes(value) for column, value in sealed.items() if value}
    if all(_under_first(text) for text in texts.values()):
        return {}
    try:
        return {column: master().rotate(text) for column, text in texts.items()}
    except InvalidToken:
        done.unopened += 1
        return {}


def _under_first(token: bytes) -> bool:
    try:
        Fernet(settings.MASTER_KEYS[0]).decrypt(token)
    except InvalidToken:
        return False
    return True
