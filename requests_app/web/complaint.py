"""Complain about a request: to us, and to the supervisory authority with everything that is on record (P18)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import DataSubjectRequest, Submission
from requests_app.operations import complaint_file, complaints, identity, intake
from requests_app.operations.actors import Actor
from requests_app.operations.networks import Act
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.operations.supervisors import supervisor_of, supervisors

from . import fresh, network, visitor, words
from .forms import ComplaintForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what went wrong; the complaint is a request of its own, which other people judge."""
    dsr = _own(request, pk)
    form = ComplaintForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := network.crowded(request, Act.FILE):
            form.add_error(None, wait)
            return _page(request, dsr, form, status=429)
        try:
            return _file(request, dsr, form)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _page(request, dsr, form)


def _own(request: HttpRequest, pk: UUID) -> DataSubjectRequest:
    """A request of whoever proved its address here, also while this session shows another one of theirs."""
    dsr = DataSubjectRequest.objects.select_related("submission", "policy").filter(pk=pk).first()
    if dsr is None or not visitor.is_proved(request, dsr.submission) or not dsr.submission.assurance:
        raise Http404
    if visitor.side(request, dsr.submission) != visitor.Side.SELF:
        raise Http404
    return dsr


def _page(request: HttpRequest, dsr: DataSubjectRequest, form: ComplaintForm, *, status: int = 200) -> HttpResponse:
    version, language = intake.current_policy(), (get_language() or "en").split("-")[0]
    chosen = supervisor_of(request.GET.get("country", ""))
    context = {
        "dsr": dsr,
        "case_label": dsr.submission.case_label,
        "title": words.title(dsr.right),
        "form": form,
        "open": complaints.may_complain(dsr) and version is not None,
        "due_on": intake.expected_due(version, at=now()).due_on if version else None,
        "countries": [(one.code, one.country(language)) for one in supervisors(language)],
        "chosen": chosen,
        "authority": policy_of(dsr.policy).complaint_authority.in_language(language),
    }
    return render(
        request, "requests_app/complain.html", context, status=422 if form.errors and status == 200 else status
    )


def _file(request: HttpRequest, dsr: DataSubjectRequest, form: ComplaintForm) -> HttpResponse:
    key = form.cleaned_data["form_key"]
    if not complaints.may_complain(dsr) and not Submission.objects.filter(form_key=key).exists():
        raise Refused(_("Your complaint about this request is being looked at. Write to us there."))
    at, first = now(), dsr.submission
    begins = visitor.is_fresh(request, first, at=at)
    filing = intake.Filing(
        form_key=key,
        rights=(complaints.RIGHT,),
        name=first.opened("name"),
        email=first.opened("email"),
        details=form.cleaned_data["text"],
        language=first.language,
        about=dsr.pk,
    )
    complaint = intake.receive(filing, channel="web", actor=Actor.person(), at=at)
    if complaint.email_digest != first.email_digest:  # the key of a form that was not sent from here
        raise Http404
    if begins:  # a code of this very address was typed within the last minutes
        identity.confirm_found(complaint, actor=Actor.person(), at=at)
    visitor.goes_on_with(request, complaint)
    messages.success(request, _("We have your complaint. People who had no part in the first answer look at it."))
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def fetch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything on record about the case, in one ZIP to hand to the authority; after a fresh code."""
    dsr = _own(request, pk)
    at = now()
    if not visitor.is_fresh(request, dsr.submission, at=at):
        return fresh.page(request, dsr.submission, after=reverse("complain", args=[dsr.pk]))
    if wait := network.crowded(request, Act.FILE):  # each is made anew, and stands in the evidence
        messages.error(request, wait)
        return redirect("complain", pk=dsr.pk)
    content = complaint_file.make(dsr.submission, actor=Actor.person(), at=at)
    name = f"{_('case')}-{dsr.submission.case_label}.zip"
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""},
    )
