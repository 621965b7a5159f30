"""The controller's own sign-in, in place of the code: away to its provider and back. Nobody gets an account here."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.connectors import openid
from requests_app.models import Submission
from requests_app.operations.actors import Actor
from requests_app.operations.sign_in import Account, Outcome, confirm_by_sign_in, find_by_sign_in

from . import visitor

FIND = "find"  # what a sign-in is begun for, besides one submission


def _provider() -> openid.Provider:
    provider = openid.provider("person")
    if provider is None:
        raise Http404
    return provider


def _own(request: HttpRequest) -> Submission:
    """The submission of this session; what was filed for somebody else is shown by their own word, and not here."""
    own = visitor.own_submission(request)
    if visitor.side(request, own) != visitor.Side.SELF:
        raise Http404
    return own


def _back() -> str:
    return settings.PUBLIC_URL + reverse("sign_in_back")


@never_cache
@require_http_methods(["POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the provider by a page of our own: `form-action` would have to name whatever it redirects to."""
    provider = _provider()
    about = FIND if request.POST.get("for") == FIND else str(_own(request).pk)
    try:
        url = openid.begin(provider, request.session, back=_back(), about=about, at=now())
    except openid.Away:
        messages.error(request, _away())
        return redirect("status")
    return render(request, "requests_app/sign_in.html", {"url": url, "language_next": reverse("status")})


@never_cache
@require_http_methods(["GET"])
def sign_in_back(request: HttpRequest) -> HttpResponse:
    """Take whoever comes back. It acts on GET, since the provider redirects; `state` lets it act once, here only."""
    at = now()
    try:
        shown = openid.finish(_provider(), request.session, request.GET.dict(), back=_back(), at=at)
    except openid.Away:
        messages.error(request, _away())
        return redirect("status")
    except openid.NotShown as problem:
        messages.error(request, _not_shown(problem.why))
        return redirect("status")
    return _find(request, shown, at) if shown.about == FIND else _confirm(request, shown, at)


def _confirm(request: HttpRequest, shown: openid.Identity, at: datetime) -> HttpResponse:
    submission = _own(request) if visitor.submission(request) else None
    if submission is None or shown.about != str(submission.pk):
        messages.error(request, _not_shown("started"))
        return redirect("status")
    outcome = confirm_by_sign_in(submission, account=_account(shown), actor=Actor.person(), at=at)
    if outcome == Outcome.CONFIRMED:
        visitor.recognised(request, submission)  # not "fresh": the provider may remember a sign-in for days
        messages.success(request, _("Thank you. Your sign-in has confirmed your address."))
    else:
        messages.error(request, _refused(outcome))
    return redirect("status")


def _find(request: HttpRequest, shown: openid.Identity, at: datetime) -> HttpResponse:
    found = find_by_sign_in(_account(shown), actor=Actor.person(), at=at)
    if not found:
        unverified = not (shown.email and shown.email_verified)
        messages.error(request, _refused(Outcome.UNVERIFIED) if unverified else _("No requests were found."))
        return redirect("find")
    visitor.forget(request)
    visitor.recognised(request, *found)
    request.session["found"] = [str(submission.pk) for submission in found]
    return redirect("found")


def _account(shown: openid.Identity) -> Account:
    return Account(shown.issuer, shown.subject, shown.email if shown.email_verified else "")


def _away() -> str:
    return _("The sign-in cannot be reached at the moment. You can type the code instead.")


def _not_shown(why: str) -> str:
    return {
        "declined": _("You did not sign in, and nothing has changed. You can type the code instead."),
        "checked": _("The sign-in could not be checked, and nothing has changed. You can type the code instead."),
    }.get(why) or _("This sign-in is over, or was begun elsewhere. Nothing has changed; you can begin again.")


def _refused(outcome: Outcome) -> str:
    return {
        Outcome.UNVERIFIED: _(
            "Your account has no confirmed e-mail address, so it cannot stand for the code. Nothing has changed."
        ),
        Outcome.OTHER_ADDRESS: _(
            "Your account has another e-mail address than these requests, so it cannot confirm them. "
            "Nothing has changed; you can type the code instead."
        ),
    }.get(outcome) or _("These requests were confirmed with another account. Please sign in with that one.")
