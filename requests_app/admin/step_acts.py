"""The buttons of one source's step: ask again, withhold, hide what is marked, reviewed. GET shows the form."""

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

from requests_app import clock
from requests_app.models import DataSubjectRequest, FulfilmentStep
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import fulfilment, review
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.rules.refusal import grounds_for

from .forms import area
from .roles import may

CASE = "admin:requests_app_datasubjectrequest_change"
PAGE = "admin:requests_app_datasubjectrequest_step"
ACT = "admin:requests_app_datasubjectrequest_step_act"
GONE = "What this source handed out has been destroyed or cannot be read."


def load(pk: UUID) -> FulfilmentStep:
    """A step with its request."""
    rows = FulfilmentStep.objects.select_related("dsr__submission", "dsr__policy", "reviewed_by")
    return get_object_or_404(rows, pk=pk)


def grounds(dsr: DataSubjectRequest) -> list[tuple[str, str]]:
    """The grounds of the catalogue for this right."""
    return [("", "Choose a ground"), *(
        (g.key, f"{g.label} ({g.clause})") for g in grounds_for(policy_of(dsr.policy), dsr.right)
    )]  # fmt: skip


class StepForm(forms.Form):
    """Knows the step it is about."""

    def __init__(self, *args: Any, dsr: DataSubjectRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "ground" in self.fields:
            self.fields["ground"].choices = grounds(dsr)  # type: ignore[attr-defined]


class GroundForm(StepForm):
    """On which ground."""

    ground = forms.ChoiceField(label="Ground", help_text="Only grounds of the policy that the law allows here.")


class WithholdForm(GroundForm):
    """On which ground, and what the person reads."""

    why = forms.CharField(
        widget=area(4), max_length=2000, label="What the person reads",
        help_text="What is withheld and why, in their language. It stands in the package.",
    )  # fmt: skip


class ReviewedForm(StepForm):
    """Why not every marked place was opened, and the digest of what was looked at."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    why = forms.CharField(
        required=False, widget=area(3), max_length=2000, label="Why not every marked place was opened",
        help_text="Only where places are left. Kept as an internal note, which the person can ask for: name nobody.",
    )  # fmt: skip


ACTS: dict[str, tuple[str, str, type[StepForm], str, str]] = {
    # key: verb, label, form, what it says first, what it says afterwards
    "retry": ("retry_step", "Ask again", StepForm,
              "The source is asked anew. What it handed out before, and what was hidden of that, is replaced.",
              "The source is asked again now."),
    "withhold": ("withhold_step", "Withhold", WithholdForm,
                 "Nothing of this source is handed out. A second person reads your ground and your words before the "
                 "release.", "Withheld. The package is made anew."),
    "hide_marked": ("hide", "Hide all that is marked", GroundForm,
                    "Every passage that the check marked is replaced by “[withheld]”; files whose name tells of "
                    "others are left out. Look first: a number of the person's own may be marked, too. "
                    "Each can be shown again.", "Hidden. The package is made anew."),
    "reviewed": ("review", "Reviewed", ReviewedForm,
                 "You looked through what this source handed out, and the rest may be handed out. If anything of it "
                 "changes, this is void.", "Reviewed."),
}  # fmt: skip


def perform(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """GET shows the form, POST calls the operation."""
    if act not in ACTS or not may(request.user, ACTS[act][0]):
        raise PermissionDenied
    step, now, actor = load(pk), clock.now(), Actor.staff(request.user)
    _, label, form_class, intro, done = ACTS[act]
    seen = request.GET.get("seen") or review.digest_of(step)  # of the page that led here
    form = form_class(request.POST if request.method == "POST" else None, dsr=step.dsr, initial={"seen": seen})
    if form.is_bound and form.is_valid():
        try:
            _run(act, step, form.cleaned_data, actor, now)
        except Refused as refused:
            form.add_error(None, str(refused))
        except (OSError, KeyDestroyed, InvalidTag):
            form.add_error(None, GONE)
        else:
            messages.success(request, done)
            back = PAGE if act == "hide_marked" else CASE
            return HttpResponseRedirect(reverse(back, args=[step.pk if back == PAGE else step.dsr_id]))
    record_look(step.dsr.submission, what=f"{act} page", actor=actor, at=now)
    context = {
        **admin.site.each_context(request),
        "title": f"{label}: {step.alias}, {step.dsr.submission.case_label}",
        "step": step, "dsr": step.dsr, "submission": step.dsr.submission, "label": label, "intro": intro, "form": form,
    }  # fmt: skip
    template = "admin/requests_app/datasubjectrequest/step_act.html"
    return TemplateResponse(request, template, context, status=422 if form.is_bound else 200)


def _run(act: str, step: FulfilmentStep, given: dict[str, Any], actor: Actor, at: Any) -> None:
    if act == "retry":
        fulfilment.retry(step, actor=actor, at=at)
    elif act == "withhold":
        fulfilment.withhold(step, ground=given["ground"], why=given["why"], actor=actor, at=at)
    elif act == "hide_marked":
        review.hide_marked(step, ground=given["ground"], actor=actor, at=at)
    else:
        review.mark_reviewed(step, why=given["why"], seen=given["seen"], actor=actor, at=at)


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    inside = admin.site.admin_view(perform)
    return [path("steps/<uuid:pk>/do/<slug:act>/", inside, name="requests_app_datasubjectrequest_step_act")]
