"""The forms of the buttons. Every mistake names its field and how to mend it; what was typed stays."""

from typing import Any

from django import forms

from requests_app.models import DataSubjectRequest, Pause
from requests_app.operations.circumstances import asked_of
from requests_app.operations.deadline_change import reasons_for
from requests_app.operations.policies import policy_of
from requests_app.operations.rendering import known_language
from requests_app.rules.identity import CONTACT_ON_FILE
from requests_app.rules.lifecycle import TWO_PERSON_RIGHTS
from requests_app.rules.refusal import grounds_for

from .roles import staff_of_desk

MAX_FILE = 25 * 1024 * 1024


# Until somebody is shown to be on file, "we hold nothing" and "we cannot tell that it is you" read the same (A18).
ONE_WORDING = (
    "If you refuse because nothing was found, or because nobody showed who asks, write the same in both cases:"
)
NEITHER_SAID = {
    "en": "We found no data that we could match with you beyond doubt. This does not say whether we hold any.",
    "it": "Non abbiamo trovato dati che possiamo ricondurre a Lei senza dubbi. Questo non dice se ne abbiamo.",
}


def area(rows: int = 6) -> forms.Textarea:
    """A field for sentences."""
    return forms.Textarea(attrs={"rows": rows})


class ActForm(forms.Form):
    """Knows the request it is about."""

    def __init__(self, *args: Any, dsr: DataSubjectRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dsr = dsr
        self.prepare()

    def prepare(self) -> None:
        """Fit the fields to the request."""


class AssignForm(ActForm):
    """Who handles it."""

    assignee = forms.ModelChoiceField(None, empty_label="Choose a person", label="Handler")

    def prepare(self) -> None:
        """Offer the accounts of the desk."""
        self.fields["assignee"].queryset = staff_of_desk()  # type: ignore[attr-defined]
        self.fields["assignee"].initial = self.dsr.assignee_id


class AskForm(ActForm):
    """A question to the person."""

    question = forms.CharField(
        widget=area(), max_length=5000, label="Your question",
        help_text="The person reads it on their status page. The date stays the same.",
    )  # fmt: skip


class DoubtForm(ActForm):
    """Why a document is asked for."""

    reason = forms.CharField(
        widget=area(), max_length=2000, label="Why you doubt who asks",
        help_text="The person reads it. Name what does not agree, and what the document has to show.",
    )  # fmt: skip


class NoteForm(ActForm):
    """A note the person does not see."""

    text = forms.CharField(widget=area(), max_length=5000, label="Internal note")


class ReasonForm(ActForm):
    """Why."""

    reason = forms.CharField(widget=area(4), max_length=2000, label="Reason")


class SensitiveForm(ActForm):
    """Why the data are sensitive."""

    reason = forms.CharField(
        widget=area(3), max_length=500, label="Why",
        help_text="A few words, without the data themselves. Kept as an internal note.",
    )  # fmt: skip


class ExtendForm(ActForm):
    """Why more time is needed."""

    reason = forms.CharField(
        widget=area(4), max_length=2000, label="Reason",
        help_text="The person reads it as you write it, in their language. For example: how many systems and requests.",
    )  # fmt: skip


class PauseForm(ActForm):
    """What is outstanding, and until when at the latest."""

    code = forms.ChoiceField(label="What is outstanding")
    reason = forms.CharField(
        widget=area(4), max_length=2000, label="What the person has to send",
        help_text="The person reads it as you write it, in their language.",
    )  # fmt: skip
    planned_last_on = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), label="At the latest until",
        help_text="The last day that does not count. On the next morning the clock goes on by itself.",
    )  # fmt: skip

    def prepare(self) -> None:
        """Offer the reasons that a law of this request knows."""
        labels = dict(Pause.Reason.choices)
        self.fields["code"].choices = [(code, labels[code].capitalize()) for code in reasons_for(self.dsr)]  # type: ignore[attr-defined]


class CarryOutForm(ActForm):
    """What was done."""

    note = forms.CharField(
        widget=area(4), max_length=2000, label="What was done",
        help_text="For example: removed from the mailing list of the shop.",
    )  # fmt: skip


class RevealForm(ActForm):
    """What for."""

    purpose = forms.CharField(
        min_length=5, max_length=200, label="Purpose",
        help_text="For example: compare with the contact on file. It is written to the access log with your name.",
    )  # fmt: skip


class AttachForm(ActForm):
    """One file of the answer."""

    file = forms.FileField(label="File of the answer", help_text="At most 25 MB. It is stored encrypted.")

    def clean_file(self) -> Any:
        """Refuse what is too large to be sealed in one go."""
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE:
            raise forms.ValidationError("This file is larger than 25 MB. Split it or compress it.")
        return file


class ApproveForm(ActForm):
    """The digest of what was shown."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    read = forms.BooleanField(
        label="I have read the letter and looked at the files",
        error_messages={"required": "Read the letter and the files first, then tick this box."},
    )


class DecideForm(ActForm):
    """How the request is answered."""

    outcome = forms.ChoiceField(widget=forms.RadioSelect, label="Outcome")
    ground = forms.ChoiceField(
        required=False, label="Ground", help_text="For a refusal, whole or in part. Only grounds of the policy."
    )
    facts = forms.CharField(
        required=False, widget=area(4), max_length=5000, label="Facts",
        help_text="For a refusal, whole or in part: what happened, on which the ground rests.",
    )  # fmt: skip
    scope = forms.CharField(
        required=False, widget=area(4), max_length=5000, label="Scope",
        help_text="Which data and which systems the answer covers; for a part, what is left out.",
    )  # fmt: skip
    letter = forms.CharField(widget=area(12), max_length=20000, label="Letter to the person")
    identity_match = forms.CharField(
        required=False, widget=area(3), max_length=2000, label="How identity was matched",
        help_text="The code, and with which contact on file it was compared.",
    )  # fmt: skip

    def prepare(self) -> None:
        """Offer a refusal only where the policy has a ground for it."""
        self.grounds = {g.key: g for g in grounds_for(policy_of(self.dsr.policy), self.dsr.right)}
        outcomes = [("done", "Done: answered in full")]
        if self.grounds:
            outcomes.append(("partly", "Partly done"))
        if any(not g.partial_only for g in self.grounds.values()):
            outcomes.append(("refuse", "Refused"))
        self.fields["outcome"].choices = outcomes  # type: ignore[attr-defined]
        self.fields["ground"].choices = [("", "No ground needed"), *(  # type: ignore[attr-defined]
            (g.key, f"{g.label} ({g.clause})" + (", in part only" if g.partial_only else ""))
            for g in self.grounds.values()
        )]  # fmt: skip
        self.fields["identity_match"].required = self.dsr.right in TWO_PERSON_RIGHTS
        if asked_of(self.dsr).rung >= CONTACT_ON_FILE > self.dsr.submission.assurance:
            words = NEITHER_SAID[known_language(self.dsr.submission)]
            self.fields["letter"].help_text = f"{ONE_WORDING} “{words}”"

    def clean(self) -> dict[str, Any]:
        """What an outcome asks for."""
        data = super().clean() or {}
        outcome, ground = data.get("outcome"), self.grounds.get(data.get("ground") or "")
        if outcome in {"refuse", "partly"}:
            for name, words in (("ground", "Choose the ground of the policy."), ("facts", "Write down the facts.")):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, f"{words} A refusal, whole or in part, has to rest on it.")
        if outcome == "refuse" and ground is not None and ground.partial_only:
            self.add_error(
                "ground", "This ground allows a refusal in part only. Choose “Partly done” or another ground."
            )
        if outcome == "partly" and not data.get("scope"):
            self.add_error("scope", "Say which part is answered and which is left out.")
        if outcome == "done" and ground is not None:
            self.add_error("ground", "What is answered in full needs no ground. Choose “No ground needed”.")
        return data
