"""The consent ledger for the controller's own systems: write acts down, ask before a mail, make links for a mail."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from requests_app import clock
from requests_app.operations import consent_import, preferences
from requests_app.operations.actors import Actor
from requests_app.operations.consents import How
from requests_app.operations.refused import Refused

from .signed_api import Malformed, rows_of, signed, text_of

Answer = tuple[int, Mapping[str, Any]]


@signed
def consents(sent: Mapping[str, Any]) -> Answer:
    """Acts as in the file of import_consents; all are written, or none and every mistake is named."""
    rows = rows_of(sent, "consents")
    if not all(isinstance(row, dict) for row in rows):
        raise Malformed("consents: has to be a list of objects")
    try:
        new = consent_import.take(rows, how=How.API, actor=Actor.system(), at=clock.now())
    except consent_import.Unfit as unfit:
        return 422, {"mistakes": [{"row": wrong.row, "reason": wrong.reason} for wrong in unfit.wrong]}
    return 200, {"recorded": new}


@signed
def query(sent: Mapping[str, Any]) -> Answer:
    """Whether each address may be used for each purpose now; the answers stand in the order of the questions."""
    asked = [(text_of(row, "address"), text_of(row, "purpose")) for row in rows_of(sent, "questions")]
    try:
        found = preferences.answers(asked)
    except Refused as refusal:
        raise Malformed(str(refusal)) from None
    return 200, {"answers": [{"allowed": allowed, "since": at and at.isoformat()} for allowed, at in found]}


@signed
def links(sent: Mapping[str, Any]) -> Answer:
    """A link for each address, for one purpose, with the headers of a mail that carries it."""
    addresses = rows_of(sent, "addresses")
    language = text_of(sent, "language")
    if not all(isinstance(address, str) and "@" in address for address in addresses):
        raise Malformed("addresses: has to be a list of addresses")
    if language not in dict(settings.LANGUAGES):
        raise Malformed("language: has to be one of " + ", ".join(dict(settings.LANGUAGES)))
    try:
        made = preferences.make_links(addresses, purpose=text_of(sent, "purpose"), language=language, at=clock.now())
    except Refused as refusal:
        raise Malformed(str(refusal)) from None
    return 200, {"links": [{"url": url, "headers": preferences.mail_headers(url)} for url in made]}
