"""One notice of the inbox as a page of its own, to read in peace, to print or to keep."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.models import Notice

from . import visitor


@never_cache
@require_http_methods(["GET", "HEAD"])
def notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Own notices only; foreign ones, unknown ones and those to staff are told apart by nobody."""
    own = visitor.own_submission(request)
    found = Notice.objects.filter(pk=pk, submission=own, recipient="person").first()
    if found is None or not visitor.may_read(request, own, found):
        raise Http404
    shown = {"subject": found.subject, "at": found.created_at, "check_code": found.check_code, "body": found.text}
    with timezone.override(ZoneInfo(own.received_zone)):
        return render(request, "requests_app/notice.html", {"notice": shown, "submission": own})
