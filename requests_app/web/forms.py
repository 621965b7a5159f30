"""What a person can type. Every mistake names its field and how to mend it."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from requests_app.operations import locked_zip
from requests_app.rules.addresses import is_spelled_as_mailed

MAX_FILE_BYTES = 10 * 1024 * 1024

TOO_LARGE = _("This file is too large: at most 10 MB. Take the picture with less detail.")

EMAIL_MISTAKES = {
    "required": _("E-mail: give the address to which we may answer."),
    "invalid": _("E-mail: this is not a complete address. It looks like name@example.org."),
    "max_length": _("E-mail: this address is too long. Give one of at most 254 characters."),
}


def spelled_as_mailed(address: str) -> None:
    """Refuse an address that mail would spell otherwise."""
    if not is_spelled_as_mailed(address):
        raise forms.ValidationError("", code="invalid")  # in the words of the field


def mistake(form: forms.Form) -> str:
    """All mistakes of a small form in one line."""
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


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
        validators=[spelled_as_mailed],
        error_messages=EMAIL_MISTAKES,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ComplaintForm(forms.Form):
    """What went wrong, in the person's words. The same `form_key`, sent any number of times, is one complaint."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)
    text = forms.CharField(
        label=_("What went wrong?"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("What went wrong: tell us in a few words."),
            "max_length": _("What went wrong: shorten it to 5000 characters."),
        },
    )

    def clean_form_key(self) -> UUID:
        """A new one where it was lost."""
        return self.cleaned_data["form_key"] or uuid4()


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


class PassphraseForm(forms.Form):
    """A passphrase that the person chooses, typed twice. Its value never comes back to the page."""

    passphrase = forms.CharField(
        label=_("Your passphrase"),
        help_text=_("At least 12 characters. Several words that do not belong together are best."),
        min_length=locked_zip.SHORTEST,
        max_length=locked_zip.LONGEST,
        strip=False,
        error_messages={
            "required": _("Your passphrase: choose one of at least 12 characters."),
            "min_length": _("Your passphrase: it is too short. Choose one of at least 12 characters."),
            "max_length": _("Your passphrase: it is too long. Choose one of at most 128 characters."),
        },
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same once more"),
        strip=False,
        error_messages={"required": _("The same once more: type your passphrase a second time.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_passphrase(self) -> str:
        """Signs that every program which opens such files reads alike."""
        passphrase: str = self.cleaned_data["passphrase"]
        if not (passphrase.isascii() and passphrase.isprintable()):
            raise forms.ValidationError(
                _("Your passphrase: use letters without accents, digits, spaces and the usual signs only.")
            )
        return passphrase

    def clean_again(self) -> str:
        """The same as the first; said only where the first is fit."""
        again: str = self.cleaned_data["again"]
        if "passphrase" in self.cleaned_data and again != self.cleaned_data["passphrase"]:
            raise forms.ValidationError(_("The same once more: the two are not the same. Type both again."))
        return again
