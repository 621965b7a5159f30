"""A file that a source handed out: fetched as bytes that no browser opens by itself, hidden, shown again."""

from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import Mark, StepFile
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import review, streams
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.operations.step_records import open_file

from .roles import may

PAGE = "admin:requests_app_datasubjectrequest_step"


@require_POST
def file_act(request: HttpRequest, pk: UUID, act: str) -> HttpResponseBase:
    """Fetch it, hide it with a ground, or show it again."""
    if act not in {"fetch", "hide", "show"} or not may(request.user, "review" if act == "fetch" else "hide"):
        raise PermissionDenied
    rows = StepFile.objects.select_related("step__dsr__submission", "step__dsr__policy")
    file, actor, now = get_object_or_404(rows, pk=pk), Actor.staff(request.user), clock.now()
    back = HttpResponseRedirect(reverse(PAGE, args=[file.step_id]) + "#files")
    try:
        if act == "fetch":
            reader = open_file(file)
            record_look(file.step.dsr.submission, what=f"file of {file.step.alias}"[:40], actor=actor, at=now)
            review.note_seen(Mark.objects.filter(file=file), actor=actor)
            return as_bytes(reader, f"{file.pk}")
        ground = request.POST.get("ground", "") if act == "hide" else ""
        if act == "hide" and not ground:
            raise Refused("Choose a ground.")
        review.hide_file(file, ground=ground, actor=actor, at=now)
        messages.success(request, "Left out of the package, which is made anew." if ground else "Handed out again.")
    except Refused as refused:
        messages.error(request, str(refused))
    except (OSError, KeyDestroyed, InvalidTag):
        messages.error(request, "This file has been destroyed or cannot be read.")
    return back


def as_bytes(reader: streams.Reader, name: str) -> StreamingHttpResponse:
    """A sealed stream of any size as a download; named by its id: a name given by others could hide what it is."""
    return StreamingHttpResponse(
        streams.closing_pieces(reader),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(reader.size),
            "X-Content-Type-Options": "nosniff",
        },
    )


def urls() -> list[Any]:
    """Its address, behind the admin's sign-in."""
    view = admin.site.admin_view(file_act)
    return [path("steps/files/<uuid:pk>/<slug:act>/", view, name="requests_app_datasubjectrequest_step_file")]
