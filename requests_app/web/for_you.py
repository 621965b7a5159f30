"""The person's own word on whoever acts for them: yes, no, taken back, or alone from now on. Behind a fresh code."""

from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import Authority
from requests_app.operations import authority as operation
from requests_app.operations.actors import Actor
from requests_app.operations.authorities import authority_of, is_over
from requests_app.operations.refused import Refused

from . import visitor, words
from .behalf_forms import AnswerForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def for_you(request: HttpRequest) -> HttpResponse:
    """Who asks in the person's name, for what, and the buttons to answer."""
    own = visitor.own_submission(request)
    authority = authority_of(own)
    if authority is None or visitor.side(request, own) != visitor.Side.PERSON:
        raise Http404
    form = AnswerForm(request.POST if request.POST.get("action") == "yes" else None, scope=authority.scope)
    if request.method == "POST":
        if not visitor.is_fresh(request, own, at=now()):
            return redirect(f"{reverse('fresh_code')}?next={quote(request.path)}")
        try:
            if said := _answer(authority, request.POST.get("action", ""), form):
                messages.success(request, said)
                return redirect("for_you")
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("for_you")
    open_ones = own.requests.filter(answered_at=None).exists()
    context = {
        "submission": own,
        "authority": authority,
        "form": form,
        "kind": authority.kind,
        "who": own.name,
        "rights": [{"key": right, "title": words.title(right)} for right in authority.scope],
        "asks": not authority.confirmed_at and not is_over(authority, at=now()),
        "stands": bool(authority.confirmed_at) and not is_over(authority, at=now()),
        "alone": bool(authority.ended_at) and not authority.taken_over_at and not _withdrawn(authority) and open_ones,
        "said_yes": bool(authority.confirmed_at),
    }
    return render(request, "requests_app/for_you.html", context)


def _withdrawn(authority: Authority) -> bool:
    return bool(authority.refused_at or authority.revoked_at)


def _answer(authority: Authority, action: str, form: AnswerForm) -> str:
    """Carry out what was pressed; return what to say about it, or nothing where the form has a mistake."""
    person, at = Actor.person(), now()
    if action == "yes" and form.is_valid():
        typed = form.cleaned_data
        operation.confirm(authority, scope=typed["rights"], package_to=typed["package_to"], actor=person, at=at)
        return _("Thank you. We go on, as you said.")
    if action == "no":
        operation.stop(authority, actor=person, at=at)
        return _("Thank you. Nobody acts for you here any more. What was open has ended.")
    if action == "alone":
        operation.take_over(authority, actor=person, at=at)
        return _("Thank you. We go on, and answer you alone.")
    return ""
