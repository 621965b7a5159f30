"""What is asked of whoever files for somebody else, what the person answers, and the report of a child's account."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_app.models import Authority
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf, refuse_paper
from requests_app.operations.refused import Refused
from requests_app.rules.authority import CHILD_TRACK, Kind
from requests_app.rules.policy import Policy

from . import words
from .forms import EMAIL_MISTAKES, spelled_as_mailed


def _day(label: Any, missing: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": missing, "invalid": missing},
    )


class BehalfForm(forms.Form):
    """The second page: the person, until when, and the paper that shows it."""

    person_name = forms.CharField(
        label=_("Their name"),
        max_length=200,
        error_messages={
            "required": _("Their name: tell us for whom you ask."),
            "max_length": _("Their name: shorten it to 200 characters."),
        },
    )
    person_email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("The one they use with us, if you know it. We ask them there whether they want this."),
        required=False,
        max_length=254,
        validators=[spelled_as_mailed],
        error_messages={**EMAIL_MISTAKES, "invalid": _("Their e-mail address: this is not a complete address.")},
    )
    born_on = _day(
        _("Date of birth"),
        _("Date of birth: give the day on which the child was born."),
        _("Under 14 we also close the account and delete the data. From 14 on we ask the young person, too."),
    )
    ends_on = _day(
        _("Until when may you act for them?"), _("Until when: give a day from today on, at most five years ahead.")
    )
    paper = forms.FileField(
        label=_("A paper that shows that you may act for them"),
        max_length=200,
        allow_empty_file=False,
        error_messages={
            name: _("The paper: choose the file that shows that you may act for this person.")
            for name in ("required", "empty", "invalid", "missing")
        }
        | {"max_length": _("The paper: the name of the file is too long. Rename it to at most 200 characters.")},
    )

    def __init__(self, *args: Any, kind: str, free: bool = False, **kwargs: Any) -> None:
        """`free`: only that is asked which nobody has to prove anything for."""
        super().__init__(*args, **kwargs)
        self.kind = Kind(kind)
        del self.fields["born_on" if self.kind == Kind.AGENT else "ends_on"]
        self.fields["paper"].help_text = (
            _("A letter that they signed: what you may ask for, and until when. PDF, JPEG or PNG, at most 10 MB.")
            if self.kind == Kind.AGENT
            else _("A birth certificate or a court order, for example. Cover what we need not see. "
                   "PDF, JPEG or PNG, at most 10 MB.")
        )  # fmt: skip
        if free and self.kind == Kind.AGENT:
            del self.fields["paper"]
        elif free:  # of a child under 14 the deletion comes with it, which asks for one
            self.fields["paper"].required = False
            self.fields["paper"].label = _("If the child is under 14: a paper that shows that you may act for them")

    def clean_paper(self) -> UploadedFile | None:
        """A document or a picture, by its bytes and not by its name."""
        file: UploadedFile | None = self.cleaned_data["paper"]
        if file:
            head = file.read(8)
            file.seek(0)
            try:
                refuse_paper(head, file.size or 0)
            except Refused as refused:
                raise forms.ValidationError(str(refused)) from refused
        return file

    def behalf(self) -> Behalf:
        """What intake is told. Of a valid form only."""
        typed = self.cleaned_data
        file: UploadedFile | None = typed.get("paper")
        return Behalf(
            kind=self.kind,
            name=typed["person_name"],
            email=typed["person_email"],
            born_on=typed.get("born_on"),
            ends_on=typed.get("ends_on"),
            document=(file.name or "paper", file.read()) if file else None,
        )


class AnswerForm(forms.Form):
    """What the person allows: which of the rights, and who gets the answer."""

    rights = forms.MultipleChoiceField(
        error_messages={"required": _("Choose what they may ask for, or say no.")}, widget=forms.CheckboxSelectMultiple
    )
    package_to = forms.ChoiceField(
        choices=[(Authority.PackageTo.PERSON, ""), (Authority.PackageTo.AGENT, "")],
        error_messages={"required": _("Choose who gets the answer.")},
    )

    def __init__(self, data: Any = None, *, scope: list[str]) -> None:
        super().__init__(data)
        self.fields["rights"].choices = [(right, words.title(right)) for right in scope]  # type: ignore[attr-defined]


class ChildForm(forms.Form):
    """An account of a child under 14: what finds it, and nothing of the child."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    account = forms.CharField(
        label=_("Which account is it?"),
        help_text=_("The name of the account, its e-mail address, or a link to it."),
        max_length=500,
        error_messages={
            "required": _("Which account is it? Tell us what helps us to find it."),
            "max_length": _("Which account is it? Shorten it to 500 characters."),
        },
    )
    why = forms.CharField(
        label=_("How do you know that a child under 14 uses it?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("How do you know it: shorten it to 2000 characters.")},
    )
    contact = forms.CharField(
        label=_("How can we reach you if we have a question?"),
        help_text=_("An e-mail address or a phone number, if you like."),
        required=False,
        max_length=254,
        error_messages={"max_length": _("How can we reach you: shorten it to 254 characters.")},
    )

    def filing(self, *, language: str, policy: Policy) -> Filing:
        """What intake is told. Of a valid form only."""
        typed = self.cleaned_data
        reporter = gettext("Contact of whoever reported it:") + " " + typed["contact"] if typed["contact"] else ""
        lines = (typed["account"], typed["why"], reporter)
        return Filing(
            form_key=typed["form_key"],
            rights=tuple(right for right in CHILD_TRACK if right in policy.rights),
            name=gettext("holder of the account"),
            email="",
            details="\n\n".join(line for line in lines if line),
            language=language,
            behalf=Behalf(kind=Kind.REPORT, account=typed["account"]),
        )
