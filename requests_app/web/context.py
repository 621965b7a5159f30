"""What every page is told. No question to the database: error pages use this too."""

from django.conf import settings
from django.http import HttpRequest

# The accents of static/css/site.css; its dark tones are chosen by hand, so a free colour cannot be.
ACCENTS = {"#0b5a68": "petrol", "#1d4f91": "blue", "#6d2e68": "plum", "#22603c": "forest", "#8a3a1d": "brick"}


def organisation(request: HttpRequest) -> dict[str, str]:
    """Name and accent of the controller's portal."""
    return {
        "organisation": settings.ORGANISATION_NAME,
        "accent": ACCENTS.get(settings.ACCENT_COLOUR.lower(), "petrol"),
    }
