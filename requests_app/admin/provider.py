"""Sign-in of staff at the organisation's provider of OpenID Connect."""

import logging
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.connectors import openid
from requests_app.operations.refused import Refused
from requests_app.operations.staff_sign_in import admit

from .second_factor import PROVIDER

logger = logging.getLogger(__name__)

AWAY = "Your organisation's sign-in cannot be reached at the moment."
NO_ACCESS = "You are signed in at your organisation, but have no access here. Ask whoever keeps the accounts."
NOT_SHOWN = {
    "started": "This sign-in is over, or was begun elsewhere. Begin again.",
    "declined": "You did not sign in at your organisation.",
    "checked": "What your organisation's sign-in answered could not be checked. Nobody was signed in.",
}


class SignInPage(LoginView):
    """The library's page, which offers the organisation's sign-in too where there is one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether it is offered."""
        return {**super().get_context_data(**kwargs), "by_provider": openid.provider("staff") is not None}


def _provider() -> openid.Provider:
    provider = openid.provider("staff")
    if provider is None:
        raise Http404
    return provider


def _back() -> str:
    return f"{settings.PUBLIC_URL}{reverse('account_openid_back')}"


@never_cache
@require_http_methods(["POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Lead to the provider by a page of our own: `form-action` would have to name whatever it redirects to."""
    provider, asked = _provider(), {}
    if settings.STAFF_OIDC_ACR:
        asked["acr_values"] = " ".join(settings.STAFF_OIDC_ACR)
    try:
        url = openid.begin(
            provider, request.session, back=_back(), about=request.POST.get("next", ""), at=now(), **asked
        )
    except openid.Away as problem:
        return _refuse(request, AWAY, str(problem))
    return render(request, "staff/provider.html", {"url": url})


@never_cache
@require_http_methods(["GET"])
def back(request: HttpRequest) -> HttpResponse:
    """Sign in whoever comes back. Where the provider has not seen a second factor, ours is asked for."""
    try:
        shown = openid.finish(_provider(), request.session, request.GET.dict(), back=_back(), at=now())
    except openid.Away as problem:
        return _refuse(request, AWAY, str(problem))
    except openid.NotShown as problem:
        return _refuse(request, NOT_SHOWN[problem.why], problem.why)
    try:
        account = admit(
            issuer=shown.issuer,
            subject=shown.subject,
            email=shown.email,
            email_verified=shown.email_verified,
            groups=_values(shown.claims, settings.STAFF_OIDC_ROLES_CLAIM),
            at=now(),
        )
    except Refused as refusal:
        return _refuse(request, NO_ACCESS, str(refusal))
    after = _own_path(shown.about)
    if request.user.is_authenticated:
        logout(request)
    multi_factor = _has_seen_a_second_factor(shown.claims)
    record_authentication(request, account, PROVIDER, multi_factor=multi_factor)
    if not multi_factor:
        return perform_login(request, account, redirect_url=after)  # type: ignore[no-any-return]
    get_adapter().login(request, account)
    return redirect(after)


def _refuse(request: HttpRequest, words: str, why: str) -> HttpResponse:
    logger.warning("A sign-in of staff at the provider was refused: %s", why)
    messages.error(request, words)
    return redirect("account_login")


def _has_seen_a_second_factor(claims: Mapping[str, Any]) -> bool:
    return "mfa" in _values(claims, "amr") or bool(_values(claims, "acr") & set(settings.STAFF_OIDC_ACR))


def _values(claims: Mapping[str, Any], name: str) -> set[str]:
    """The texts of a claim, whether it is one or a list of them."""
    found = claims.get(name)
    return {value for value in (found if isinstance(found, list) else [found]) if isinstance(value, str)}


def _own_path(path: str) -> str:
    safe = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if safe else reverse("admin:index")
