"""What staff type of a letter, a call or a visit: who asks, for what, and for whom."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from requests_app import clock
from requests_app.models import Submission
from requests_app.models.request import RIGHTS
from requests_app.operations import intake
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf, refuse_paper
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.rules.addresses import is_spelled_as_mailed, normalise
from requests_app.rules.authority import Kind

from .presenting import local_day


def _spelled_as_mailed(email: str) -> str:
    if not is_spelled_as_mailed(email):
        raise forms.ValidationError("Write the address in plain small letters: mail would spell it otherwise.")
    return email


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
        return _spelled_as_mailed(self.cleaned_data["email"])

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

    def filing(self) -> Filing:
        """What intake is told. Of a valid form only."""
        typed = self.cleaned_data
        told = {name: typed[name] for name in EntryForm.base_fields if name not in {"channel", "rights"}}
        return Filing(**told, rights=tuple(typed["rights"]), behalf=self.behalf())

    def behalf(self) -> Behalf | None:
        """For whom else they ask: for nobody."""
        return None


class BehalfEntryForm(EntryForm):
    """The same where an agent or a guardian asks: their person, until when, and the paper if there is one."""

    person_name = forms.CharField(max_length=200, label="Name of the person for whom they ask")
    person_email = forms.EmailField(
        required=False, label="E-mail of the person", help_text="They are asked there whether they want it."
    )
    person_postal = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        label="Postal address of the person", help_text="The answer is printed for it where there is no e-mail.",
    )  # fmt: skip
    ends_on = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), label="Until when they may act",
        help_text="As the letter of authority says; at most five years ahead.",
    )  # fmt: skip
    born_on = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), label="Date of birth of the child",
        help_text="Under 14 the account is closed and the data are deleted as well. From 14 on the young person is "
        "asked, too.",
    )  # fmt: skip
    paper = forms.FileField(
        required=False, label="Letter of authority, scanned",
        help_text="PDF, JPEG or PNG, at most 10 MB. It is stored encrypted, and two of the team look at it.",
    )  # fmt: skip

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        del self.fields["born_on" if kind == Kind.AGENT else "ends_on"]
        who = "agent" if kind == Kind.AGENT else "guardian"
        for name, words in (("name", "Name"), ("email", "E-mail"), ("postal", "Postal address")):
            self.fields[name].label = f"{words} of the {who}"
        self.fields["language"].label = f"Language of the {who}"
        self.fields["rights"].label = "What they ask for"

    def clean_person_email(self) -> str:
        """As mail spells it."""
        return _spelled_as_mailed(self.cleaned_data["person_email"])

    def clean_paper(self) -> UploadedFile | None:
        """By its bytes and its size, as on the public form."""
        file: UploadedFile | None = self.cleaned_data["paper"]
        if file:
            head = file.read(8)
            file.seek(0)
            try:
                refuse_paper(head, file.size or 0)
            except Refused as refused:
                raise forms.ValidationError(str(refused)) from refused
        return file

    def clean(self) -> dict[str, Any]:
        """Two people, two addresses."""
        data = super().clean()
        if data.get("person_email") and normalise(data["person_email"]) == normalise(data.get("email", "")):
            self.add_error("person_email", "This is the address of whoever asks. Give the person's, or leave it empty.")
        return data

    def behalf(self) -> Behalf:
        """For whom they ask. Of a valid form only."""
        typed = self.cleaned_data
        file: UploadedFile | None = typed["paper"]
        return Behalf(
            kind=self.kind,
            name=typed["person_name"],
            email=typed["person_email"],
            postal=typed["person_postal"],
            born_on=typed.get("born_on"),
            ends_on=typed.get("ends_on"),
            document=(file.name or "paper", file.read()) if file else None,
        )
