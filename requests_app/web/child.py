"""Report an account of a child under 14: anybody may, without account, code or paper."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.operations import intake
from requests_app.operations.actors import Actor
from requests_app.operations.networks import Act
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused

from . import network
from .behalf_forms import ChildForm
from .middleware import away


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def child(request: HttpRequest) -> HttpResponse:
    """Take the report. The same page follows a first report and a second one of the same account."""
    version = intake.current_policy()
    if version is None:
        return away()
    form = ChildForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if wait := network.crowded(request, Act.FILE):
            form.add_error(None, wait)
            return render(request, "requests_app/child.html", {"form": form}, status=429)
        try:
            filing = form.filing(language=get_language() or "en", policy=policy_of(version))
            intake.receive(filing, channel="web", actor=Actor.agent(), at=now())
            return redirect("child_reported")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "requests_app/child.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD"])
def reported(request: HttpRequest) -> HttpResponse:
    """What happens now."""
    return render(request, "requests_app/child_reported.html")
