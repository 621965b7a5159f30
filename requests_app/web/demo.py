"""The demo's mail, so that a newcomer can read the code. Outside the demo there is no such page."""

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

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
