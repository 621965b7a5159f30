"""The page of a receipt date: what is recorded, a correction that one proposes and another approves."""

from datetime import datetime
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
from requests_app.models import DataSubjectRequest, ReceiptCorrection, Submission
from requests_app.operations import receipt
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.counting import dates_if_received
from requests_app.operations.refused import Refused

from .presenting import readable
from .roles import may

PAGE = "admin:requests_app_datasubjectrequest_receipt"
DONE = {
    "propose": "Proposed. Nothing changes before a second person approves.",
    "approve": "Corrected. The date is counted anew, and the person is told.",
    "withdraw": "Withdrawn. The recorded day stays.",
}


class CorrectionForm(forms.Form):
    """The true day, and how it is known."""

    received_on = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), label="It really reached us on",
        help_text="Not after the day on which it was entered here. The answer is counted from it.",
    )  # fmt: skip
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), max_length=2000, label="How you know",
        help_text="For example: the postmark, the mail's own date, the note of the call. The second person reads it.",
    )  # fmt: skip


class ApprovalForm(forms.Form):
    """The correction that was shown."""

    correction = forms.UUIDField(widget=forms.HiddenInput)


def link(dsr: DataSubjectRequest) -> dict[str, Any]:
    """What the case page says about it: where the page is, if there is anything to correct, and what waits."""
    possible = dsr.submission.channel != Submission.Channel.WEB
    return {"url": reverse(PAGE, args=[dsr.pk]) if possible else "", "waits": receipt.pending(dsr.submission)}


def _load(pk: UUID) -> DataSubjectRequest:
    return get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)


def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The recorded day, the proposal that waits, and what was corrected before."""
    if not may(request.user, "look"):
        raise PermissionDenied
    return _page(request, _load(pk), CorrectionForm())


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Propose, approve or withdraw; what is refused says why and keeps what was typed."""
    if verb not in DONE or not may(request.user, f"{verb}_correction"):
        raise PermissionDenied
    dsr, actor, now = _load(pk), Actor.staff(request.user), clock.now()
    form: Any = CorrectionForm(request.POST) if verb == "propose" else ApprovalForm(request.POST)
    try:
        if not form.is_valid():
            return _page(request, dsr, form if verb == "propose" else CorrectionForm())
        if verb == "propose":
            receipt.propose_correction(dsr.submission, **form.cleaned_data, actor=actor, at=now)
        else:
            rows = ReceiptCorrection.objects.select_related("submission").filter(submission=dsr.submission_id)
            correction = get_object_or_404(rows, pk=form.cleaned_data["correction"])
            done = receipt.approve_correction if verb == "approve" else receipt.withdraw_correction
            done(correction, actor=actor, at=now)
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
    waits = receipt.pending(submission)
    own = waits is not None and waits.proposed_by_id == request.user.pk
    fixed = receipt.why_fixed(submission)
    record_look(submission, what="receipt page", actor=Actor.staff(request.user), at=now)
    context = {
        **admin.site.each_context(request),
        "title": f"Receipt date: {submission.case_label}",
        "dsr": dsr,
        "submission": submission,
        "entered_at": receipt.entered_at(submission),
        "form": form,
        "fixed": fixed,
        "can_propose": not fixed and waits is None and may(request.user, "propose_correction"),
        "waits": _shown(waits) if waits else None,
        "new_due_on": _due_on(dsr, waits.new_received_at) if waits else None,
        "affected": receipt.affected(submission),
        "own": own,
        "can_approve": waits is not None and not own and may(request.user, "approve_correction"),
        "can_withdraw": may(request.user, "withdraw_correction"),
        "earlier": [
            _shown(row)
            for row in submission.receipt_corrections.select_related("proposed_by", "approved_by", "withdrawn_by")
            if waits is None or row.pk != waits.pk
        ],
    }
    return TemplateResponse(
        request, "admin/requests_app/datasubjectrequest/receipt.html", context, status=422 if form.errors else 200
    )


def _due_on(dsr: DataSubjectRequest, received_at: datetime) -> Any:
    return dates_if_received(dsr, received_at).dates.due_on


def _shown(row: ReceiptCorrection) -> dict[str, Any]:
    return {"row": row, "reason": readable(lambda: row.reason)}


def urls() -> list[Any]:
    """Its addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view
    return [
        path("<uuid:pk>/receipt/", inside(page), name="requests_app_datasubjectrequest_receipt"),
        path("<uuid:pk>/receipt/<slug:verb>/", inside(act), name="requests_app_datasubjectrequest_receipt_act"),
    ]
