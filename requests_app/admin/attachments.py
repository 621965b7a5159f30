"""The file that a person attached to a reply, for whoever works on the case."""

from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import Message
from requests_app.models.keys import KeyDestroyed
from requests_app.operations.actors import Actor
from requests_app.operations.attachments import read_attachment

from .roles import may


@require_POST
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand it out as bytes that no browser opens by itself; the look is written to the access log."""
    if not may(request.user, "look"):
        raise PermissionDenied
    rows = Message.objects.select_related("dsr__submission").exclude(file_sha256="")
    message = get_object_or_404(rows, pk=pk, author=Message.Author.PERSON)
    try:
        content = read_attachment(message, actor=Actor.staff(request.user), at=clock.now())
    except (OSError, KeyDestroyed, InvalidTag):
        messages.error(request, "This file has been destroyed or cannot be read.")
        return HttpResponseRedirect(reverse("admin:requests_app_datasubjectrequest_change", args=[message.dsr_id]))
    # Named by its id: a person's own file name could hide what it is, and would stand in proxies' logs.
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{message.pk}"', "X-Content-Type-Options": "nosniff"},
    )


def urls() -> list[Any]:
    """Its address, behind the admin's sign-in."""
    view = admin.site.admin_view(download)
    return [path("messages/<uuid:pk>/file/", view, name="requests_app_datasubjectrequest_message_file")]
