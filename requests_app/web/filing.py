"""File a request: the form, the page to check it, the submission; and the page between for whoever asks for another."""

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
from requests_app.operations.erasing import ACCESS
from requests_app.operations.intake import Filing
from requests_app.operations.networks import Act
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.rules.identity import SELF, Circumstances

from . import network, visitor, words
from .behalf_forms import BehalfForm
from .filing_form import FilingForm
from .middleware import away


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest) -> HttpResponse:
    """Show the form; a valid one leads to the page to check it, a checked one to the submission."""
    version = intake.current_policy()
    if version is None:  # nothing is promised yet, so nothing can be filed
        return away()
    if request.method != "POST":
        form = FilingForm(policy=policy_of(version))
        form.initial["rights"] = request.GET.getlist(
            "right"
        )  # of a link on the controller's page; unknown ones count nothing
        return _form_page(request, form, version)
    form = FilingForm(request.POST, policy=policy_of(version))
    action = request.POST.get("action")
    if action == "change":
        return _form_page(request, FilingForm.unjudged(request.POST, policy=policy_of(version)), version)
    if not form.is_valid():
        page = _check_page if set(form.errors) == {"purposes"} else _form_page  # where each is asked
        return page(request, form, version)
    if kind := form.cleaned_data["for_whom"]:
        return _behalf_page(request, form, BehalfForm(kind=kind, free=form.need_not_wait), version)
    if action == "send":
        if not form.need_not_wait and (wait := network.crowded(request, Act.FILE)):
            form.add_error(None, wait)
            return _form_page(request, form, version, status=429)
        try:
            return _send(request, form.filing(), Actor.person())
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return _form_page(request, form, version)
    return _check_page(request, form, version)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The check page is the answer to a POST: whoever comes by address or reload starts at the form."""
    return file(request) if request.method == "POST" else redirect("file")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def behalf(request: HttpRequest) -> HttpResponse:
    """The page for whoever asks for somebody else: their person, their paper, and what was typed before, to check."""
    version = intake.current_policy()
    if version is None:
        return away()
    if request.method != "POST":
        return redirect("file")
    form = FilingForm(request.POST, policy=policy_of(version))
    if not form.is_valid() or not form.cleaned_data["for_whom"]:
        return file(request)
    kind, free = form.cleaned_data["for_whom"], form.need_not_wait
    about = BehalfForm(request.POST, request.FILES, kind=kind, free=free)
    if about.is_valid():
        if not form.need_not_wait and (wait := network.crowded(request, Act.FILE)):
            about.add_error(None, wait)
            return _behalf_page(request, form, about, version, status=429)
        try:
            return _send(request, form.filing(about.behalf()), Actor.agent())
        except Refused as refusal:
            about.add_error(None, str(refusal))
    return _behalf_page(request, form, about, version)


def _send(request: HttpRequest, filing: Filing, actor: Actor) -> HttpResponse:
    submission = intake.receive(filing, channel="web", actor=actor, at=now())
    visitor.filed(request, submission)
    filed = set(submission.requests.values_list("right", flat=True))
    if filed != set(filing.rights) and not (filing.behalf and filed > set(filing.rights)):
        messages.warning(
            request, _("This form had been sent before, so nothing was added. For more, start a new form.")
        )
    request.session["just_filed"] = True
    return redirect("status")


def _form_page(request: HttpRequest, form: FilingForm, version: PolicyVersion, *, status: int = 200) -> HttpResponse:
    return render(request, "requests_app/file.html", {"form": form, **_promise(version)}, status=status)


def _check_page(request: HttpRequest, form: FilingForm, version: PolicyVersion) -> HttpResponse:
    context = {
        "form": form,
        "answers": form.answers(),
        "proofs": _proofs(form, version),
        "offers_copy": _offers_copy(form, version),
        **_promise(version),
    }
    return render(request, "requests_app/check.html", context)


def _offers_copy(form: FilingForm, version: PolicyVersion) -> bool:
    """Whether the person is asked if they want a copy before everything is deleted (B-V(3), P10)."""
    policy, wanted = policy_of(version), set(form.cleaned_data["rights"])
    return ACCESS in policy.rights and ACCESS not in wanted and bool(wanted & set(policy.erasing_rights))


def _behalf_page(
    request: HttpRequest, form: FilingForm, about: BehalfForm, version: PolicyVersion, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": about,
        "first": form,
        "answers": form.answers(),
        "kind": about.kind.value,
        "proofs": _proofs(form, version),
        **_promise(version),
    }
    return render(request, "requests_app/behalf.html", context, status=status)


def _proofs(form: FilingForm, version: PolicyVersion) -> list[dict[str, str | bool]]:
    """What each right of a valid form asks to be shown, and why, for whoever files it here."""
    about = Circumstances(filer=form.cleaned_data["for_whom"] or SELF)
    return [words.proof(right, policy_of(version), about) for right in form.cleaned_data["rights"]]


def _promise(version: PolicyVersion) -> dict[str, object]:
    """The date of an answer to a form sent now, and how many days that is, whatever the unit of the policy."""
    at = now()
    due_on = intake.expected_due(version, at=at).due_on
    today = at.astimezone(ZoneInfo(policy_of(version).time_zone)).date()
    return {"due_on": due_on, "response_days": (due_on - today) // timedelta(days=1)}
