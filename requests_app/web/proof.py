"""The page on which a person sends the document that was asked for. Covering happens in their browser."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import DataSubjectRequest
from requests_app.operations import asking, proof
from requests_app.operations.refused import Refused
from requests_app.operations.scanning import ScannerIsAway
from requests_app.rules.lifecycle import State

from . import visitor, words
from .forms import DocumentForm, mistake
from .status import unavailable


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def document(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Why it is asked, what to cover, and the file. Where nothing is asked for, back to the requests."""
    dsr = visitor.own_request(request, pk, as_requester=True)  # from whom it is asked
    if asking.open_doubt(dsr) is None or dsr.state != State.AWAITING_VERIFICATION:
        return redirect("status")
    if request.method != "POST":
        return _page(request, dsr)
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, dsr, error=mistake(form), status=422)
    try:
        proof.submit_document(
            dsr, content=form.cleaned_data["file"].read(), actor=visitor.actor(request, dsr.submission), at=now()
        )
    except ScannerIsAway as away:
        return unavailable(_page(request, dsr, error=str(away)))
    except Refused as refusal:
        return _page(request, dsr, error=str(refusal), status=422)
    messages.success(request, _("We have your document. Two of us look at it, and you hear from us here."))
    return redirect("status")


def _page(request: HttpRequest, dsr: DataSubjectRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    doubt = asking.open_doubt(dsr)
    waiting = doubt.documents.filter(result="", destroyed_at=None).count() if doubt else 0
    context = {
        "dsr": dsr,
        "title": words.title(dsr.right),
        "reason": doubt.reason if doubt else "",
        "rejected": proof.last_rejection(dsr),
        "waiting": waiting,
        "error": error,
        "due_on": dsr.due_on,
    }
    with timezone.override(ZoneInfo(dsr.submission.received_zone)):
        return render(request, "requests_app/proof.html", context, status=status)
