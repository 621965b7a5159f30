"""Pages behind the links by which an address objects: stop what cannot be undone, or say who changed the address.

Whoever comes this way is shown nothing of the case. Opening changes nothing; the code of the same mail does.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import IdentityCheck
from requests_app.operations import contact_change, erasure
from requests_app.operations.actors import Actor
from requests_app.operations.networks import Act
from requests_app.operations.refused import Refused

from . import network, visitor
from .forms import CodeForm, EarlierAddressForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Stop every confirmed erasure of the case."""
    check = visitor.came_by(request)
    if check is None or check.purpose != IdentityCheck.Purpose.STOP:
        return redirect("find")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and _said(request, form, lambda code: erasure.stop(check, code=code, at=now())):
        visitor.forget(request)
        return render(request, "requests_app/stopped.html")
    return render(request, "requests_app/stop.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def earlier_address(request: HttpRequest) -> HttpResponse:
    """Vouch for the new address, or undo its change; then this browser is known by the address that stands."""
    check = visitor.came_by(request)
    if check is None or check.purpose != IdentityCheck.Purpose.FORMER:
        return redirect("find")
    form = EarlierAddressForm(request.POST or None)
    mine = request.POST.get("answer") == "mine"
    actor = Actor.contact(check.contact_id)
    answer = contact_change.vouch if mine else contact_change.undo
    if request.method == "POST" and _said(request, form, lambda code: answer(check, code=code, actor=actor, at=now())):
        visitor.forget(request)
        if mine:
            return render(request, "requests_app/vouched.html")
        check.submission.refresh_from_db()
        visitor.proved(request, check.submission, at=now())
        messages.success(request, _("This address stands again, and the other one opens nothing any more."))
        return redirect("status")
    return render(request, "requests_app/earlier_address.html", {"form": form})


def _said(request: HttpRequest, form: CodeForm, act: Callable[[str], bool]) -> bool:
    if not form.is_valid():
        return False
    if wait := network.crowded(request, Act.CODE):
        form.add_error("code", wait)
        return False
    try:
        if act(form.cleaned_data["code"]):
            return True
        form.add_error("code", _("Code: this is not the code of the message with this link. Look at the newest one."))
    except Refused as refusal:
        form.add_error(None, str(refusal))
    return False
