"""What the controller's own systems send, signed with a key of IMPORT_KEYS: taken once, within the window."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from requests_app.connectors import signing
from requests_app.models import SourceCallback

LONGEST_NAME = 36  # characters of a key's name: its calls are remembered beside those of data sources
PER_HOUR = 3600  # calls of one key: nobody tries all addresses of the world against the register
HOUR = timedelta(hours=1)
_NO_STEP = UUID(int=0)


class NotSigned(Exception):
    """Not signed with one of our keys, not now, or not for the first time."""


class TooMany(Exception):
    """This key was used as often as it may be within an hour."""


def key_of(name: str) -> signing.Key | None:
    """Return the key of this name, or None."""
    secret = settings.IMPORT_KEYS.get(name)
    return signing.Key(name, secret.encode()) if secret and len(name) <= LONGEST_NAME else None


def take(*, path: str, headers: Mapping[str, str], body: bytes, at: datetime) -> tuple[signing.Key, signing.Sent]:
    """Return who signed this, and when. Raises NotSigned, TooMany."""
    key = key_of(headers.get(signing.KEY, ""))
    sent = signing.verified(key, signing.CALL, "POST", path, body, headers, now=at.timestamp()) if key else None
    if key is None or sent is None:
        raise NotSigned
    try:
        with transaction.atomic():
            SourceCallback.objects.create(
                alias=f"api:{key.name}", nonce=sent.nonce, step=_NO_STEP, sent_at=datetime.fromtimestamp(sent.at, UTC)
            )
    except IntegrityError:
        raise NotSigned from None
    if SourceCallback.objects.filter(alias=f"api:{key.name}", sent_at__gt=at - HOUR).count() > PER_HOUR:
        raise TooMany
    return key, sent


def answer_headers(key: signing.Key, sent: signing.Sent, status: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign an answer to this call, and to no other."""
    line = (key.name, str(status), sent.nonce, signing.digest(body))
    return {signing.KEY: key.name, signing.SIGNATURE: signing.mac(key, signing.ANSWER, *line)}
