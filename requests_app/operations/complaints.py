"""A complaint about how a request was answered: linked to it, and judged by people who had no part in it (P18)."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from requests_app.models import Complaint, DataSubjectRequest, EvidenceEvent, Submission
from requests_app.models.staff import same_person
from requests_app.rules.lifecycle import OPEN, State

from . import evidence
from .actors import Actor
from .evidence import Kind
from .refused import Refused
from .team import APPROVER, HANDLER, OFFICER, alarm_officers, members, require
from .transition import lock

RIGHT = "complaint"
# Whoever gave it to somebody, or counted its days, took no part in the answer.
NO_PART = (
    Kind.ASSIGNED,
    Kind.NOTE_ADDED,
    Kind.OTHER_CHANNEL_USED,
    Kind.RECEIPT_PROPOSED,
    Kind.RECEIPT_CORRECTED,
    Kind.RECEIPT_WITHDRAWN,
    Kind.DEADLINE_RECALCULATED,
    Kind.COMPLAINT_LINKED,
)
TOO_FEW = "Two people who had no part in the first answer have to judge a complaint, and there are fewer in the team."


def may_complain(dsr: DataSubjectRequest) -> bool:
    """Whether the person can complain about this request: it is theirs beyond doubt, and no other complaint is open."""
    submission = dsr.submission
    if not submission.assurance or not submission.email_digest or submission.contact_destroyed_at:
        return False
    return not Complaint.objects.filter(about=dsr, dsr__state__in=sorted(OPEN)).exists()


def about_of(dsr: DataSubjectRequest) -> DataSubjectRequest | None:
    """Return the request that this one complains about."""
    row = Complaint.objects.filter(pk=dsr.pk).select_related("about__submission", "about__policy").first()
    return row.about if row else None


def candidates(dsr: DataSubjectRequest) -> list[DataSubjectRequest]:
    """Return what a complaint that names nothing may be about: the other requests of its address, newest first."""
    submission = dsr.submission
    if not submission.email_digest or not submission.assurance:
        return []
    rows = DataSubjectRequest.objects.filter(submission__email_digest=submission.email_digest)
    theirs = rows.filter(submission__assurance__gt=0).exclude(pk=dsr.pk).select_related("submission")
    return list(theirs.order_by("-opened_at", "pk"))


def keep(dsr: DataSubjectRequest, about: DataSubjectRequest, *, actor: Actor, at: datetime) -> None:
    """Link a complaint. Needs the caller's transaction with the complaint locked, or just created."""
    Complaint.objects.create(dsr=dsr, about=about, linked_by=actor.user, linked_at=at)
    body = {"about": str(about.pk), "case": str(about.submission_id)}
    evidence.append(dsr.submission_id, Kind.COMPLAINT_LINKED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    deciding, approving = (members_without_part(dsr, *roles) for roles in ((HANDLER, OFFICER), (APPROVER, OFFICER)))
    if not any(not same_person(one, other) for one in deciding for other in approving):
        alarm_officers(TOO_FEW, submission=dsr.submission, dsr=dsr, occurrence=f"complaint {dsr.pk}", at=at)


def link(dsr: DataSubjectRequest, about: DataSubjectRequest, *, actor: Actor, at: datetime) -> None:
    """Staff say what a complaint is about that named nothing. Raises Refused for another person's request."""
    require(actor, "link_complaint")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.right != RIGHT or not dsr.is_open:
            raise Refused("Only a complaint that is open is linked to what it is about.")
        if Complaint.objects.filter(pk=dsr.pk).exists():
            raise Refused("What this complaint is about stands already.")
        if about.pk not in {one.pk for one in candidates(dsr)}:
            raise Refused("Choose a request of the same person.")
        keep(dsr, about, actor=actor, at=at)
        if dsr.assignee is not None and has_part(dsr, dsr.assignee):
            DataSubjectRequest.objects.filter(pk=dsr.pk).update(assignee=None)


def _involved(dsr: DataSubjectRequest) -> set[int]:
    """The accounts that had a part in what this complains about, and in what that complained about."""
    found: set[int] = set()
    seen = {dsr.pk}
    about = about_of(dsr)
    while about is not None and about.pk not in seen:
        seen.add(about.pk)
        events = EvidenceEvent.objects.filter(
            Q(dsr_id=about.pk) | Q(dsr_id=None), submission_id=about.submission_id, actor_role="staff"
        )
        found |= {int(ref) for ref in events.exclude(kind__in=NO_PART).values_list("actor_ref", flat=True)}
        found |= {pk for pk in (about.assignee_id, about.decided_by_id, about.approved_by_id) if pk}
        about = about_of(about)
    return found


def has_part(dsr: DataSubjectRequest, account: User) -> bool:
    """Whether this account, or another one of the same person, had a part in what the complaint is about."""
    if dsr.right != RIGHT:
        return False
    return any(same_person(one, account) for one in User.objects.filter(pk__in=_involved(dsr)))


def members_without_part(dsr: DataSubjectRequest, *roles: str) -> list[User]:
    """Return the accounts with one of the roles that may judge it; all of them for what is no complaint."""
    return [account for account in members(*roles) if not has_part(dsr, account)]


def refuse_part(dsr: DataSubjectRequest, account: User) -> None:
    """Raise Refused where whoever had a part in the first answer would judge the complaint about it."""
    if has_part(dsr, account):
        raise Refused(
            "This account had a part in the request that is complained about. Somebody else judges the complaint."
        )


def complaints_about(submission: Submission) -> list[DataSubjectRequest]:
    """Return the complaints about the requests of a submission, newest first."""
    rows = DataSubjectRequest.objects.filter(complaint__about__submission=submission).select_related(
        "submission", "complaint"
    )
    return list(rows.exclude(state=State.CANCELLED).order_by("-opened_at"))
