"""Another address for a confirmed one: first a code to the present one, or word that its mailbox is lost."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import Submission
from requests_app.operations import contact_change, identity
from requests_app.operations.actors import Actor
from requests_app.operations.networks import Act
from requests_app.operations.refused import Refused

from . import network, visitor
from .forms import CodeForm, EmailForm
from .identity import wrong_code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_address(request: HttpRequest) -> HttpResponse:
    """`action=ask` takes the address, `again` sends another code there, any other POST types the code."""
    submission = visitor.own_submission(request)
    # Who sees it for another reason does not read its mail; and whose authority is over holds nothing up by a change.
    if not visitor.is_proved(request, submission) or not visitor.may_act(request, submission):
        raise Http404
    action = request.POST.get("action", "")
    form: EmailForm | CodeForm
    if action == "again":
        try:
            contact_change.send_again(submission, actor=Actor.person(), at=now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("new_address")
    if action == "ask":
        form = EmailForm(request.POST)
        if form.is_valid() and _ask(request, submission, form):
            return redirect("new_address")
    else:
        form = CodeForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and _confirmed(request, submission, form):
            return redirect("status")
    change, at = contact_change.asked(submission), now()
    context = {
        "form": form,
        "asks_code": change is not None and action != "ask",
        "new": change.new.address if change else "",
        "standing": identity.standing(submission, purpose="change", at=at, contact=change.new) if change else "none",
        "present": submission.email,
        "fresh": visitor.is_fresh(request, submission, at=at),
        "lost": request.POST.get("lost") == "yes",
        "typed": request.POST.get("email", ""),
    }
    return render(request, "requests_app/new_address.html", context)


def _ask(request: HttpRequest, submission: Submission, form: EmailForm) -> bool:
    at = now()
    try:
        contact_change.ask(
            submission,
            email=form.cleaned_data["email"],
            proved=visitor.is_fresh(request, submission, at=at),
            old_mailbox_lost=request.POST.get("lost") == "yes",
            actor=Actor.person(),
            at=at,
        )
    except Refused as refusal:
        form.add_error("email", str(refusal))
        return False
    return True


def _confirmed(request: HttpRequest, submission: Submission, form: CodeForm) -> bool:
    if wait := network.crowded(request, Act.CODE):
        form.add_error("code", wait)
        return False
    at = now()
    try:
        if contact_change.confirm(submission, code=form.cleaned_data["code"], actor=Actor.person(), at=at):
            submission.refresh_from_db()
            visitor.proved(request, submission, at=at)
            messages.success(request, _("The address is changed. We have told the earlier one."))
            return True
        form.add_error("code", wrong_code())
    except Refused as refusal:
        form.add_error("code", str(refusal))
    return False
