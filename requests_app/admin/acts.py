"""The buttons of a case: who may press them, when, which form they ask, and the one operation behind each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from requests_app import clock
from requests_app.models import DataSubjectRequest, PackageBuild
from requests_app.operations import (
    asking,
    deadline_change,
    decision,
    desk,
    erasure,
    package,
    proof,
    proof_review,
    release,
    sensitivity,
)
from requests_app.operations.actors import Actor
from requests_app.operations.authorities import decider
from requests_app.operations.circumstances import asked_of
from requests_app.rules.identity import NONE
from requests_app.rules.lifecycle import Action, State, allowed
from requests_app.rules.policy import NEVER_GATED

from . import forms
from .roles import may

Run = Callable[[DataSubjectRequest, dict[str, Any], Actor, datetime], Any]


def lets(action: Action) -> Callable[[DataSubjectRequest], bool]:
    """The lifecycle table has this action for the state the request is in."""
    return lambda dsr: action in allowed(dsr.state)


def is_open(dsr: DataSubjectRequest) -> bool:
    """An answer is owed."""
    return dsr.is_open


def decidable(dsr: DataSubjectRequest) -> bool:
    """In progress, and of a right that is decided on at all."""
    return Action.SUBMIT_DECISION in allowed(dsr.state) and dsr.right not in NEVER_GATED


def effective(dsr: DataSubjectRequest) -> bool:
    """An opt-out or withdrawal that is in effect and not yet carried out."""
    return Action.CARRY_OUT in allowed(dsr.state) and dsr.right in NEVER_GATED


def confirmed_by_letter(dsr: DataSubjectRequest) -> bool:
    """An erasure that waits for its second confirmation, of a person who has no page to give it on."""
    has_page = bool(dsr.submission.email_digest) or decider(dsr.submission) is not None
    return not has_page and erasure.is_asked(dsr, at=clock.now())


def no_extension(dsr: DataSubjectRequest) -> str:
    """Why the period cannot be extended now."""
    return deadline_change.no_extension(dsr, at=clock.now())


def no_pause(dsr: DataSubjectRequest) -> str:
    """Why the clock cannot stand still now."""
    if why := deadline_change.no_pause(dsr, at=clock.now()):
        return why
    return "" if deadline_change.reasons_for(dsr) else "No law that binds this request lets its clock stand still."


def packaged(dsr: DataSubjectRequest) -> bool:
    """In progress, with a package that was made or failed."""
    return dsr.state == State.IN_PROGRESS and PackageBuild.objects.filter(dsr=dsr).exists()


def documentable(dsr: DataSubjectRequest) -> bool:
    """In progress, and asking a proof at all."""
    return Action.REQUIRE_IDENTITY in allowed(dsr.state) and asked_of(dsr).rung != NONE


def doubted(dsr: DataSubjectRequest) -> bool:
    """A document was asked for, and none is confirmed."""
    return asking.open_doubt(dsr) is not None


def markable(dsr: DataSubjectRequest) -> bool:
    """Open, of a right that asks proof at all, and not marked yet."""
    return dsr.is_open and dsr.right not in NEVER_GATED and dsr.sensitive_since is None


def package_over(dsr: DataSubjectRequest) -> bool:
    """Its files could be downloaded, cannot any more, and are not destroyed yet."""
    return hasattr(dsr, "package") and release.is_over(dsr.package, at=clock.now())


def always(dsr: DataSubjectRequest) -> bool:
    """In every state."""
    return True


@dataclass(frozen=True)
class Act:
    """One button."""

    key: str
    label: str
    done: str
    verb: str  # of the table operations.team.MAY
    offered: Callable[[DataSubjectRequest], bool]
    form: type[forms.ActForm]
    run: Run
    intro: str = ""
    second_person: bool = False  # never the one who decided
    why_not: Callable[[DataSubjectRequest], str] | None = None  # where the state is not the reason

    def refusal(self, dsr: DataSubjectRequest, user: AbstractBaseUser) -> str:
        """Why this account cannot press it on this request now, or nothing."""
        if not may(user, self.verb):
            return "Your role does not include this."
        if dsr.submission.contact_destroyed_at:
            return "The data of this case were destroyed under the retention rules: nothing more can be done about it."
        if not self.offered(dsr):
            if self.why_not is not None:
                return self.why_not(dsr)
            return f"This is not possible while the request is {dsr.get_state_display()}."
        if self.second_person and dsr.decided_by_id == user.pk:
            return "You decided this request. Another person has to approve it."
        return ""


ACTS = {
    act.key: act
    for act in (
        Act(
            "approve", "Approve", "Approved. The answer is on its way.", Action.APPROVE_DONE,
            lets(Action.RETURN_FOR_CHANGE), forms.ApproveForm,
            lambda dsr, v, who, at: decision.approve(dsr, digest=v["digest"], actor=who, at=at),
            "You approve exactly what is shown here. If anything changes, the approval is void.", second_person=True,
        ),
        Act(
            "decide", "Decide", "Decided. A second person has been asked where one is needed.", Action.SUBMIT_DECISION,
            decidable, forms.DecideForm,
            lambda dsr, v, who, at: decision.decide(
                dsr, outcome=v["outcome"], letter=v["letter"], ground=v["ground"], facts=v["facts"], scope=v["scope"],
                identity_match=v["identity_match"], actor=who, at=at,
            ),
            "Attach the files of the answer before you decide: the approval covers them. What is to be deleted, have "
            "deleted first: each data source is then asked again.",
        ),
        Act(
            "carry_out", "Carry out", "Recorded as carried out.", Action.CARRY_OUT, effective, forms.CarryOutForm,
            lambda dsr, v, who, at: decision.carry_out(dsr, note=v["note"], actor=who, at=at),
            "It has been in effect since it was filed. Record that every system follows it now.",
        ),
        Act(
            "attach", "Attach a file", "File attached.", "attach", decidable, forms.AttachForm,
            lambda dsr, v, who, at: desk.attach(
                dsr, name=v["file"].name, content=v["file"].read(), actor=who, at=at
            ),
        ),
        Act(
            "ask", "Ask the person", "The question is in the person's inbox.", "ask", decidable, forms.AskForm,
            lambda dsr, v, who, at: desk.ask(dsr, question=v["question"], actor=who, at=at),
        ),
        Act(
            "document", "Ask for a document", "Asked. The person reads your reason on their page.",
            Action.REQUIRE_IDENTITY, documentable, forms.DoubtForm,
            lambda dsr, v, who, at: proof.ask_for_document(dsr, reason=v["reason"], actor=who, at=at),
            "Only where a doubt remains after the code and the contact on file. The date stays; nothing is released "
            "until two people of the identity role have looked at what comes.",
        ),
        Act(
            "withdraw_doubt", "Withdraw the doubt", "Withdrawn. What was sent is destroyed.", Action.WITHDRAW_DOUBT,
            doubted, forms.ReasonForm,
            lambda dsr, v, who, at: proof_review.withdraw_doubt(dsr, reason=v["reason"], actor=who, at=at),
            "No document is needed any more. Your reason is kept as an internal note.",
            why_not=lambda dsr: "No document is asked for here.",
        ),
        Act(
            "sensitive", "Mark as sensitive data", "Marked. The contact on file is asked for, where there is one.",
            "mark_sensitive", markable, forms.SensitiveForm,
            lambda dsr, v, who, at: sensitivity.mark_sensitive(dsr, reason=v["reason"], actor=who, at=at),
            "Health, religion, sexual life and what else GDPR 9 names. Judge by what is asked, not by what you found: "
            "the person reads on their page that the data are sensitive, and who asks may be somebody else.",
            why_not=lambda dsr: "Only what is open, asks a proof and is not marked yet can be marked.",
        ),
        Act(
            "not_sensitive", "Take off the mark", "Taken off. What the right alone asks is asked.",
            "unmark_sensitive", lambda dsr: dsr.is_open and dsr.sensitive_since is not None, forms.ReasonForm,
            lambda dsr, v, who, at: sensitivity.unmark_sensitive(dsr, reason=v["reason"], actor=who, at=at),
            "No sensitive data are concerned. Your reason is kept as an internal note.",
            why_not=lambda dsr: "It is not marked, or has ended.",
        ),
        Act(
            "resume", "Let the clock go on", "The clock goes on. The person is told.", "resume_deadline",
            deadline_change.is_paused, forms.ActForm,
            lambda dsr, v, who, at: deadline_change.resume_deadline(dsr, actor=who, at=at),
            "Today is the last day that does not count. The answer may be due earlier; the person is told.",
            why_not=lambda dsr: "The clock is running.",
        ),
        Act(
            "pause", "Pause the clock", "The clock stands still. The person is told.", "pause_deadline",
            lambda dsr: not no_pause(dsr), forms.PauseForm,
            lambda dsr, v, who, at: deadline_change.pause_deadline(
                dsr, code=v["code"], reason=v["reason"], planned_last_on=v["planned_last_on"], actor=who, at=at
            ),
            "From today the days do not count, until the person answers, at the latest until the day you choose.",
            why_not=no_pause,
        ),
        Act(
            "extend", "Extend the period", "Extended. The person is told the new date and why.", "extend_deadline",
            lambda dsr: not no_extension(dsr), forms.ExtendForm,
            lambda dsr, v, who, at: deadline_change.extend_deadline(dsr, reason=v["reason"], actor=who, at=at),
            "Once, counted from the original start. The person is told at once, with your reason and how to complain.",
            why_not=no_extension,
        ),
        Act(
            "assign", "Assign", "Assigned.", "assign", is_open, forms.AssignForm,
            lambda dsr, v, who, at: desk.assign(dsr, assignee=v["assignee"], actor=who, at=at),
        ),
        Act(
            "confirmed", "Record the second confirmation", "Recorded. The days in which it can be stopped have begun.",
            "record_confirmation", confirmed_by_letter, forms.NoteForm,
            lambda dsr, v, who, at: erasure.record_in_writing(dsr, how=v["text"], actor=who, at=at),
            "Of a person without a page here: how and when they confirmed it, and how you know that it was them.",
            why_not=lambda dsr: "Only an erasure of a person without an e-mail address is confirmed here, once.",
        ),
        Act(
            "return", "Return for change", "Returned for change.", Action.RETURN_FOR_CHANGE,
            lets(Action.RETURN_FOR_CHANGE), forms.ReasonForm,
            lambda dsr, v, who, at: decision.return_for_change(dsr, reason=v["reason"], actor=who, at=at),
            "The decision is void, and the handler reads your reason.",
        ),
        Act(
            "package", "Make the package anew", "It is being made anew.", "retry_step", packaged, forms.ActForm,
            lambda dsr, v, who, at: package.make_anew(dsr, actor=who, at=at),
            "For after a data map was mended. What was hidden and reviewed stays as it is.",
        ),
        Act(
            "note", "Internal note", "Note added.", "note", always, forms.NoteForm,
            lambda dsr, v, who, at: desk.note(dsr, text=v["text"], actor=who, at=at),
            "The person does not see it here. It is part of what they get when they ask for their data.",
        ),
        Act(
            "reveal", "Reveal contact", "", "reveal", always, forms.RevealForm,
            lambda dsr, v, who, at: desk.reveal(dsr.submission, purpose=v["purpose"], actor=who, at=at),
        ),
        Act(
            "reissue", "Make the files available again", "Available again. The person is told until when.",
            "reissue_package", package_over, forms.ActForm,
            lambda dsr, v, who, at: release.reissue(dsr, actor=who, at=at),
            "The person could download them and can do so no more. They get a new period, and are told.",
            why_not=lambda dsr: "There are no files whose period has ended, or they are destroyed.",
        ),
        Act(
            "reopen", "Reopen", "Reopened with a new date.", Action.REOPEN, lets(Action.REOPEN), forms.ReasonForm,
            lambda dsr, v, who, at: decision.reopen(dsr, reason=v["reason"], actor=who, at=at),
            "A new clock starts today. The old outcome and the first receipt stay on record.",
        ),
    )
}  # fmt: skip


def offered(dsr: DataSubjectRequest, user: AbstractBaseUser) -> list[Act]:
    """The buttons for this request and this account, the primary one first."""
    return [act for act in ACTS.values() if not act.refusal(dsr, user)]
