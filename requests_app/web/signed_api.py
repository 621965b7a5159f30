"""What the controller's own systems call: JSON, signed as docs/operations.md says, without session or cookie."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.operations import signed_calls

LARGEST = 1024 * 1024  # bytes of a call
MOST = 1000  # rows of a call

Call = Callable[[Mapping[str, Any]], tuple[int, Mapping[str, Any]]]
"""Gets what was sent, gives status and answer. Raises Malformed."""


class Malformed(Exception):
    """What was sent has another shape; says which it has to have."""


def signed(call: Call) -> Callable[[HttpRequest], HttpResponse]:
    """A view that asks `call`: 403 for whatever is not signed, 400 for another shape; the answer is signed, too."""

    @csrf_exempt  # no cookie counts here: what comes is signed with a secret that no browser has
    @never_cache
    @require_POST
    @wraps(call)
    def view(request: HttpRequest) -> HttpResponse:
        body = request.read(LARGEST + 1)
        if len(body) > LARGEST:
            return HttpResponseForbidden()
        try:
            key, sent = signed_calls.take(path=request.path, headers=request.headers, body=body, at=clock.now())
        except signed_calls.NotSigned:
            return HttpResponseForbidden()
        except signed_calls.TooMany:
            return HttpResponse(status=429, headers={"Retry-After": "3600"})
        try:
            status, answer = call(_object(body))
        except Malformed as mistake:
            status, answer = 400, {"error": str(mistake)}
        content = json.dumps(answer).encode()
        headers = signed_calls.answer_headers(key, sent, status, content)
        return HttpResponse(content, status=status, content_type="application/json", headers=headers)

    return view


def rows_of(sent: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list of this name; raises Malformed where it is none, or longer than MOST."""
    rows = sent.get(name)
    if not isinstance(rows, list) or len(rows) > MOST:
        raise Malformed(f"{name}: has to be a list of at most {MOST}")
    return rows


def text_of(row: object, name: str) -> str:
    """Return the text of this name in an object; raises Malformed where there is none."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, str):
        raise Malformed(f"{name}: has to be a text")
    return value


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("has to be JSON") from None
    if not isinstance(sent, dict):
        raise Malformed("has to be a JSON object")
    return sent
