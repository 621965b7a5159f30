"""The link of a message. Opening it changes nothing, since mail scanners open links too; a POST does.

Its secret is in one address only, which is left at once: the check goes into the session of this browser.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import IdentityCheck
from requests_app.operations import find as find_operation
from requests_app.operations import identity
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused

from . import visitor
from .find import remember_found
from .forms import CodeForm
from .identity import wrong_code

# What an address confirms, objects to or vouches for besides itself has a page of its own; a code for one act is typed
# where it is done. The person for whom somebody else filed looks for that as anybody looks for their requests.
PAGES = {
    IdentityCheck.Purpose.ON_FILE: "on_file_link",
    IdentityCheck.Purpose.STOP: "stop",
    IdentityCheck.Purpose.FORMER: "earlier_address",
    IdentityCheck.Purpose.ERASE: "status",
    IdentityCheck.Purpose.CHANGE: "status",
}
FIND = IdentityCheck.Purpose.FIND


@never_cache
@require_http_methods(["GET", "HEAD"])
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Swap the secret for a note in this session, and lead on to an address that tells nothing."""
    check = identity.check_for_secret(secret)
    page = PAGES.get(IdentityCheck.Purpose(check.purpose)) if check else None
    if check is not None and check.contact_id is not None and check.purpose == IdentityCheck.Purpose.FRESH:
        page = "status"  # of the person for whom somebody else filed: the code is typed where it was asked for
    if check is None or (check.contact_id is not None and page is None and check.purpose != FIND):
        raise Http404
    if request.method == "GET":
        request.session["link"] = str(check.pk)
    response = redirect(page or "by_link")
    response["Referrer-Policy"] = "no-referrer"  # there is no form here, so it can be
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest) -> HttpResponse:
    """Confirm by one button in the session that filed, by the typed code anywhere else."""
    check = visitor.came_by(request)
    contacts = check is not None and check.contact_id is not None and check.purpose != FIND
    if check is None or contacts or check.purpose in PAGES:
        return redirect("find")
    is_filer = visitor.is_filer(request, check.submission)
    form = CodeForm(request.POST if request.method == "POST" and "code" in request.POST else None)
    if request.method == "POST":
        try:
            if form.is_bound:
                if form.is_valid():
                    if _typed(request, check, form.cleaned_data["code"]):
                        return redirect("found" if check.purpose == IdentityCheck.Purpose.FIND else "status")
                    form.add_error("code", wrong_code())
            elif is_filer and identity.confirm_from_session(check, actor=Actor.person(), at=now()):
                visitor.recognised(request, check.submission)
                return redirect("status")
            else:
                form = CodeForm(request.POST)  # says what is missing
        except Refused as refusal:
            form = form if form.is_bound else CodeForm({"code": ""})
            form.full_clean()
            form.add_error(None, str(refusal))
    return render(request, "requests_app/link.html", {"form": form, "same_session": is_filer})


def _typed(request: HttpRequest, check: IdentityCheck, code: str) -> bool:
    submission, at = check.submission, now()
    address, digest = (
        (check.contact.address, check.contact.email_digest)
        if check.contact
        else (submission.email, submission.email_digest)
    )
    its_own = check.email_digest == digest  # the address may have been mended since
    if check.purpose == IdentityCheck.Purpose.FIND:
        submissions = find_operation.confirm(address, code=code, at=at, by_link=its_own)
        if submissions:
            remember_found(request, submissions, address)
        return bool(submissions)
    right = identity.confirm(submission, purpose=check.purpose, code=code, actor=Actor.person(), at=at, by_link=its_own)
    if not right:
        return False
    if not visitor.is_filer(request, submission):
        visitor.forget(request)
    visitor.proved(request, submission, at=at)
    return True
