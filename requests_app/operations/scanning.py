"""The guard before any file of a stranger is taken: where a scanner is configured, only its word lets a file in."""

import logging
from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from requests_app.connectors import clamd

from .refused import Refused

log = logging.getLogger(__name__)


class ScannerIsAway(Refused):
    """Nothing is taken while the scanner does not answer; trying again later helps."""


class Infected(Refused):
    """The scanner found something."""


def refuse_infected(content: bytes | Iterable[bytes]) -> None:
    """Return for a clean file, or where no scanner is configured. Raises Infected or ScannerIsAway."""
    if not settings.CLAMD_URL:
        return
    try:
        found = clamd.scan(content, url=settings.CLAMD_URL)
    except clamd.ScannerAway as away:
        log.error("the virus scanner did not answer: %s", away)
        raise ScannerIsAway(
            _("We cannot check files for viruses at this moment. Your file was not taken; please try again later.")
        ) from away
    if found:
        log.warning("the virus scanner refused a file: %s", found[:80])
        raise Infected(_("Our virus scanner found something in this file. It was not taken. Send another file."))
