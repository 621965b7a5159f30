"""The present instant. Interfaces ask; rules and operations are told (`at`)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone


def now() -> datetime:
    """Return the aware instant in UTC, moved by `CLOCK_OFFSET_SECONDS` in the demo and in tests only.

    Raises ImproperlyConfigured where a moved clock is set elsewhere.
    """
    offset = int(getattr(settings, "CLOCK_OFFSET_SECONDS", 0))
    if offset and not (settings.DEMO or getattr(settings, "TESTING", False)):
        raise ImproperlyConfigured("CLOCK_OFFSET_SECONDS moves the clock: allowed in the demo and in tests only.")
    return timezone.now() + timedelta(seconds=offset)
