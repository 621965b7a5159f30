"""A data source says that what it was asked for is ready: signed, in time, once. It brings no data; it is asked again.

What comes is judged alike whether there is such a step or not, so that nobody learns of one.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from requests_app.connectors import callback_key, signing
from requests_app.models import FulfilmentStep, SourceCallback

KEPT = 12 * signing.WINDOW  # longer than any of them could be sent again
_STEP = re.compile(r"[0-9a-f]{32}")


class NotGenuine(Exception):
    """Not signed by this source, not now, or not for the first time."""


def receive(alias: str, step: str, *, path: str, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
    """Take one callback, and have its step continued now where one waits for it. Raises NotGenuine."""
    key = callback_key(alias)
    if key is None or not _STEP.fullmatch(step):
        raise NotGenuine
    sent = signing.verified(key, signing.CALLBACK, "POST", path, body, headers, now=at.timestamp())
    if sent is None:
        raise NotGenuine
    pk, sent_at = UUID(hex=step), datetime.fromtimestamp(sent.at, UTC)
    try:
        with transaction.atomic():
            if SourceCallback.objects.filter(alias=alias, step=pk, sent_at__gt=sent_at).exists():
                raise NotGenuine  # overtaken by a newer one
            SourceCallback.objects.create(alias=alias, nonce=sent.nonce, step=pk, sent_at=sent_at)
            _wake(alias, pk, at)
    except IntegrityError:
        raise NotGenuine from None


def _wake(alias: str, pk: UUID, at: datetime) -> None:
    """A step that is being asked at this moment has attempts, and its claim is left alone."""
    waiting = FulfilmentStep.objects.filter(pk=pk, alias=alias, status=FulfilmentStep.Status.PENDING, attempts=0)
    waiting.exclude(next_try_at__lte=at).update(next_try_at=at)


def forget(now: datetime) -> int:
    """Forget what is too old to be taken again."""
    return SourceCallback.objects.filter(sent_at__lt=now - KEPT).delete()[0]
