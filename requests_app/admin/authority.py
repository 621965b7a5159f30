"""Who asks for whom: the document, the person's word, and the two of the team who accept it."""

from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import Authority, Contact, DataSubjectRequest
from requests_app.models.keys import KeyDestroyed
from requests_app.models.request import RIGHTS
from requests_app.operations import authority as operation
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.authorities import authority_of, best_contact, is_over, is_shown
from requests_app.operations.on_behalf import is_child
from requests_app.operations.refused import Refused

from .presenting import local_day, readable
from .roles import may
from .words import moment

PAGE = "admin:requests_app_datasubjectrequest_authority"
DONE = {
    "propose": "Noted. Nothing is released before a second person accepts it.",
    "accept": "Accepted.",
}
TITLES = dict(RIGHTS)
WHENCE = {Contact.Role.ON_FILE: "on file in a data source", Contact.Role.SUBJECT: "typed by whoever filed"}


class AcceptForm(forms.Form):
    """The one choice of whoever accepts, where the person cannot be asked."""

    to_agent = forms.BooleanField(
        required=False, label="The document says in so many words that the answer may go to whoever asked"
    )


def link(dsr: DataSubjectRequest, now: Any) -> dict[str, Any] | None:
    """What the case page says about it, or nothing for an ordinary case."""
    row = authority_of(dsr.submission)
    if row is None:
        return None
    return {
        "row": row,
        "stands": stands(row, now),
        "child": readable(lambda: is_child(row, on=local_day(now, dsr.policy))) == "True",
        "url": reverse(PAGE, args=[dsr.pk]),
    }


def stands(row: Authority, now: Any) -> str:
    """Where it stands, in a sentence."""
    if row.refused_at:
        return "The person said no."
    if row.revoked_at:
        return "The person took it back."
    if row.taken_over_at:
        return "It has ended, and the person goes on alone."
    if is_over(row, at=now):
        return "It has ended."
    if is_shown(row, at=now):
        return "It is shown."
    if row.proposed_at and not row.accepted_at:
        return "One of the team found it in order. A second person accepts it."
    if row.asked and not row.confirmed_at and row.kind == Authority.Kind.AGENT:
        return "The person has been asked, and has not answered."
    return "Two of the team look at it."


def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was filed and confirmed; opening it is written to the access log."""
    if not may(request.user, "look"):
        raise PermissionDenied
    dsr, row = _load(pk)
    return _page(request, dsr, row)


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Propose or accept; what is refused says why."""
    if verb not in DONE or not may(request.user, f"{verb}_authority"):
        raise PermissionDenied
    dsr, row = _load(pk)
    actor, now = Actor.staff(request.user), clock.now()
    form = AcceptForm(request.POST)
    try:
        if verb == "propose":
            operation.propose(row, actor=actor, at=now)
        else:
            form.is_valid()
            operation.accept(row, to_agent=form.cleaned_data["to_agent"], actor=actor, at=now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, DONE[verb])
    return HttpResponseRedirect(reverse(PAGE, args=[dsr.pk]))


@require_POST
def document(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The paper as bytes that no browser opens by itself; the look is written to the access log."""
    if not may(request.user, "read_authority"):
        raise PermissionDenied
    dsr, row = _load(pk)
    try:
        content = operation.read_document(row, actor=Actor.staff(request.user), at=clock.now())
    except (OSError, KeyDestroyed, InvalidTag):
        messages.error(request, "There is no document, or it has been destroyed.")
        return HttpResponseRedirect(reverse(PAGE, args=[dsr.pk]))
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{row.pk}"', "X-Content-Type-Options": "nosniff"},
    )


def _load(pk: UUID) -> tuple[DataSubjectRequest, Authority]:
    dsr = get_object_or_404(DataSubjectRequest.objects.select_related("submission", "policy"), pk=pk)
    return dsr, get_object_or_404(Authority.objects.select_related("submission", "asked"), submission=dsr.submission_id)


def _page(request: HttpRequest, dsr: DataSubjectRequest, row: Authority) -> HttpResponse:
    submission, now = dsr.submission, clock.now()
    record_look(submission, what="authority page", actor=Actor.staff(request.user), at=now)
    zone, over = submission.received_zone, is_over(row, at=now)
    contact = best_contact(submission)
    own = row.proposed_by_id == request.user.pk
    said = {"confirmed_at": "said yes", "refused_at": "said no", "revoked_at": "took it back"}
    said |= {"taken_over_at": "goes on alone"}
    context = {
        **admin.site.each_context(request),
        "title": f"Who asks for whom: {submission.case_label}",
        "dsr": dsr,
        "submission": submission,
        "row": row,
        "stands": stands(row, now),
        "who": readable(lambda: submission.name),
        "person": readable(lambda: row.name),
        "born_on": readable(lambda: row.born_on) if row.born_on_sealed else "",
        "scope": [TITLES.get(right, right) for right in row.scope],
        "contact": WHENCE[contact.role] if contact else "a postal one" if row.postal_sealed else "",
        "said": [
            {"words": words, "when": moment(getattr(row, name), zone)}
            for name, words in said.items()
            if getattr(row, name)
        ],
        "has_document": bool(row.document_sha256) and row.destroyed_at is None,
        "can_propose": not over and row.proposed_at is None and may(request.user, "propose_authority"),
        "can_accept": row.proposed_at and not row.accepted_at and not own and may(request.user, "accept_authority"),
        "own": own,
        "asks_where": contact is None and row.kind != Authority.Kind.REPORT,
        "form": AcceptForm(),
    }
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/authority.html", context)


def urls() -> list[Any]:
    """Its addresses, behind the admin's sign-in."""
    inside, name = admin.site.admin_view, "requests_app_datasubjectrequest_authority"
    return [
        path("<uuid:pk>/authority/", inside(page), name=name),
        path("<uuid:pk>/authority/document/", inside(document), name=f"{name}_document"),
        path("<uuid:pk>/authority/<slug:verb>/", inside(act), name=f"{name}_act"),
    ]
