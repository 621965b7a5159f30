"""The forms of restricting and of weighing an objection, and the words of their choices."""

from typing import Any

from django import forms

from requests_app.models import DataSubjectRequest
from requests_app.operations.policies import policy_of
from requests_app.rules.restriction import Ground, Weighed

from .forms import area

GROUNDS = {
    Ground.ACCURACY: "The person contests that the data are right, while we check it: 18(1)(a)",
    Ground.UNLAWFUL: "The use was unlawful, and the person wants the data kept: 18(1)(b)",
    Ground.CLAIMS: "The person needs the data for a legal claim, and we do not: 18(1)(c)",
    Ground.OBJECTION: "The person objected, while it is weighed: 18(1)(d)",
}
OUTCOMES = {
    Weighed.PERSON: "The interests of the person prevail: the use objected to ends.",
    Weighed.COMPELLING: "We have compelling legitimate grounds, which override those of the person.",
    Weighed.CLAIMS: "We need the data to establish, exercise or defend legal claims.",
}
TEXTS = {
    "controller": "Our interests",
    "person": "The interests, rights and freedoms of the person",
    "situation": "Their particular situation",
    "reasons": "Why the one prevails",
}


class ReviewForm(forms.Form):
    """When somebody looks at it next."""

    review_on = forms.DateField(
        label="To be reviewed on", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Within 180 days. The officers are reminded on that day; nothing is lifted by it.",
    )  # fmt: skip


class RestrictForm(ReviewForm):
    """What is not used, why, and until when."""

    ground = forms.ChoiceField(
        label="Ground (GDPR)", choices=[(key.value, text) for key, text in GROUNDS.items()],
        help_text="Where the data are needed for a legal claim, set a legal hold on any deletion of them as well.",
    )  # fmt: skip
    scope = forms.CharField(
        widget=area(3), max_length=1000, label="What is not used any more, and for what",
        help_text="The person reads it. A source tells no uses apart: it is told to use nothing of theirs.",
    )  # fmt: skip
    until = forms.CharField(
        widget=area(2), max_length=500, label="What has to happen before it is lifted",
        help_text="The person reads it, such as: The address is checked.",
    )  # fmt: skip
    field_order = ("ground", "scope", "until", "review_on")


class AnnounceForm(forms.Form):
    """Why it ends."""

    why = forms.CharField(widget=area(3), max_length=1000, label="Why it ends", help_text="The person reads it.")


class WeighForm(forms.Form):
    """The record of the weighing."""

    outcome = forms.ChoiceField(
        label="What came of it", choices=[(key.value, text) for key, text in OUTCOMES.items()],
        widget=forms.RadioSelect,
    )  # fmt: skip
    purpose = forms.ChoiceField(
        label="What ends, where the person prevails", required=False,
        help_text="The answer stops this purpose in the ledger and in every source. Where none of them is meant, "
        "everything stays suspended until somebody says that the use has ended.",
    )  # fmt: skip

    def __init__(self, *args: Any, dsr: DataSubjectRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes = [(one.key, one.label.en) for one in policy_of(dsr.policy).purposes]
        self.fields["purpose"].choices = [("", "None of the purposes of the policy"), *purposes]  # type: ignore[attr-defined]
        for column, label in TEXTS.items():
            self.fields[column] = forms.CharField(widget=area(4), max_length=4000, label=label)
        self.order_fields([*TEXTS, "outcome", "purpose"])
