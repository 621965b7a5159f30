"""Where a source knows several people under what was shown: who they are, and the page on which staff choose."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.formats import date_format

from requests_app.models import DataSubjectRequest, PeopleFound
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import people_found, several_people
from requests_app.operations.actors import Actor
from requests_app.operations.owed_steps import steps_of

from . import one_form
from .forms import area
from .presenting import readable
from .roles import may
from .words import moment, named

PAGE = "admin:requests_app_datasubjectrequest_people"
ANCHORS = {"correction": "changes", "restriction": "limits", "objection": "limits"}
INTRO = (
    "This source knows several people under what was shown, such as an address that a family shares. Anybody there "
    "could have written the name and the number in the form: ask the person for something that only they can tell. "
    "Only what is held of those whom you tick is read, and a second person reads your reason before the release."
)


class PeopleForm(forms.Form):
    """Who of them it is, or nobody, and how that was told; `seen` are those who were shown."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    chosen = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Whom the request is about"
    )
    nobody = forms.BooleanField(
        required=False, label="None of them",
        help_text="Then nothing is found in this source. Where you cannot tell, withhold it with a ground instead.",
    )  # fmt: skip
    why = forms.CharField(
        widget=area(3), max_length=2000, label="How you told them apart",
        help_text="What you asked, and what it was compared with.",
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one["reference"], _words(one)) for one in people]
        self.fields["chosen"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Nobody is chosen by forgetting to tick."""
        given = super().clean() or {}
        if bool(given.get("chosen")) == bool(given.get("nobody")):
            self.add_error("chosen", "Tick whom it is about, or that it is none of them.")
        return given


def _words(one: dict[str, Any]) -> str:
    contacts = []
    for contact in one["contacts"]:
        since = contact["since"] and date_format(datetime.fromisoformat(contact["since"]), "j F Y")
        contacts.append(f"{contact['address']} since {since}" if since else contact["address"])
    return f"{one['label'] or one['reference']}: {'; '.join(contacts) or 'no address'}"


def lines(dsr: DataSubjectRequest, user: Any) -> list[dict[str, str]]:
    """The same, one after the other."""
    return [{"alias": alias, **said} for alias, said in by_alias(dsr, user).items()]


def line(dsr: DataSubjectRequest, alias: str, user: Any) -> dict[str, str]:
    """What was chosen of this source and why, and where it can be chosen; nothing where one person was found."""
    return by_alias(dsr, user).get(alias, {})


def by_alias(dsr: DataSubjectRequest, user: Any) -> dict[str, dict[str, str]]:
    """The same of every source that found several."""
    return {found.alias: _line(found, dsr, user) for found in people_found.of(dsr).select_related("chosen_by", "dsr")}


def _line(found: PeopleFound, dsr: DataSubjectRequest, user: Any) -> dict[str, str]:
    said = why = ""
    if found.chosen_at:
        of = f"{readable(lambda: len(found.chosen))} of {readable(lambda: len(found.candidates))}"
        said = f"Several people found. {named(found.chosen_by)} chose {of} on "
        said += moment(found.chosen_at, dsr.submission.received_zone)
        why = readable(lambda: found.opened("why"))
    allowed = may(user, "choose_people") and several_people.is_open_to_choice(found, dsr)
    allowed = allowed and not several_people.was_told(found, dsr)
    return {
        "said": said,
        "why": why,
        "url": reverse(PAGE, args=[found.pk]) if allowed else "",
        "label": "Choose again" if found.chosen_at else "Choose whom it is about",
    }


def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows who was found, POST says who of them asks."""
    if not may(request.user, "choose_people"):
        raise PermissionDenied
    found = get_object_or_404(PeopleFound.objects.select_related("dsr__submission", "dsr__policy"), pk=pk)
    try:
        people, seen = found.candidates, found.digest
    except (KeyDestroyed, InvalidTag):
        people, seen = [], ""
    form = PeopleForm(request.POST if request.method == "POST" else None, people=people, initial={"seen": seen})

    def run(given: dict[str, Any], actor: Actor, at: datetime) -> None:
        several_people.choose(
            found, references=given["chosen"], seen=given["seen"], why=given["why"], actor=actor, at=at
        )

    return one_form.answer(
        request,
        found.dsr,
        form,
        run,
        label=f"Choose whom it is about: {found.alias}",
        intro=INTRO,
        done="Chosen. The source is asked now, about nobody else.",
        anchor=ANCHORS.get(found.dsr.right, "sources" if steps_of(found.dsr).exists() else "erasure"),
    )


def urls() -> list[Any]:
    """Its address, behind the admin's sign-in."""
    name = "requests_app_datasubjectrequest_people"
    return [path("people/<uuid:pk>/", admin.site.admin_view(page), name=name)]
