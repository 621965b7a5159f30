"""Notices on paper: the printed letter with the postal address, opened by a logged look, and the day it was posted."""

from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import Notice
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import delivery, letters
from requests_app.operations.actors import Actor
from requests_app.operations.notices import ON_PAPER
from requests_app.operations.refused import Refused
from requests_app.operations.rendering import known_language

from .presenting import local_day
from .roles import may

NOTICE = "admin:requests_app_notice_change"
QUEUES = {"not_reached": delivery.not_reached, "print": delivery.to_print}


class PostedForm(forms.Form):
    """The day on which the letter went to the post."""

    posted_on = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), label="Printed and posted on"
    )


def posted_form(notice: Notice) -> PostedForm:
    """Today, in the controller's zone, unless another day is given."""
    return PostedForm(initial={"posted_on": local_day(clock.now(), notice.submission.policy)})


def can_print(request: HttpRequest, notice: Notice) -> bool:
    """Who may see contact data may print them; a mail with a code is for nobody's eyes."""
    return may(request.user, "open_letter") and notice.check_id is None and notice.contact_id is None


def _load(request: HttpRequest, pk: UUID) -> Notice:
    if not may(request.user, "open_letter"):  # before the look-up: whether a notice exists is not told either
        raise PermissionDenied
    rows = Notice.objects.filter(recipient__in=ON_PAPER, submission__isnull=False)
    notice = get_object_or_404(rows.select_related("submission__policy", "dsr"), pk=pk)
    if not can_print(request, notice):
        raise PermissionDenied
    return notice


@require_POST
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The letter, ready for the printer. The look at name and address is written down before they are opened."""
    notice = _load(request, pk)
    submission = notice.submission
    try:
        letter = letters.open_letter(notice, actor=Actor.staff(request.user), at=clock.now())
    except (KeyDestroyed, InvalidTag):
        messages.error(request, "The contact data of this case have been destroyed, as the policy promises.")
        return HttpResponseRedirect(reverse(NOTICE, args=[notice.pk]))
    name, lines = letter.name, letter.postal.splitlines()
    context = {
        "notice": notice,
        "submission": submission,
        "language": known_language(submission),
        "organisation": settings.ORGANISATION_NAME,
        "organisation_address": settings.ORGANISATION_ADDRESS,
        "recipient": lines if lines and name.casefold() in lines[0].casefold() else [name, *lines],
        "has_address": bool(lines),
        "body": letter.html,
        "genuine_url": f"{settings.PUBLIC_URL.rstrip('/')}{reverse('genuine')}",
        "enclosures": notice.dsr.answer_files.filter(destroyed_at=None).count()
        if notice.dsr and notice.kind.startswith("decision_") else 0,
        "form": posted_form(notice) if notice.served_at is None else None,
    }  # fmt: skip
    with translation.override(context["language"]), timezone.override(submission.received_zone):
        return TemplateResponse(request, "admin/requests_app/notice/print.html", context).render()


@require_POST
def posted(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Record that the letter was posted, and when: by this channel the person was served."""
    notice = _load(request, pk)
    form = PostedForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the day on which the letter was posted.")
        return HttpResponseRedirect(reverse(NOTICE, args=[notice.pk]))
    day = form.cleaned_data["posted_on"]
    try:
        letters.record_posted(notice, posted_on=day, actor=Actor.staff(request.user), at=clock.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Recorded: printed and posted on {date_format(day, 'j F Y')}.")
    return HttpResponseRedirect(reverse(NOTICE, args=[notice.pk]))


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view
    return [
        path("<uuid:pk>/print/", inside(show), name="requests_app_notice_print"),
        path("<uuid:pk>/posted/", inside(posted), name="requests_app_notice_posted"),
    ]
