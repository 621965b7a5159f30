"""What a department can type on the page of its task."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.operations import doing
from requests_app.operations.answering import LONGEST_STATEMENT, MOST_FILES, Upload

from .forms import EMAIL_MISTAKES, spelled_as_mailed


class SeveralFilesInput(forms.ClearableFileInput):
    """A field for files that takes several."""

    allow_multiple_selected = True


class SeveralFiles(forms.FileField):
    """Files that were sealed while they came: not empty, and none too large."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        """All of them, or how to mend it."""
        found = data if isinstance(data, list | tuple) else [data] if data else []
        if any(one.upload is None for one in found):
            raise forms.ValidationError(_("Files: one of them is larger than 25 MB. Split it, and choose all again."))
        if any(not one.size for one in found):
            raise forms.ValidationError(_("Files: one of them is empty. Choose them again."))
        if len(found) > MOST_FILES:
            raise forms.ValidationError(_("Files: at most 20 can be sent. Put some of them together."))
        return [one.upload for one in found]


class AnswerForm(forms.Form):
    """A statement, files, or both. `keep`: files of an earlier answer that stay."""

    statement = forms.CharField(
        label=_("What you hold"),
        help_text=_("What it is, since when, for what, and where it came from."),
        required=False,
        max_length=LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": _("What you hold: shorten it to 20000 characters, or send it as a file.")},
    )
    files = SeveralFiles(
        label=_("Copies"),
        help_text=_("Any kind of file, at most 25 MB each, at most 20. Choose all of them at once."),
        required=False,
    )
    keep = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Any id may be named: only those of this very answer are found by it.
        given = self.data.getlist("keep") if self.is_bound else []
        self.fields["keep"].choices = [(pk, pk) for pk in given if _is_id(pk)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """One of them at least: that nothing is held is said by a button of its own."""
        typed = super().clean() or self.cleaned_data
        if not self.errors and not (typed["statement"] or typed["files"] or typed["keep"]):
            self.add_error("statement", _("What you hold: write it, or choose files. If it is nothing, say so below."))
        return typed

    def uploads(self) -> Sequence[Upload]:
        """The files that came."""
        found: Sequence[Upload] = self.cleaned_data["files"]
        return found


def _is_id(text: str) -> bool:
    return len(text) == 32 and not set(text) - set("0123456789abcdef")


class NothingForm(forms.Form):
    """That nothing is held is confirmed by a tick."""

    confirm = forms.BooleanField(
        label=_("We have looked, on paper too, and hold nothing about this person."),
        error_messages={"required": _("Tick that you have looked.")},
    )


class DoneForm(forms.Form):
    """What was done, or why it could not be, and by whom; which of the two says the button."""

    statement = forms.CharField(
        label=_("What you did and when, or why you could not"),
        help_text=_("Name no other people. If you hold nothing of it, leave this empty."),
        required=False,
        max_length=doing.LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": _("What you did: shorten it to 4000 characters.")},
    )
    by = forms.CharField(
        label=_("Who did it"),
        help_text=_("Name and function of one of you, whom the privacy team can ask."),
        max_length=doing.LONGEST_NAME,
        error_messages={"required": _("Who did it: write a name."), "max_length": _("Who did it: shorten it.")},
    )


class ColleagueForm(forms.Form):
    """To whom the task is sent as well."""

    email = forms.EmailField(
        label=_("E-mail of your colleague"),
        help_text=_("An address of your own organisation. They get a link of their own; yours stays valid."),
        max_length=254,
        validators=[spelled_as_mailed],
        error_messages=EMAIL_MISTAKES,
    )
