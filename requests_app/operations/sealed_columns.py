"""With which stage each sealed column and each digest of a case goes. A test names the column that stands nowhere."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Model, Q, Value
from django.db.models.functions import Cast, Concat

from requests_app.models import (
    AccessLog,
    AnswerFile,
    Authority,
    Balancing,
    Contact,
    Decision,
    ErasureItem,
    Extension,
    FulfilmentStep,
    IdentityCheck,
    LegalHold,
    ManualVerification,
    Message,
    Notice,
    Pause,
    PeopleFound,
    ProofDocument,
    ProofRequest,
    ReceiptCorrection,
    Redaction,
    RequestedChange,
    Restriction,
    SignIn,
    SourceAct,
    SourceLookup,
    SourceTask,
    StepFile,
    Submission,
    TaskLink,
)
from requests_app.rules.retention import Stage

GONE = "destroyed"  # instead of a digest that has to be something


@dataclass(frozen=True, slots=True)
class Emptied:
    """`columns` of the rows whose `case` is the submission; `values` for what cannot simply be empty."""

    model: type[Model]
    case: str
    columns: tuple[str, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()
    only: Q = field(default_factory=Q)

    def empty(self, submission_id: UUID) -> int:
        """Empty them; returns how many rows there are."""
        rows = self.model._default_manager.filter(self.only, **{self.case: submission_id})
        return rows.update(**{f"{column}_sealed": b"" for column in self.columns}, **dict(self.values))


# Of a waiting row the place has to be one of its own, or the rows of one case would collide.
_NOBODY = Concat(Value(f"{GONE}:"), Cast(F("pk"), CharField()))
_NOT_ASKED = (("next_try_at", None), ("status", FulfilmentStep.Status.FAILED), ("failure_code", "KeyDestroyed"))
_NOT_LOOKED_UP = (("next_try_at", None), ("result", SourceLookup.Result.FAILED), ("failure_code", "KeyDestroyed"))

BY_STAGE: dict[Stage, tuple[Emptied, ...]] = {
    Stage.MESSAGES: (
        Emptied(Message, "dsr__submission", ("body", "file_name")),
        Emptied(Notice, "submission", ("subject", "text", "html")),
    ),
    Stage.CONTACT: (
        Emptied(Submission, "pk", ("name", "email", "postal", "details"), (("email_digest", ""), ("look_digest", ""))),
        Emptied(Contact, "submission", ("address",), (("email_digest", _NOBODY),)),
        Emptied(IdentityCheck, "submission", values=(("email_digest", ""),)),
        Emptied(SourceLookup, "submission", values=(("email_digest", ""),)),
        Emptied(SourceLookup, "submission", values=_NOT_LOOKED_UP, only=Q(next_try_at__isnull=False)),
        Emptied(
            Authority,
            "submission",
            ("name", "born_on", "postal", "document_name"),
            (("account_digest", ""), ("wake_on", None)),
        ),
        Emptied(SourceAct, "dsr__submission", ("references",)),
        Emptied(PeopleFound, "dsr__submission", ("candidates", "chosen")),
        Emptied(RequestedChange, "dsr__submission", ("change",)),
        *(
            emptied
            for of in ("step__dsr__submission", "act__dsr__submission")
            for emptied in (
                Emptied(SourceTask, of, ("about", "said"), (("next_at", None),)),
                Emptied(SourceTask, of, values=(("answered_by", GONE),), only=~Q(answered_by="")),
                Emptied(TaskLink, f"task__{of}", ("address",), (("email_digest", _NOBODY),)),
            )
        ),
    ),
    Stage.CASE: (
        Emptied(Decision, "dsr__submission", ("letter", "facts", "scope", "identity_match")),
        Emptied(ErasureItem, "dsr__submission", ("told",)),
        Emptied(LegalHold, "dsr__submission", ("ordered", "why", "lifted_why")),
        Emptied(Restriction, "dsr__submission", ("scope", "until", "why")),
        Emptied(Balancing, "dsr__submission", Balancing.TEXTS),
        Emptied(Extension, "dsr__submission", ("reason",)),
        Emptied(Pause, "dsr__submission", ("reason",)),
        Emptied(ProofRequest, "dsr__submission", ("reason",)),
        Emptied(ProofDocument, "submission", values=(("commitment", ""),)),
        Emptied(ReceiptCorrection, "submission", ("reason",)),
        Emptied(ManualVerification, "submission", ("reason",)),
        Emptied(PeopleFound, "dsr__submission", ("why",)),
        Emptied(AnswerFile, "dsr__submission", ("name",)),
        Emptied(FulfilmentStep, "dsr__submission", ("withheld",)),
        Emptied(FulfilmentStep, "dsr__submission", values=_NOT_ASKED, only=Q(next_try_at__isnull=False)),
        Emptied(StepFile, "step__dsr__submission", ("name",)),
        Emptied(Redaction, "step__dsr__submission", ("passage",)),
        Emptied(Notice, "dsr__submission", ("subject", "text", "html")),  # to staff, of this case
        Emptied(AccessLog, "submission", ("purpose",)),
    ),
}


def empty(stage: Stage, submission_id: UUID) -> int:
    """Empty what goes with this stage, with the last one all; returns of how many rows. Needs the submission's lock."""
    stages = tuple(Stage) if stage == Stage.CASE else (stage,)
    if Stage.CONTACT in stages:
        SignIn.objects.filter(submission=submission_id).delete()
    return sum(rows.empty(submission_id) for each in stages for rows in BY_STAGE[each])
