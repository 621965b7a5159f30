"""The contact on file: its code typed on the status page, and the page behind the link of its mail.

Neither tells whether there is such a contact: the words are the same, and take as long, whatever the look-up found.
"""

import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import IdentityCheck
from requests_app.operations import on_file as operation
from requests_app.operations.actors import Actor

from . import pace, visitor
from .forms import CodeForm, OnFileForm, mistake
from .status import show


def wrong_code() -> str:
    """The same words where there is no contact on file at all."""
    return _("Code: this is not a code that we sent to another contact of yours, or it is no longer valid.")


@never_cache
@require_http_methods(["POST"])
def on_file(request: HttpRequest) -> HttpResponse:
    """Take the code that went to the contact on file; `action=send` asks for another."""
    submission = visitor.own_submission(request, as_requester=True)
    started = time.monotonic()
    if request.POST.get("action") == "send":
        operation.send_again(submission, at=now())
        pace.wait_from(started)
        messages.success(request, _("If we hold another contact of yours, a new code is on its way to it."))
        return redirect("status")
    form = CodeForm(request.POST)
    if form.is_valid():
        code = form.cleaned_data["code"]
        right = operation.confirm_on_file(submission, code=code, actor=Actor.person(), at=now())
        pace.wait_from(started)
        if right:
            messages.success(request, _("Thank you. That contact is confirmed, too."))
            return redirect("status")
        form.add_error("code", wrong_code())
    return show(request, submission, on_file_error=mistake(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def on_file_link(request: HttpRequest) -> HttpResponse:
    """It was me, or it was not: with the code of the same mail. Opens nobody's requests."""
    check = visitor.came_by(request)
    if check is None or check.purpose != IdentityCheck.Purpose.ON_FILE:
        return redirect("find")
    form = OnFileForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        mine, code = form.cleaned_data["answer"] == "mine", form.cleaned_data["code"]
        if operation.answer_by_link(check, code=code, mine=mine, actor=Actor.person(), at=now()):
            request.session.pop("link", None)
            return render(request, "requests_app/on_file_answered.html", {"mine": mine})
        form.add_error("code", _("Code: this is not the code of the message, or it is no longer valid."))
    return render(request, "requests_app/on_file_link.html", {"form": form})
