"""The simulator: had it come in then, under this policy, with these holidays, it would be due on this day, and why.

A form by GET: its address can be shared, and it holds nobody's data.
"""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from requests_app import clock
from requests_app.models import PolicyVersion
from requests_app.models.request import RIGHTS
from requests_app.operations import calendars, intake
from requests_app.operations.policies import policy_of
from requests_app.operations.what_if import simulate
from requests_app.rules.response_deadline import Deadline, Pause
from requests_app.rules.what_if import Counted, Supposed

from .presenting import local_day
from .roles import may

FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)  # a slip of the pen in the year is caught
NOON = time(12)
REASONS = (
    ("identity", "Proof of identity"),
    ("clarification", "What exactly is asked for"),
    ("cost_share", "A share of the costs"),
)


class VersionField(forms.ModelChoiceField):
    """A published version, told by the day since which it is in force."""

    def label_from_instance(self, version: PolicyVersion) -> str:  # type: ignore[override]
        """`digital-assets 2 (22 Nov 2026)`."""
        return f"{version} ({date_format(version.published_at, 'j M Y')})"


def day_field(label: str, *, required: bool = True, words: str = "") -> forms.DateField:
    """A day, picked or typed."""
    return forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), label=label, required=required,
        help_text=words,
    )  # fmt: skip


class SimulatorForm(forms.Form):
    """What is supposed."""

    received_on = day_field("Received on")
    received_time = forms.TimeField(
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}), label="At", required=False,
        help_text="In the controller's zone; noon if left empty. Near midnight it is another day elsewhere.",
    )  # fmt: skip
    policy = VersionField(PolicyVersion.objects.order_by("-published_at"), label="Policy", empty_label=None)
    right = forms.ChoiceField(choices=RIGHTS, label="Right")
    paused_from = day_field("We asked the person on", required=False, words="Where the clock stops for the answer.")
    paused_to = day_field("The person answered on", required=False)
    reason = forms.ChoiceField(choices=[("", "Nothing"), *REASONS], label="We asked for", required=False)
    extended = forms.BooleanField(label="An extension was announced in time", required=False)
    place = forms.CharField(
        max_length=12, label="Holidays of", required=False,
        help_text="A country or a part of one, like IT or DE-BY. Empty: those of the policy.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Days that can be, a pause that is whole, a place that is known."""
        data = super().clean() or {}
        for name in ("received_on", "paused_from", "paused_to"):
            if (day := data.get(name)) and not FIRST <= day <= LAST:
                self.add_error(name, f"Give a day from {FIRST.year} to {LAST.year}.")
        parts = {name: data.get(name) for name in ("paused_from", "paused_to", "reason")}
        if any(parts.values()):
            for name, value in parts.items():
                if not value and name not in self.errors:
                    self.add_error(name, "A pause needs both days and what we asked for. Fill this in, or clear all.")
        asked, answered, received = parts["paused_from"], parts["paused_to"], data.get("received_on")
        if asked and answered and answered < asked:
            self.add_error("paused_to", "The answer cannot come before the question. Look at both days again.")
        if asked and received and asked < received:
            self.add_error("paused_from", "We cannot ask before the request came in.")
        place = data["place"] = (data.get("place") or "").strip().upper()
        if place and not calendars.place_known(place):
            self.add_error("place", f"“{place}” is not known to {calendars.SOURCE}. Give a code like IT or DE-BY.")
        return data

    def supposed(self) -> Supposed:
        """What is supposed beyond the receipt."""
        data = self.cleaned_data
        pause = Pause(data["paused_from"], data["paused_to"]) if data["reason"] else None
        return Supposed(pause, data["reason"], data["extended"])


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The form, and below it the dates where it was filled in."""
    if not may(request.user, "look"):
        raise PermissionDenied
    version = intake.current_policy()
    asked = bool(request.GET)
    day = local_day(clock.now(), version)
    form = SimulatorForm(request.GET if asked else None, initial={"received_on": day, "policy": version})
    context = {
        **admin.site.each_context(request),
        "title": "What would fall due when",
        "form": form,
        "published": version is not None,
    }
    valid = asked and form.is_valid()
    if valid:
        context |= _result(form)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/simulate.html", context, status=status)


def _result(form: SimulatorForm) -> dict[str, Any]:
    data = form.cleaned_data
    policy = policy_of(data["policy"])
    zone = ZoneInfo(policy.time_zone)
    at = datetime.combine(data["received_on"], data["received_time"] or NOON, zone)
    found = simulate(data["policy"], at=at, right=data["right"], supposed=form.supposed(), place=data["place"])
    promised, statutory = found.promised, found.statutory

    def row(deadline: Deadline, title: str, **more: Any) -> dict[str, Any]:
        days = (deadline.due_on - data["received_on"]).days
        return {"title": title, "due_on": deadline.due_on, "days": days, "steps": deadline.steps, **more}

    own = data["place"] or policy.holidays or "no place on file"
    promise = row(promised.deadline, "The promise of the policy", holidays=own, notes=_notes(promised))
    cautious = row(found.cautious, "The cautious reading", about="no pause, no roll-over, the earliest of all")
    laws = [
        row(
            law.deadline, law.regime.title,
            about="the earliest law: the statutory date" if law is statutory else "",
            holidays=law.regime.holidays or own, checked_on=law.regime.checked_on, notes=_notes(law),
        )
        for law in found.laws if law.regime
    ]  # fmt: skip
    return {
        "promised": promise,
        "statutory": next((law for law in laws if law["about"]), None),
        "cautious": cautious,
        "laws": laws,
        "rows": [promise, *laws, cautious],
        "late": statutory is not None and promised.deadline.due_on > statutory.deadline.due_on,
        "offered": data["right"] in policy.rights,
        "zone": policy.time_zone,
        "calendar": calendars.SOURCE,
    }


def _notes(counted: Counted) -> list[str]:
    """What was supposed in vain."""
    whose = "This law" if counted.regime else "This policy"
    notes = []
    if counted.no_pause:
        notes.append(f"{whose} does not stop the clock for this.")
    if counted.no_extension:
        notes.append(f"{whose} knows no extension.")
    return notes


def urls() -> list[Any]:
    """Where it stands."""
    return [path("simulate/", admin.site.admin_view(page), name="requests_app_datasubjectrequest_simulate")]
