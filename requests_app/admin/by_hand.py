"""The page of a verification by hand: one proposes with a reason, another approves, and everybody reads why."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import DataSubjectRequest, ManualVerification
from requests_app.operations import assurance, manual_verification
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused

from .presenting import readable
from .roles import may

PAGE = "admin:requests_app_datasubjectrequest_by_hand"
DONE = {
    "propose": "Proposed. Nothing changes before a second person approves.",
    "approve": "Approved. What stood in the way when it was proposed does so no more.",
    "withdraw": "Withdrawn. Everything stays as it was.",
}


class VerificationForm(forms.Form):
    """How the identity was verified."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}), max_length=2000, label="How you verified who asks",
        help_text="What you compared with what, and how you reached the person. What anybody could know is no proof.",
    )  # fmt: skip


class ProposalForm(forms.Form):
    """The proposal that was shown."""

    proposal = forms.UUIDField(widget=forms.HiddenInput)


def _load(pk: UUID) -> DataSubjectRequest:
    return get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)


def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What stands in the way of a release, the proposal that waits, and what was proposed before."""
    if not may(request.user, "look"):
        raise PermissionDenied
    return _page(request, _load(pk), VerificationForm())


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Propose, approve or withdraw; what is refused says why and keeps what was typed."""
    if verb not in DONE or not may(request.user, f"{verb}_verification"):
        raise PermissionDenied
    dsr, actor, now = _load(pk), Actor.staff(request.user), clock.now()
    form: Any = VerificationForm(request.POST) if verb == "propose" else ProposalForm(request.POST)
    try:
        if not form.is_valid():
            return _page(request, dsr, form if verb == "propose" else VerificationForm())
        if verb == "propose":
            manual_verification.propose_verification(
                dsr.submission, reason=form.cleaned_data["reason"], actor=actor, at=now
            )
        else:
            rows = ManualVerification.objects.select_related("submission").filter(submission=dsr.submission_id)
            proposal = get_object_or_404(rows, pk=form.cleaned_data["proposal"])
            approves = verb == "approve"
            done = manual_verification.approve_verification if approves else manual_verification.withdraw_verification
            done(proposal, actor=actor, at=now)
    except Refused as refused:
        if verb == "propose":
            form.add_error(None, str(refused))
            return _page(request, dsr, form)
        messages.error(request, str(refused))
    else:
        messages.success(request, DONE[verb])
    return HttpResponseRedirect(reverse(PAGE, args=[dsr.pk]))


def _page(request: HttpRequest, dsr: DataSubjectRequest, form: forms.Form) -> HttpResponse:
    submission, now = dsr.submission, clock.now()
    waits = manual_verification.pending(submission)
    own = waits is not None and waits.proposed_by_id == request.user.pk
    worth = manual_verification.is_of_use(submission, at=now)
    record_look(submission, what="verification page", actor=Actor.staff(request.user), at=now)
    rows = submission.manual_verifications.select_related("proposed_by", "approved_by", "withdrawn_by")
    context = {
        **admin.site.each_context(request),
        "title": f"Verification by hand: {submission.case_label}",
        "dsr": dsr,
        "submission": submission,
        "obstacles": [assurance.WORDS[found] for found in assurance.obstacles(dsr, at=now)],
        "form": form,
        "can_propose": waits is None and worth and may(request.user, "propose_verification"),
        "waits": _shown(waits) if waits else None,
        "own": own,
        "can_approve": waits is not None and not own and may(request.user, "approve_verification"),
        "can_withdraw": may(request.user, "withdraw_verification"),
        "earlier": [_shown(row) for row in rows if waits is None or row.pk != waits.pk],
    }
    return TemplateResponse(
        request, "admin/requests_app/datasubjectrequest/by_hand.html", context, status=422 if form.errors else 200
    )


def _shown(row: ManualVerification) -> dict[str, Any]:
    return {"row": row, "reason": readable(lambda: row.reason)}


def urls() -> list[Any]:
    """Its addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view
    return [
        path("<uuid:pk>/verification/", inside(page), name="requests_app_datasubjectrequest_by_hand"),
        path("<uuid:pk>/verification/<slug:verb>/", inside(act), name="requests_app_datasubjectrequest_by_hand_act"),
    ]
