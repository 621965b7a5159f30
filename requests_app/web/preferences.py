"""What somebody allows and refuses: by the link of a mail, for one purpose; in a session, for all; cookies for anybody.

Opening a link changes nothing, since mail scanners open it. A mail program that unsubscribes posts what RFC 8058 says.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.operations import consent_words, intake
from requests_app.operations import preferences as kept
from requests_app.operations.actors import Actor
from requests_app.operations.consents import How
from requests_app.operations.intake import Filing
from requests_app.operations.networks import Act
from requests_app.operations.preferences import Holder, Standing
from requests_app.operations.refused import Refused
from requests_app.rules.policy import Policy, Purpose

from . import network, visitor

COOKIE_DAYS = 180  # after them somebody is asked again


@csrf_exempt  # no cookie counts here: the link itself says who it is, and for what
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, secret: str) -> HttpResponse:
    """One purpose of one address. What is unknown is not told from what is over."""
    found = kept.link_of(secret)
    if found is None:
        raise Http404
    holder, purpose = found
    refused = ""
    if request.method == "POST":
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        try:
            _decide(holder, purpose, "refuse" if one_click else request.POST.get("act", ""), How.LINK)
        except Refused as refusal:
            refused = str(refusal)
    policy = kept.in_force()[1]
    with timezone.override(ZoneInfo(policy.time_zone)), translation.override(holder.language):
        row = _row(kept.standing(holder, purpose))
        # No token of a form, so no cookie: nothing here counts but the link, and every answer is the same.
        context = {"row": row, "refused": refused, "csrf_token": None, **_going_on(policy)}
        page = render(request, "requests_app/unsubscribe.html", context, status=429 if refused else 200)
    page["Referrer-Policy"] = "no-referrer"  # the address of this page is the secret, and no form here needs an origin
    return page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Every purpose with two equal buttons, for whoever showed that they read the mail of an address."""
    try:
        policy = kept.in_force()[1]
    except Refused:
        raise Http404 from None
    holder = _holder(request)
    if request.method == "POST":
        purpose = policy.purpose(request.POST.get("purpose", ""))
        if holder is None or purpose is None:
            raise Http404
        try:
            _decide(holder, purpose, request.POST.get("act", ""), How.PAGE)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("preferences")
    rows = [_row(standing) for standing in kept.standings(holder)] if holder else []
    cookies_said = kept.cookies_allowed(_browser(request))
    context = {"holder": holder, "rows": rows, "cookies": cookies_said, **_going_on(policy)}
    with timezone.override(ZoneInfo(policy.time_zone)):
        return render(request, "requests_app/preferences.html", context)


@never_cache
@require_http_methods(["POST"])
def cookies(request: HttpRequest) -> HttpResponse:
    """Allow or refuse optional cookies in this browser, which keeps a number that stands for nothing else."""
    number, choice = _browser(request) or uuid4(), request.POST.get("act", "")
    response = redirect("preferences")
    if choice not in ("allow", "refuse"):
        return response
    if wait := network.crowded(request, Act.FILE):
        messages.error(request, wait)
        return response
    kept.decide_cookies(number, allowed=choice == "allow", at=now())
    response.set_cookie(
        settings.CHOICE_COOKIE_NAME,
        number.hex,
        max_age=timedelta(days=COOKIE_DAYS),
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
    )
    return response


def _decide(holder: Holder, purpose: Purpose, act: str, how: How) -> None:
    """A no is filed, so that it is carried out everywhere; what stands already changes nothing."""
    if act == "allow":
        kept.allow(holder, purpose, how=how, actor=Actor.person(), at=now())
    elif act == "refuse" and (owed := kept.refusal(holder, purpose)) is not None:
        filing = Filing(
            form_key=owed.form_key,
            rights=(owed.right,),
            name=holder.address,
            email=holder.address,
            details="",
            language=holder.language,
            purposes=owed.purposes,
            by=how,
        )
        intake.receive(filing, channel="web", actor=Actor.person(), at=now())


def _holder(request: HttpRequest) -> Holder | None:
    """Whoever proved the address of the submission shown here, which they filed for themselves."""
    submission = visitor.submission(request)
    if submission is None or not visitor.is_proved(request, submission):
        return None
    if visitor.side(request, submission) != visitor.Side.SELF or not submission.email:
        return None
    return Holder(submission.email, submission.language)


def _browser(request: HttpRequest) -> UUID | None:
    try:
        return UUID(hex=request.COOKIES.get(settings.CHOICE_COOKIE_NAME, ""))
    except ValueError:
        return None


def _row(standing: Standing) -> dict[str, Any]:
    language = get_language() or "en"
    return {
        "key": standing.purpose.key,
        "label": standing.purpose.label.in_language(language),
        "text": standing.purpose.text.in_language(language),
        "basis": consent_words.BASES[standing.purpose.basis].in_language(language),
        "allowed": standing.allowed,
        "since": standing.entry.at if standing.entry else None,
    }


def _going_on(policy: Policy) -> dict[str, Any]:
    return {"goes_on": consent_words.going_on(policy, get_language() or "en")}
