"""The second factor: no session reaches the desk without one, and what the sign-in library asks us about it."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation

from requests_app.models.keys import master

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one
SIGN_IN = {
    "account_login",
    "account_logout",
    "account_openid",
    "account_openid_back",
    "mfa_authenticate",
    "admin:login",
    "admin:logout",
}
PROVIDER = "openid"  # the method of a sign-in at the organisation's provider, in the library's record of the session
PROVIDER_SAID = 10 * 3600  # seconds for which its word holds: it does not tell us when it disables somebody
SET_UP = {"mfa_activate_totp", "account_reauthenticate"}


class SecondFactorMiddleware:
    """Let a session of the desk or of the sign-in pages go on only as far as it has proved who it is.

    With password and second factor, ours or that of the organisation's provider: everywhere. With the password alone,
    and no device yet: to set one up. Anything else ends: a device was added, removed or reset elsewhere, the account is
    no staff account any more, or the provider's word is a working day old.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing before the address is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Answer in place of the page, or None to go on."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not name.startswith(("admin:", "account_", "mfa_")):
            return None
        translation.activate("en")  # staff pages are English; the next request starts anew in LocaleMiddleware
        if name in SIGN_IN or not request.user.is_authenticated:
            return None
        has_device, has_shown = is_mfa_enabled(request.user, FACTORS), shown(request)
        said = provider_said(request)
        by_provider = said is not None and said.get("multi_factor") is True
        is_over = said is not None and time.time() - said["at"] > PROVIDER_SAID
        if not request.user.is_staff or is_over or (has_device != has_shown and not by_provider):
            logout(request)
            return redirect_to_login(request.get_full_path())
        if has_shown or by_provider or name in SET_UP:
            return None
        return redirect("mfa_activate_totp")


def shown(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor of ours."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def provider_said(request: HttpRequest) -> dict[str, Any] | None:
    """What the organisation's provider said at the sign-in of this session; None where it was no part of it."""
    records = get_authentication_records(request, request.user)
    return next((record for record in reversed(records) if record["method"] == PROVIDER), None)


class SetUpApp(ActivateTOTPView):
    """Setting up the app proves that the person holds it: the session has shown its second factor then."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Record it, and give the session a new key, since it may do more now."""
        response = super().form_valid(form)
        device = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        post_authentication(self.request, device)
        self.request.session.cycle_key()
        return response  # type: ignore[no-any-return]


class StaffAdapter(DefaultAccountAdapter):
    """Accounts of the team; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by `bootstrap` and in the admin."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The pages themselves say what happened."""

    def is_reauthentication_required(self, **kwargs: Any) -> bool:
        """Ask again before a device is changed, unless the sign-in was a moment ago."""
        records = get_authentication_records(context.request, context.request.user)
        return not records or time.time() - records[-1]["at"] > app_settings.REAUTHENTICATION_TIMEOUT


class FactorAdapter(DefaultMFAAdapter):
    """Secrets lie under the master key, which `rotate_keys` renews."""

    def get_totp_label(self, user: Any) -> str:
        """The name that is typed at the sign-in."""
        return str(user.get_username())

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return master().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it."""
        return master().decrypt(encrypted_text.encode()).decode()
