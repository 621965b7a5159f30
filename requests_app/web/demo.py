"""The demo's mail and the codes of its staff, for a newcomer to read. Outside the demo there are no such pages."""

import time
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

NEWEST = 50


@never_cache
@require_http_methods(["GET", "HEAD"])
def demo_mail(request: HttpRequest) -> HttpResponse:
    """The newest messages first."""
    if not settings.DEMO:
        raise Http404
    found: list[dict[str, object]] = []
    for path in sorted(Path(settings.MAIL_DIR).glob("*.log"), reverse=True)[:NEWEST]:
        found += reversed(_read(path))  # names begin with the instant
    found.sort(key=lambda mail: str(mail["at"]), reverse=True)
    return render(request, "requests_app/demo_mail.html", {"mails": found[:NEWEST]})


@never_cache
@require_http_methods(["GET", "HEAD"])
def demo_codes(request: HttpRequest) -> HttpResponse:
    """What the apps of the demo's staff show now; devices that somebody set up are not among them."""
    if not settings.DEMO:
        raise Http404
    step, gone = divmod(int(time.time()), app_settings.TOTP_PERIOD)
    devices = Authenticator.objects.filter(type=Authenticator.Type.TOTP, data__demo=True).select_related("user")
    codes = [
        {
            "name": device.user.get_username(),
            "code": format_hotp_value(hotp_value(decrypt(device.data["secret"]), step)),
        }
        for device in devices.order_by("pk")
    ]
    context = {"codes": codes, "seconds": app_settings.TOTP_PERIOD - gone}
    return render(request, "requests_app/demo_codes.html", context)


def _read(path: Path) -> list[dict[str, object]]:
    parts = path.read_bytes().split(b"-" * 79 + b"\n")  # as Django's file backend writes them
    return [_mail(message_from_bytes(part, policy=policy.default)) for part in parts if part.strip()]


def _mail(message: EmailMessage) -> dict[str, object]:
    body = message.get_body(("plain",))
    sent = getattr(message["Date"], "datetime", None)
    return {
        "at": sent if isinstance(sent, datetime) else None,
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "body": body.get_content() if body else "",
    }
