"""File a request: the form, the page to check it, the submission."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import PolicyVersion
from requests_app.operations import intake
from requests_app.operations.actors import Actor
from requests_app.operations.networks import Act
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused

from . import network, visitor, words
from .forms import FilingForm
from .middleware import away


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest) -> HttpResponse:
    """Show the form; a valid one leads to the page to check it, a checked one to the submission."""
    version = intake.current_policy()
    if version is None:  # nothing is promised yet, so nothing can be filed
        return away()
    if request.method != "POST":
        return _form_page(request, FilingForm(policy=policy_of(version)), version)
    form = FilingForm(request.POST, policy=policy_of(version))
    action = request.POST.get("action")
    if action == "change":
        return _form_page(request, FilingForm.unjudged(request.POST, policy=policy_of(version)), version)
    if not form.is_valid():
        return _form_page(request, form, version)
    if action == "send":
        return _send(request, form, version)
    proofs = [words.proof(right, policy_of(version)) for right in form.cleaned_data["rights"]]
    context = {"form": form, "answers": form.answers(), "proofs": proofs, **_promise(version)}
    return render(request, "requests_app/check.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The check page is the answer to a POST: whoever comes by address or reload starts at the form."""
    return file(request) if request.method == "POST" else redirect("file")


def _send(request: HttpRequest, form: FilingForm, version: PolicyVersion) -> HttpResponse:
    if not form.need_not_wait and (wait := network.crowded(request, Act.FILE)):
        form.add_error(None, wait)
        return _form_page(request, form, version, status=429)
    filing = form.filing()
    try:
        submission = intake.receive(filing, channel="web", actor=Actor.person(), at=now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, form, version)
    visitor.filed(request, submission)
    if set(submission.requests.values_list("right", flat=True)) != set(filing.rights):
        messages.warning(
            request, _("This form had been sent before, so nothing was added. For more, start a new form.")
        )
    request.session["just_filed"] = True
    return redirect("status")


def _form_page(request: HttpRequest, form: FilingForm, version: PolicyVersion, *, status: int = 200) -> HttpResponse:
    return render(request, "requests_app/file.html", {"form": form, **_promise(version)}, status=status)


def _promise(version: PolicyVersion) -> dict[str, object]:
    """The date of an answer to a form sent now, and how many days that is, whatever the unit of the policy."""
    at = now()
    due_on = intake.expected_due(version, at=at).due_on
    today = at.astimezone(ZoneInfo(policy_of(version).time_zone)).date()
    return {"due_on": due_on, "response_days": (due_on - today) // timedelta(days=1)}
