"""Staff with a second factor: their device, its codes, and sessions that have shown it."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a-password-of-the-test"


def device_of(account: User) -> Authenticator:
    """The app of this account, set up if it was not."""
    return Authenticator.objects.filter(user=account, type="totp").first() or TOTP.activate(account, SECRET).instance


def code(secret: str = SECRET, *, seconds_left: float = 2) -> str:
    """What the app shows now, or in a moment where it changes too soon to be typed."""
    while time.time() % 30 > 30 - seconds_left:
        time.sleep(0.1)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def as_if_signed_in(real: Callable[..., None]) -> Callable[..., None]:
    """Wrap `force_login`: the account has a device, and the session says that it was shown."""

    def force_login(client: Client, user: User, backend: Any = None) -> None:
        real(client, user, backend)
        device, session = device_of(user), client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": 0, "id": device.pk, "type": "totp"}]
        session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
        session.save()

    return force_login
