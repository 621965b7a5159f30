"""A document that a person sent, for the identity role alone: the purpose first, then pictures, then a decision."""

from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from csp.decorators import csp_update
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from requests_app import clock
from requests_app.models import DataSubjectRequest, ProofDocument
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import proof_review
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import ActionNotAllowed

from .forms import area
from .presenting import readable
from .roles import may
from .words import moment, named

CASE = "admin:requests_app_datasubjectrequest_change"
PAGE = "admin:requests_app_datasubjectrequest_document"
GONE = "This document is closed: it is decided about, and destroyed within the hour."


class PurposeForm(forms.Form):
    """What for."""

    action = forms.CharField(widget=forms.HiddenInput, initial="look")
    purpose = forms.CharField(
        min_length=5, max_length=200, label="Purpose",
        help_text="For example: compare the name with the one on file. It is written to the access log with your name.",
    )  # fmt: skip


class ReviewForm(forms.Form):
    """Accept or not, and why."""

    action = forms.CharField(widget=forms.HiddenInput, initial="review")
    verdict = forms.ChoiceField(
        choices=(("accept", "It shows who they are"), ("reject", "It does not")),
        widget=forms.RadioSelect, label="Verdict",
    )  # fmt: skip
    reason = forms.CharField(
        widget=area(4), max_length=2000, label="Reason",
        help_text="If it does, what you compared it with: an internal note. If not, why: the person reads it.",
    )  # fmt: skip


def panel(dsr: DataSubjectRequest, user: Any) -> list[dict[str, Any]]:
    """What was asked for and what came, for the page of the case: no picture, no content."""
    zone = dsr.submission.received_zone
    doubts = dsr.proof_requests.select_related("dsr", "asked_by").prefetch_related("documents__proof__dsr")
    return [
        {
            "row": doubt,
            "who": named(doubt.asked_by),
            "when": moment(doubt.asked_at, zone),
            "reason": readable(lambda doubt=doubt: doubt.reason),
            "documents": [_line(document, user, zone) for document in doubt.documents.all()],
        }
        for doubt in doubts
    ]


def _line(document: ProofDocument, user: Any, zone: str) -> dict[str, Any]:
    closed = proof_review.is_closed(document, at=clock.now())
    seen = may(user, "look_at_document") and not closed
    return {
        "row": document,
        "when": moment(document.submitted_at, zone),
        "destroyed": document.destroyed_at and moment(document.destroyed_at, zone),
        "closed": closed,
        "url": reverse(PAGE, args=[document.pk]) if seen else "",
        "standing": standing(document),
    }


def standing(document: ProofDocument) -> str:
    """Where a document is, in words."""
    if document.confirmed_at:
        return "Accepted, and confirmed by a second person."
    if document.result == ProofDocument.Result.ACCEPTED:
        return "Accepted. A second person has to confirm it."
    if document.result == ProofDocument.Result.REJECTED:
        return "Not accepted."
    return "Nobody decided about it." if document.destroyed_at else "Waits for a review."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def document_page(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The purpose first; then the pictures, for a quarter of an hour, and what can be decided."""
    if not may(request.user, "look_at_document"):
        raise PermissionDenied
    document = _load(pk)
    actor, now = Actor.staff(request.user), clock.now()
    case = HttpResponseRedirect(reverse(CASE, args=[document.proof.dsr_id]))
    if proof_review.is_closed(document, at=now):
        messages.error(request, GONE)
        return case
    action = request.POST.get("action", "")
    purpose = PurposeForm(request.POST if action == "look" else None)
    review = ReviewForm(request.POST if action == "review" else None)
    bound = next((form for form in (purpose, review) if form.is_bound), None)
    try:
        if purpose.is_bound and purpose.is_valid():
            proof_review.look_at(document, purpose=purpose.cleaned_data["purpose"], actor=actor, at=now)
            return HttpResponseRedirect(reverse(PAGE, args=[document.pk]))
        if review.is_bound and review.is_valid():
            accept = review.cleaned_data["verdict"] == "accept"
            reason = review.cleaned_data["reason"]
            proof_review.review(document, accept=accept, reason=reason, actor=actor, at=now)
            told = "Accepted. A second person has to confirm it." if accept else "Not accepted. The person is told why."
            messages.success(request, told)
            return case
        if action == "confirm":
            proof_review.confirm(document, actor=actor, at=now)
            messages.success(request, "Confirmed. The request goes on, and the document is destroyed.")
            return case
    except (Refused, ActionNotAllowed) as refused:
        if bound is None:
            messages.error(request, str(refused))
            return HttpResponseRedirect(reverse(PAGE, args=[document.pk]))
        bound.add_error(None, str(refused))
    context = _context(request, document, actor) | {"purpose_form": purpose, "review_form": review}
    template = "admin/requests_app/datasubjectrequest/document.html"
    return TemplateResponse(request, template, context, status=422 if bound is not None else 200)


def _context(request: HttpRequest, document: ProofDocument, actor: Actor) -> dict[str, Any]:
    dsr, now = document.proof.dsr, clock.now()
    zone = document.submission.received_zone
    is_open = proof_review.is_open_for(document, actor=actor, at=now)
    return {
        **admin.site.each_context(request),
        "title": f"Document: {document.submission.case_label} · {dsr.get_right_display()}",
        "dsr": dsr,
        "submission": document.submission,
        "document": document,
        "standing": standing(document),
        "when": moment(document.submitted_at, zone),
        "until": moment(document.destroy_at, zone),
        "reason": readable(lambda: document.proof.reason),
        "open": is_open,
        "name": readable(lambda: document.submission.name) if is_open else "",
        "pages": range(1, document.pages + 1),
        "elsewhere": proof_review.sent_before_by(document),
        "mine": document.reviewed_by_id == request.user.pk,
        "reviewer": named(document.reviewed_by),
    }


@never_cache
@csp_update({"sandbox": True})
@require_GET
def page_picture(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """One page, as a picture that we drew; only after a purpose was given."""
    if not may(request.user, "look_at_document"):
        raise PermissionDenied
    document = _load(pk)
    try:
        page = proof_review.read_page(document, number=number, actor=Actor.staff(request.user), at=clock.now())
    except Refused as refused:
        raise PermissionDenied from refused
    except (OSError, KeyDestroyed, InvalidTag):
        raise Http404 from None
    return HttpResponse(
        page.content,
        content_type=f"image/{page.kind}",
        headers={
            "Content-Disposition": f'inline; filename="page-{number}.{page.kind}"',
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        },
    )


def _load(pk: UUID) -> ProofDocument:
    rows = ProofDocument.objects.select_related("proof__dsr__submission", "proof__dsr__policy", "submission")
    return get_object_or_404(rows, pk=pk)


def urls() -> list[Any]:
    """Its addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view
    return [
        path("documents/<uuid:pk>/", inside(document_page), name="requests_app_datasubjectrequest_document"),
        path(
            "documents/page-<int:number>/<uuid:pk>/", inside(page_picture), name="requests_app_datasubjectrequest_page"
        ),
    ]
