"""Where data sources call back: no session, no form, no page."""

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.operations import callbacks

LARGEST = 64 * 1024  # bytes, which are signed and not read


@csrf_exempt  # no cookie counts here: what comes is signed with a secret that no browser has
@never_cache
@require_POST
def source_callback(request: HttpRequest, alias: str, step: str) -> HttpResponse:
    """204 for what is signed, in time and new, and 403 for all else, be there such a step or not."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return HttpResponseForbidden()
    try:
        callbacks.receive(alias, step, path=request.path, headers=request.headers, body=body, at=clock.now())
    except callbacks.NotGenuine:
        return HttpResponseForbidden()
    return HttpResponse(status=204)
