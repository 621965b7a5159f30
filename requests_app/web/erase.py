"""The second confirmation of an erasure: what cannot be undone is named, and a code of its own is typed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.operations import erasure, identity
from requests_app.operations.authorities import decider, person_confirms
from requests_app.operations.networks import Act
from requests_app.operations.plan_told import told
from requests_app.operations.policies import deadline_from, policy_of
from requests_app.operations.refused import Refused
from requests_app.templatetags.days import day

from . import network, visitor, words
from .forms import CodeForm
from .identity import wrong_code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask once more; `action=send` sends the code, any other POST types it."""
    dsr, at = visitor.own_request(request, pk), now()
    contact, actor = decider(dsr.submission), visitor.actor(request, dsr.submission)
    if person_confirms(dsr.submission, at=at) and visitor.side(request, dsr.submission) == visitor.Side.AGENT:
        messages.info(request, _("The person for whom you ask confirms this, once they have said yes."))
        return redirect("status")
    if not erasure.is_asked(dsr, at=at):
        messages.info(request, _("There is nothing to confirm here now."))
        return redirect("status")
    if request.POST.get("action") == "send":
        try:
            erasure.issue_code(dsr, actor=actor, at=at)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("erase", pk=pk)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := network.crowded(request, Act.CODE):
            form.add_error("code", wait)
        else:
            try:
                confirmed = erasure.confirm(dsr, code=form.cleaned_data["code"], actor=actor, at=at)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return redirect("status")
            if confirmed is not None:
                until = confirmed.erasure_confirmations.latest("confirmed_at").cooling_off_until
                messages.success(
                    request, _("Confirmed. Until the end of %(day)s it can still be stopped.") % {"day": day(until)}
                )
                return redirect("status")
            form.add_error("code", wrong_code())
    context = {
        "form": form,
        "dsr": dsr,
        "title": words.title(dsr.right),
        "standing": identity.standing(dsr.submission, purpose="erase", at=at, contact=contact),
        "days": policy_of(dsr.policy).erasure_cooling_off_days,
        "plan": told(dsr, (get_language() or "en").split("-")[0]),
        "late": erasure.is_late(dsr, at=at),
        "new_due_on": deadline_from(dsr.policy, at=at, right=dsr.right).due_on,
    }
    return render(request, "requests_app/erase.html", context)
