"""Staff enter a request that came by post, phone, in person or to an old mailbox, with its true receipt date."""

from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from requests_app import clock
from requests_app.models import Submission
from requests_app.models.request import RIGHTS
from requests_app.operations import intake
from requests_app.operations.actors import Actor
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.rules.addresses import is_spelled_as_mailed

from .presenting import local_day
from .roles import may


class EntryForm(forms.Form):
    """What the letter, the call or the mail said. Without an e-mail address a postal one is needed."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        choices=[("", "Choose"), *((v, w) for v, w in Submission.Channel.choices if v != Submission.Channel.WEB)],
        label="How it came in",
    )
    received_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), label="Received on",
        help_text="The day on which it reached us, not the day on which you enter it. The answer is counted from it.",
    )  # fmt: skip
    rights = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="What the person asks for")
    name = forms.CharField(max_length=200, label="Name")
    email = forms.EmailField(
        required=False, label="E-mail", help_text="Leave it empty if there is none: letters are then printed."
    )
    postal = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), label="Postal address"
    )
    details = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        label="Details that help to find the data",
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, label="Language of the person")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = intake.current_policy()
        offered = policy_of(self.version).rights if self.version else ()
        self.fields["rights"].choices = [(k, w) for k, w in RIGHTS if k in offered]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        """As mail spells it."""
        email: str = self.cleaned_data["email"]
        if not is_spelled_as_mailed(email):
            raise forms.ValidationError("Write the address in plain small letters: mail would spell it otherwise.")
        return email

    def clean_received_on(self) -> Any:
        """Past only."""
        day = self.cleaned_data["received_on"]
        if day > local_day(clock.now(), self.version):
            raise forms.ValidationError("This day has not come yet. Give the day on which the request reached us.")
        return day

    def clean(self) -> dict[str, Any]:
        """Somewhere to write to."""
        data = super().clean() or {}
        if not data.get("email") and not data.get("postal") and "email" not in self.errors:
            self.add_error("postal", "Give an e-mail or a postal address: the answer has to go somewhere.")
        return data


def enter(request: HttpRequest) -> HttpResponse:
    """The form, and on POST the same filing that the public form does."""
    if not may(request.user, "enter"):
        raise PermissionDenied
    posted = request.method == "POST"
    form = EntryForm(request.POST) if posted else EntryForm(initial={"form_key": uuid4(), "language": "en"})
    if posted and form.is_valid():
        values = dict(form.cleaned_data)
        channel = values.pop("channel")
        filing = intake.Filing(**{**values, "rights": tuple(values["rights"])})
        try:
            submission = intake.receive(filing, channel=channel, actor=Actor.staff(request.user), at=clock.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Entered as case {submission.case_label}.")
            url = reverse("admin:requests_app_datasubjectrequest_changelist")
            return HttpResponseRedirect(f"{url}?q={submission.case_label}")
    context = {**admin.site.each_context(request), "title": "Enter a request", "form": form, "policy": form.version}
    return TemplateResponse(
        request, "admin/requests_app/datasubjectrequest/enter.html", context, status=422 if form.errors else 200
    )


def urls() -> list[Any]:
    """Where the form stands."""
    return [path("enter/", admin.site.admin_view(enter), name="requests_app_datasubjectrequest_enter")]
