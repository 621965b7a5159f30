"""Find my requests: from address by code to all its submissions. No page tells whether an address is known."""

import time
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.connectors import openid
from requests_app.models import Submission
from requests_app.models.keys import lookup_digests
from requests_app.operations import find as operation
from requests_app.operations.networks import Act
from requests_app.operations.refused import Refused

from . import network, pace, visitor, words
from .forms import CodeForm, EmailForm
from .identity import wrong_code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Take an address; the answer is the same for known and unknown ones, and where a limit is reached."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := network.crowded(request, Act.FIND):
            form.add_error(None, wait)
            return render(request, "requests_app/find.html", {"form": form}, status=429)
        started = time.monotonic()
        visitor.looks_for(request, form.cleaned_data["email"])
        try:
            operation.request_code(form.cleaned_data["email"], at=now())
        except Refused:
            pass  # "too many codes" would tell that the address is known
        pace.wait_from(started)
        return redirect("find_code")
    context = {"form": form, "offers_sign_in": openid.provider("person") is not None}
    return render(request, "requests_app/find.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find_code(request: HttpRequest) -> HttpResponse:
    """Take the code."""
    email = visitor.looked_for(request)
    if not email:
        return redirect("find")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := network.crowded(request, Act.CODE):
            form.add_error(None, wait)
            return render(request, "requests_app/find_code.html", {"form": form, "email": email}, status=429)
        started = time.monotonic()
        try:
            submissions = operation.confirm(email, code=form.cleaned_data["code"], at=now())
        except Refused:
            submissions = []
        pace.wait_from(started)
        if submissions:
            remember_found(request, submissions, email)
            return redirect("found")
        form.add_error("code", wrong_code())
    return render(request, "requests_app/find_code.html", {"form": form, "email": email})


def remember_found(request: HttpRequest, submissions: list[Submission], email: str) -> None:
    """A code to this address was typed here just now; of some of them it is not the filer's, but the person's."""
    visitor.forget(request)
    visitor.proved(request, *submissions, at=now(), digests=lookup_digests(email))
    request.session["found"] = [str(submission.pk) for submission in submissions]


@never_cache
@require_http_methods(["GET", "HEAD"])
def found(request: HttpRequest) -> HttpResponse:
    """All submissions of the address."""
    pks = request.session.get("found")
    if not pks:
        return redirect("find")
    rows = Submission.objects.filter(pk__in=pks).prefetch_related("requests").order_by("-received_at")
    submissions = [
        {
            "pk": row.pk,
            "case_number": row.case_label,
            "received_on": row.received_on,
            "for_you": visitor.side(request, row) == visitor.Side.PERSON,
            "rights": [words.title(dsr.right) for dsr in row.requests.all()],
        }
        for row in rows
    ]
    return render(request, "requests_app/found.html", {"submissions": submissions})


@never_cache
@require_http_methods(["POST"])
def open_found(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one of those that the code led to."""
    if str(pk) not in request.session.get("found", []):
        raise Http404
    request.session["submission"] = str(get_object_or_404(Submission, pk=pk).pk)
    return redirect("status")
