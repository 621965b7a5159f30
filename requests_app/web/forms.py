"""What a person can type. Every mistake names its field and how to mend it."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.policy import NEVER_GATED, Policy

from . import words

MAX_FILE_BYTES = 10 * 1024 * 1024

TOO_LARGE = _("This file is too large: at most 10 MB. Take the picture with less detail.")

EMAIL_MISTAKES = {
    "required": _("E-mail: give the address to which we may answer."),
    "invalid": _("E-mail: this is not a complete address. It looks like name@example.org."),
    "max_length": _("E-mail: this address is too long. Give one of at most 254 characters."),
}


def _is_uuid(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


def mistake(form: forms.Form) -> str:
    """All mistakes of a small form in one line."""
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


class FilingForm(forms.Form):
    """The one form. `form_key` makes the same form, sent any number of times, one submission."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    rights = forms.MultipleChoiceField(
        label=_("What you ask for"),
        error_messages={
            "required": _("What you ask for: choose at least one."),
            "invalid_choice": _("What you ask for: choose from the list."),
        },
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={
            "required": _("Name: tell us how we may address you."),
            "max_length": _("Name: shorten it to 200 characters."),
        },
    )
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254, error_messages=EMAIL_MISTAKES)
    details = forms.CharField(
        label=_("What helps us to find your data"),
        required=False,
        max_length=5000,
        widget=forms.Textarea,
        error_messages={"max_length": _("What helps us to find your data: shorten it to 5000 characters.")},
    )
    for_whom = forms.ChoiceField(
        label=_("For whom do you ask?"),
        required=False,
        choices=[("", _("Myself")), ("agent", _("Somebody who authorised me")), ("guardian", _("My child"))],
        error_messages={"invalid_choice": _("For whom do you ask? Choose from the list.")},
    )
    language = forms.ChoiceField(
        label=_("Language of our letters"),
        error_messages={
            "required": _("Language: choose the language of our letters."),
            "invalid_choice": _("Language: choose one from the list."),
        },
    )

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        if data is not None and not _is_uuid(data.get("form_key")):
            data = data.copy()  # nobody can mend a field that cannot be seen
            data["form_key"] = str(uuid4())
        super().__init__(data, initial={"form_key": uuid4(), "language": get_language()})
        self.policy = policy
        self.fields["rights"].choices = [(right, words.title(right)) for right in policy.rights]
        self.fields["language"].choices = [pair for pair in settings.LANGUAGES if pair[0] in policy.languages]

    @classmethod
    def unjudged(cls, data: Any, *, policy: Policy) -> "FilingForm":
        """The form with what was typed before, without mistakes: somebody came back to change something."""
        form = cls(policy=policy)
        form.initial.update({name: data[name] for name in form.fields if name in data})
        form.initial["rights"] = data.getlist("rights")
        if not _is_uuid(form.initial["form_key"]):
            form.initial["form_key"] = uuid4()
        return form

    def _cards(self, rights: list[str]) -> list[dict[str, Any]]:
        chosen = self["rights"].value() or []
        return [
            {
                "key": right,
                "title": words.title(right),
                "help": words.RIGHTS[right][1],
                "instant": right in NEVER_GATED,
                "checked": right in chosen,
            }
            for right in rights
        ]

    @property
    def for_whom_cards(self) -> list[dict[str, Any]]:
        """For whom, as buttons of which one is pressed."""
        chosen = self["for_whom"].value() or ""
        return [
            {"key": key, "title": title, "checked": key == chosen} for key, title in self.fields["for_whom"].choices
        ]

    @property
    def right_cards(self) -> list[dict[str, Any]]:
        """The rights shown at once."""
        return self._cards([right for right in words.FIRST if right in self.policy.rights])

    @property
    def more_open(self) -> bool:
        """Whether one of those behind "more" is chosen."""
        return any(card["checked"] for card in self.more_cards)

    @property
    def more_cards(self) -> list[dict[str, Any]]:
        """The rights behind "more"."""
        return self._cards([right for right in self.policy.rights if right not in words.FIRST])

    @property
    def need_not_wait(self) -> bool:
        """Whether only that is asked which takes effect at once. Of a valid form only."""
        return set(self.cleaned_data["rights"]) <= set(NEVER_GATED)

    def as_hidden(self) -> SafeString:
        """Everything typed, as hidden inputs of the check page."""
        return mark_safe("".join(self[name].as_hidden() for name in self.fields))  # noqa: S308 (inputs Django escaped)  # nosec B308

    def answers(self) -> list[tuple[str, str]]:
        """What was typed, in words. Of a valid form only."""
        typed = self.cleaned_data
        languages = dict(settings.LANGUAGES)
        return [
            (str(self.fields["rights"].label), ", ".join(words.title(right) for right in typed["rights"])),
            (str(self.fields["name"].label), typed["name"]),
            (str(self.fields["email"].label), typed["email"]),
            (str(self.fields["details"].label), typed["details"]),
            (str(self.fields["language"].label), str(languages[typed["language"]])),
        ]

    def filing(self, behalf: Behalf | None = None) -> Filing:
        """What intake is told, and for whom. Of a valid form only."""
        typed = self.cleaned_data
        return Filing(
            form_key=typed["form_key"],
            rights=tuple(typed["rights"]),
            name=typed["name"],
            email=typed["email"],
            details=typed["details"],
            language=typed["language"],
            behalf=behalf,
        )


class CodeForm(forms.Form):
    """Six digits; spaces and hyphens between them are forgiven."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        error_messages={
            "required": _("Code: type the six digits from our message."),
            "max_length": _("Code: type the six digits from our message, nothing else."),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        """Six ASCII digits, or how to mend it; a slip of the finger then costs no try."""
        code = "".join(self.cleaned_data["code"].split()).replace("-", "")
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise forms.ValidationError(_("Code: type the six digits from our message, nothing else."))
        return code


class OnFileForm(CodeForm):
    """Six digits, and whether it was them."""

    answer = forms.ChoiceField(
        choices=[("mine", ""), ("not_mine", "")],
        error_messages={
            "required": _("Press one of the two buttons."),
            "invalid_choice": _("Press one of the two buttons."),
        },
        widget=forms.HiddenInput,
    )


class EarlierAddressForm(CodeForm):
    """The code of the message, and who changed the address; neither answer is chosen beforehand."""

    answer = forms.ChoiceField(
        choices=[("mine", ""), ("not_mine", "")],
        error_messages={
            "required": _("Answer: say whether it was you."),
            "invalid_choice": _("Answer: say whether it was you."),
        },
    )


class FreshCodeForm(CodeForm):
    """Six digits, and where to go then."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)


class EmailForm(forms.Form):
    """One address."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        error_messages=EMAIL_MISTAKES,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ReplyForm(forms.Form):
    """What the person writes, asked or not: a text, a file, or both."""

    text = forms.CharField(
        label=_("Your message"),
        required=False,
        max_length=10000,
        widget=forms.Textarea,
        error_messages={
            "max_length": _("Your message: shorten it to 10000 characters, or send the rest as a file."),
        },
    )
    file = forms.FileField(
        label=_("A file"),
        required=False,
        max_length=200,
        allow_empty_file=False,
        error_messages={
            "empty": _("A file: this file is empty. Choose another one."),
            "max_length": _("A file: its name is too long. Rename it to at most 200 characters."),
            "invalid": _("A file: it did not arrive. Choose it again."),
            "missing": _("A file: it did not arrive. Choose it again."),
        },
    )

    def clean_file(self) -> UploadedFile | None:
        """At most 10 MB."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file and (file.size or 0) > MAX_FILE_BYTES:
            raise forms.ValidationError(_("A file: it is larger than 10 MB. Choose a smaller one."))
        return file

    def clean(self) -> dict[str, Any]:
        """One of the two at least."""
        typed = super().clean() or self.cleaned_data
        if not self.errors and not typed["text"] and not typed["file"]:
            self.add_error("text", _("Your message: write a few words, or choose a file."))
        return typed

    def named_bytes(self) -> tuple[str, bytes] | None:
        """Name and content, or nothing."""
        file: UploadedFile | None = self.cleaned_data["file"]
        return (file.name or "file", file.read()) if file else None


class DocumentForm(forms.Form):
    """The document that was asked for. What it is says its content; the operation looks at that."""

    file = forms.FileField(
        max_length=None,
        allow_empty_file=True,
        error_messages={
            "required": _("Choose the picture or the PDF of your document first."),
            "invalid": _("The file did not arrive. Choose it again."),
            "missing": _("The file did not arrive. Choose it again."),
        },
    )

    def clean_file(self) -> UploadedFile:
        """At most 10 MB; a larger one is not even read."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE_BYTES:
            raise forms.ValidationError(str(TOO_LARGE))
        return file


class GenuineForm(forms.Form):
    """The check code of a message."""

    code = forms.CharField(
        label=_("Check code"),
        max_length=40,
        error_messages={
            "required": _("Check code: type the code at the end of the message."),
            "max_length": _("Check code: it has twelve letters and digits, such as 1A2B-3C4D-5E6F."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """Twelve hexadecimal digits, lower case."""
        code = "".join(c for c in self.cleaned_data["code"] if c not in " -\t").lower()
        if len(code) != 12 or set(code) - set("0123456789abcdef"):
            raise forms.ValidationError(_("Check code: it has twelve letters and digits, such as 1A2B-3C4D-5E6F."))
        return code
