"""One record of a source in full, and what of it is hidden: a field, a passage, or all of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from requests_app import clock
from requests_app.connectors import Table
from requests_app.models import FulfilmentStep, Redaction
from requests_app.operations import others, review
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.operations.step_records import NoSuchRecord, Read, record_at
from requests_app.rules.visible import as_it_was, visible

from .forms import area
from .review import (
    CANNOT,
    RECORD,
    described,
    found_words,
    head,
    hidden_in,
    marks_at,
    number,
    open_step,
    page_url,
    text_of,
)
from .roles import may
from .sources import ground_said
from .step_acts import CASE, GONE, GroundForm, StepForm
from .words import moment, named

WHOLE = "all"
AT_ONCE = 20_000  # characters of a value; then it goes on


class HideForm(StepForm):
    """What of a record is hidden, and on which ground."""

    action = forms.CharField(widget=forms.HiddenInput, initial="hide")
    field_order = ("action", "column", "passage", "ground")
    column = forms.ChoiceField(label="What")
    passage = forms.CharField(
        required=False, strip=False, widget=area(2), max_length=5000, label="Only this passage of the field",
        help_text="Copied letter by letter. It is hidden wherever it stands in the field. Empty: the whole field.",
    )  # fmt: skip
    ground = GroundForm.base_fields["ground"]

    def __init__(self, *args: Any, columns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns
        named_ones = ((str(place), visible(column)) for place, column in enumerate(columns))
        self.fields["column"].choices = [("", "Choose"), (WHOLE, "The whole record"), *named_ones]  # type: ignore[attr-defined]

    def clean_column(self) -> str:
        """The name of the field; a page names it by its place, since any sign may stand in it."""
        place = self.cleaned_data["column"]
        return "" if place == WHOLE else self.columns[int(place)]


@never_cache
def record_page(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """One record as it was read, in full, and what of it is hidden."""
    step, actor, now = open_step(request, pk), Actor.staff(request.user), clock.now()
    try:
        record = record_at(step, position)
    except NoSuchRecord:
        raise Http404 from None
    except CANNOT:
        messages.error(request, GONE)
        return HttpResponseRedirect(reverse(CASE, args=[step.dsr_id]))
    action = request.POST.get("action", "")
    posted = request.POST if action == "hide" else None
    form = HideForm(posted, dsr=step.dsr, columns=list(record.values or {}))
    if request.method == "POST":
        try:
            if done := _change(request, step, record, form, actor):
                messages.success(request, done)
                return HttpResponseRedirect(reverse(RECORD, args=[step.pk, position]))
        except Refused as refused:
            if not form.is_bound:
                messages.error(request, str(refused))
                return HttpResponseRedirect(reverse(RECORD, args=[step.pk, position]))
            form.add_error(None, str(refused))
    record_look(step.dsr.submission, what=f"record of {step.alias}"[:40], actor=actor, at=now)
    marks = list(marks_at(step, [position]))
    review.note_seen(marks, actor=actor)
    tables, rows = described(step.alias), hidden_in(step, [position]).get(position, [])
    own = others.own_of(step)
    context = head(request, step, tables) | {
        "title": f"One record of {step.alias}: {step.dsr.submission.case_label}",
        "table": tables.get(record.table),
        "record": record,
        "fields": _in_full(request, record, tables.get(record.table)),
        "raw": "" if record.values is not None else visible(record.line.decode(errors="replace"))[:AT_ONCE],
        "found": found_words(others.left_in(record, rows, own)) if marks else [],
        "hidden": [
            {
                "row": row,
                "what": visible(row.column) or "The whole record",
                "passage": visible(row.passage),
                "ground": ground_said(step.dsr, row.ground),
                "who": named(row.hidden_by),
                "when": moment(row.hidden_at, step.dsr.submission.received_zone),
            }
            for row in rows
        ],
        "form": form,
        "back": page_url(step, position),
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/record.html", context, status=status)


def _change(request: HttpRequest, step: FulfilmentStep, record: Read, form: HideForm, actor: Actor) -> str:
    """Do what was posted; what was done, in words, or nothing where the form has a mistake."""
    if not may(request.user, "hide"):
        raise PermissionDenied
    if request.POST.get("action") == "show":
        rows = Redaction.objects.select_related("step__dsr__submission", "step__dsr__policy")
        row = get_object_or_404(rows, pk=_uuid(request.POST.get("redaction", "")), step=step, position=record.position)
        review.show(row, actor=actor, at=clock.now())
        return "It is handed out again. The package is made anew."
    if not form.is_valid():
        return ""
    given = form.cleaned_data
    review.hide(
        step, position=record.position, column=given["column"], passage=as_it_was(given["passage"]),
        ground=given["ground"], actor=actor, at=clock.now(),
    )  # fmt: skip
    return "Hidden. The package is made anew."


def _in_full(request: HttpRequest, record: Read, table: Table | None) -> list[dict[str, Any]]:
    """The fields as they were read; of one too long for the page the part that was asked for."""
    kinds = {column.name: str(column.about.category) for column in table.columns} if table else {}
    chosen, start = number(request.GET.get("field", "")), number(request.GET.get("at", "")) or 0
    fields = []
    for place, (name, value) in enumerate((record.values or {}).items()):
        text, at = text_of(value), start if place == chosen else 0
        rest = f"?field={place}&at={at + AT_ONCE}" if at + AT_ONCE < len(text) else ""
        fields.append(
            {
                "name": visible(name),
                "category": kinds.get(name, ""),
                "text": text[at : at + AT_ONCE],
                "length": len(text),
                "rest": rest,
                "at": at,
            }
        )
    return fields


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def urls() -> list[Any]:
    """Its address, behind the admin's sign-in."""
    view = admin.site.admin_view(record_page)
    return [path("steps/<uuid:pk>/<int:position>/", view, name="requests_app_datasubjectrequest_record")]
