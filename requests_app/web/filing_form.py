"""The form by which a person files. Every mistake names its field and how to mend it."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.policy import NEVER_GATED, Policy

from . import words
from .forms import EMAIL_MISTAKES, spelled_as_mailed


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
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        validators=[spelled_as_mailed],
        error_messages=EMAIL_MISTAKES,
    )
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
    purposes = forms.MultipleChoiceField(
        label=_("What you take back"),
        required=False,
        error_messages={"invalid_choice": _("What you take back: choose from the list.")},
    )
    purposes_asked = forms.BooleanField(required=False, widget=forms.HiddenInput)
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
        self.fields["purposes"].choices = [(purpose.key, purpose.key) for purpose in policy.purposes]
        self.fields["language"].choices = [pair for pair in settings.LANGUAGES if pair[0] in policy.languages]

    @classmethod
    def unjudged(cls, data: Any, *, policy: Policy) -> "FilingForm":
        """The form with what was typed before, without mistakes: somebody came back to change something."""
        form = cls(policy=policy)
        form.initial.update({name: data[name] for name in form.fields if name in data})
        form.initial["rights"] = data.getlist("rights")
        form.initial["purposes"] = data.getlist("purposes")
        if not _is_uuid(form.initial["form_key"]):
            form.initial["form_key"] = uuid4()
        return form

    def clean(self) -> dict[str, Any]:
        """Whoever was shown the purposes and left none has withdrawn nothing."""
        typed = super().clean() or self.cleaned_data
        if self.asks_purposes and typed.get("purposes_asked") and not typed.get("purposes") and not self.errors:
            self.add_error("purposes", _("What you take back: choose at least one."))
        return typed

    @property
    def asks_purposes(self) -> bool:
        """Whether a consent is taken back, so that it is shown which."""
        return "consent_withdrawal" in self.cleaned_data.get("rights", ()) and bool(self.policy.purposes)

    @property
    def purpose_rows(self) -> list[dict[str, Any]]:
        """The purposes with their texts; all are chosen until somebody chose otherwise."""
        language, asked = get_language() or "en", self["purposes_asked"].value()
        chosen = self["purposes"].value() or []
        return [
            {
                "key": purpose.key,
                "label": purpose.label.in_language(language),
                "text": purpose.text.in_language(language),
                "checked": not asked or purpose.key in chosen,
            }
            for purpose in self.policy.purposes
        ]

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
        names = [name for name in self.fields if name not in ("purposes", "purposes_asked")]  # these the page asks
        return mark_safe("".join(self[name].as_hidden() for name in names))  # noqa: S308 (inputs Django escaped)  # nosec B308

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
            purposes=tuple(typed["purposes"]) if self.asks_purposes else (),
        )


def _is_uuid(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
