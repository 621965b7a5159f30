"""Prove the address: type the code, ask for another, mend the address; and the fresh code before a download."""

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import Submission
from requests_app.operations import identity
from requests_app.operations.networks import Act
from requests_app.operations.refused import Refused

from . import fresh, network, visitor
from .forms import CodeForm, EmailForm, FreshCodeForm, mistake
from .status import send_fresh_code, show


def wrong_code() -> str:
    """The same words whatever was wrong with the code."""
    return _(
        "Code: this is not the code, or it is no longer valid. Open the link in the newest message, or get a new one."
    )


@never_cache
@require_http_methods(["POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """The code of the acknowledgement; or, where a code for this address was typed just now, `mine=yes`."""
    submission = visitor.own_submission(request, as_requester=True)
    if request.POST.get("mine") == "yes":
        return _begin(request, submission)
    form = CodeForm(request.POST)
    if form.is_valid():
        if wait := network.crowded(request, Act.CODE):
            return show(request, submission, code_error=wait, http_status=429)
        try:
            at, code, actor = now(), form.cleaned_data["code"], visitor.actor(request, submission)
            if identity.confirm(submission, purpose="verify", code=code, actor=actor, at=at):
                visitor.proved(request, submission, at=at)
                messages.success(request, _("Thank you. Your address is confirmed."))
                return redirect("status")
            form.add_error("code", wrong_code())
        except Refused as refusal:
            form.add_error("code", str(refusal))
    return show(request, submission, code_error=mistake(form))


def _begin(request: HttpRequest, submission: Submission) -> HttpResponse:
    at = now()
    actor = visitor.actor(request, submission)
    try:
        if visitor.is_fresh(request, submission, at=at) and identity.confirm_found(submission, actor=actor, at=at):
            messages.success(request, _("Thank you. Your address is confirmed."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def resend(request: HttpRequest) -> HttpResponse:
    """Another code; the old one is dead."""
    submission = visitor.own_submission(request, as_requester=True)
    try:
        identity.issue_code(submission, purpose="verify", actor=visitor.actor(request, submission), at=now())
        messages.success(request, _("A new code is on its way. Only the one in the newest message works."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def change_address(request: HttpRequest) -> HttpResponse:
    """Mend a mistyped address, from the session that filed, before verification."""
    submission = visitor.own_submission(request, as_requester=True)
    form = EmailForm(request.POST)
    if not visitor.is_filer(request, submission):
        messages.error(request, _("The address can be changed only in the browser in which you filed."))
        return redirect("status")
    if form.is_valid():
        try:
            actor = visitor.actor(request, submission)
            identity.change_address(submission, email=form.cleaned_data["email"], actor=actor, at=now())
            messages.success(request, _("The address is changed, and a new code is on its way to it."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("status")
    return show(request, submission, address_error=mistake(form), address_value=request.POST.get("email", ""))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def fresh_code(request: HttpRequest) -> HttpResponse:
    """Show it is still the same person: `action=send` sends a code, any other POST types one; `next` is a path."""
    submission = visitor.own_submission(request)
    after = _own_path(request)
    if request.POST.get("action") == "send":
        send_fresh_code(request, submission)
        return redirect(f"{reverse('fresh_code')}?next={quote(after)}")
    form = FreshCodeForm(request.POST or None, initial={"next": after})
    wait = network.crowded(request, Act.CODE) if request.method == "POST" and form.is_valid() else ""
    if wait:
        form.add_error("code", wait)
    elif request.method == "POST" and form.is_valid() and _is_right(request, submission, form):
        return redirect(after)
    return fresh.page(request, submission, after=after, form=form, status=429 if wait else 200)


def _is_right(request: HttpRequest, submission: Submission, form: CodeForm) -> bool:
    at, code = now(), form.cleaned_data["code"]
    actor, contact = visitor.actor(request, submission), visitor.asked_contact(request, submission)
    try:
        if identity.confirm(submission, purpose="fresh", code=code, actor=actor, at=at, contact=contact):
            visitor.proved(request, submission, at=at, digests=[contact.email_digest] if contact else ())
            return True
        form.add_error("code", wrong_code())
    except Refused as refusal:
        form.add_error("code", str(refusal))
    return False


def _own_path(request: HttpRequest) -> str:
    """`next` where it is a path of this site, else the status page. Another site's address is never followed."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    safe = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if safe else reverse("status")
