"""The portal's WSGI application, in which the header `X-Fail: place kind` makes that place raise that kind of error.

For tests: every error quotes what it was called with, as real ones do.
"""

import json
import smtplib
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import (
    FieldError,
    ObjectDoesNotExist,
    PermissionDenied,
    SuspiciousOperation,
    TooManyFieldsSent,
    ValidationError,
)
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.http import Http404
from django.template import Template, TemplateSyntaxError
from django.urls import NoReverseMatch

from portal.wsgi import application as portal
from requests_app.operations import evidence, identity, intake
from requests_app.web import filing, filing_form, visitor


class Unprintable(Exception):
    """Nobody can ask what it says."""

    def __str__(self) -> str:
        raise ValueError(self.args)


class OfTwo(Exception):
    """Raised while another was handled, which is the one that quotes."""


def of_two(text: str) -> Exception:
    error = OfTwo("see the cause")
    error.__cause__ = ValueError(text)
    return error


KINDS: dict[str, Callable[[str], Exception]] = {
    kind.__name__: kind
    for kind in (
        RuntimeError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        AssertionError,
        MemoryError,
        RecursionError,
        OSError,
        TimeoutError,
        IntegrityError,
        DataError,
        ProgrammingError,
        OperationalError,
        InterfaceError,
        ValidationError,
        ObjectDoesNotExist,
        FieldError,
        PermissionDenied,
        SuspiciousOperation,
        TooManyFieldsSent,
        Http404,
        TemplateSyntaxError,
        NoReverseMatch,
        smtplib.SMTPException,
        InvalidToken,
        InvalidTag,
        zlib.error,
        Unprintable,
    )
} | {
    "UnicodeEncodeError": lambda text: UnicodeEncodeError("ascii", text, 0, 1, text),
    "JSONDecodeError": lambda text: json.JSONDecodeError(text, text, 0),
    "ExceptionGroup": lambda text: ExceptionGroup(text, [ValueError(text), KeyError(text)]),
    "OfTwo": of_two,
}

PLACES = {
    "view": (filing, "_send"),
    "form": (filing_form.FilingForm, "filing"),
    "operation": (intake, "receive"),
    "evidence": (evidence, "append"),
    "session": (SessionStore, "save"),
    "visitor": (visitor, "filed"),
    "template": (Template, "render"),
    "code": (identity, "confirm"),
}
armed: dict[str, str] = {}


def _failing(place: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if armed.get("place") != place:
            return real(*args, **kwargs)
        armed.pop("place")  # once: the page of the error may come this way, too
        data = [getattr(thing, "data", thing) for thing in args]
        raise KINDS[armed["kind"]](f"{data} {kwargs}")

    return call


for _place, (_owner, _name) in PLACES.items():
    setattr(_owner, _name, _failing(_place, getattr(_owner, _name)))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One request at a time in each process: what is armed is for this one."""
    armed.clear()
    place, _, kind = environ.get("HTTP_X_FAIL", "").partition(" ")
    armed.update(place=place, kind=kind)
    return portal(environ, start_response)
