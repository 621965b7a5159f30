"""Verify an identity by hand, where the portal's proofs cannot show it. Two people, a written reason, evidence.

It overrules what stood when it was proposed: whatever came up later asks for a new one (`by_hand_since` of the model).
"""

import uuid
from datetime import datetime

from django.db import transaction

from requests_app.models import DisclosurePackage, ManualVerification, Submission
from requests_app.models.keys import seal
from requests_app.models.staff import same_person
from requests_app.rules.lifecycle import OPEN

from . import evidence
from .actors import Actor
from .evidence import Kind
from .owed_steps import wake_steps
from .refused import Refused
from .team import refuse_own, require

SHORTEST_REASON = 20  # characters: "Looks fine." is none


def pending(submission: Submission) -> ManualVerification | None:
    """Return the proposal that waits for a second person."""
    return submission.manual_verifications.filter(approved_at=None, withdrawn_at=None).first()


def is_of_use(submission: Submission, *, at: datetime) -> bool:
    """Whether something is still to be released or fetched: a doubt that came up since the answer holds files back."""
    if submission.contact_destroyed_at:
        return False
    fetched = DisclosurePackage.objects.filter(dsr__submission=submission, expires_at__gt=at)
    return submission.requests.filter(state__in=sorted(OPEN)).exists() or fetched.exists()


def propose_verification(submission: Submission, *, reason: str, actor: Actor, at: datetime) -> ManualVerification:
    """Propose to take the identity as verified. Raises Refused; nothing changes before a second person approves."""
    proposer = require(actor, "propose_verification")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refused("Say what you compared with what, and how you reached the person: a sentence at least.")
    with transaction.atomic():
        submission = _locked(submission)
        refuse_own(submission, proposer)
        if not is_of_use(submission, at=at):
            raise Refused("No request of this case is open any more, and no file waits to be fetched.")
        if pending(submission) is not None:
            raise Refused("A verification by hand waits for approval already. Withdraw it before you propose another.")
        pk = uuid.uuid4()
        proposal = ManualVerification.objects.create(
            pk=pk,
            submission=submission,
            reason_sealed=seal(submission.pk, f"manualverification.reason.{pk}", reason.strip()),
            proposed_by=proposer,
            proposed_at=at,
        )
        _append(Kind.VERIFICATION_PROPOSED, proposal, actor=actor, at=at)
        return proposal


def approve_verification(proposal: ManualVerification, *, actor: Actor, at: datetime) -> ManualVerification:
    """Approve what another person proposed."""
    approver = require(actor, "approve_verification")
    with transaction.atomic():
        proposal = _waiting(proposal)
        if same_person(proposal.proposed_by, approver):
            raise Refused("A second person approves: you proposed this yourself.")
        refuse_own(proposal.submission, approver)
        ManualVerification.objects.filter(pk=proposal.pk).update(approved_by=approver, approved_at=at)
        _append(Kind.VERIFICATION_APPROVED, proposal, actor=actor, at=at)
        wake_steps(proposal.submission_id, at=at)
        proposal.refresh_from_db()
        return proposal


def withdraw_verification(proposal: ManualVerification, *, actor: Actor, at: datetime) -> None:
    """Take a proposal back, or turn it down."""
    account = require(actor, "withdraw_verification")
    with transaction.atomic():
        proposal = _waiting(proposal)
        ManualVerification.objects.filter(pk=proposal.pk).update(withdrawn_by=account, withdrawn_at=at)
        _append(Kind.VERIFICATION_WITHDRAWN, proposal, actor=actor, at=at)


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update().get(pk=submission.pk)


def _waiting(proposal: ManualVerification) -> ManualVerification:
    found = pending(_locked(proposal.submission))
    if found is None or found.pk != proposal.pk:
        raise Refused("This proposal does not wait any more: somebody was faster.")
    return found


def _append(kind: Kind, proposal: ManualVerification, *, actor: Actor, at: datetime) -> None:
    evidence.append(proposal.submission_id, kind, actor=actor, at=at, body={"verification": str(proposal.pk)})
