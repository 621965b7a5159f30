"""A complaint about how a request was answered: linked to it, and judged by people who had no part in it (P18)."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from requests_app.models import Complaint, DataSubjectRequest, EvidenceEvent, Submission
from requests_app.models.staff import same_person
from requests_app.rules.lifecycle import OPEN, State

from . import evidence
from .actors import Actor
from .evidence import Kind
from .refused import Refused
from .team import APPROVER, HANDLER, OFFICER, alarm_officers, members, refuse_own, require
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
    return not _open_about(dsr)


def _open_about(dsr: DataSubjectRequest) -> bool:
    return Complaint.objects.filter(about=dsr, dsr__state__in=sorted(OPEN)).exists()


def about_of(dsr: DataSubjectRequest) -> DataSubjectRequest | None:
    """Return the request that this one complains about."""
    row = Complaint.objects.filter(pk=dsr.pk).select_related("about__submission", "about__policy").first()
    return row.about if row else None


def candidates(dsr: DataSubjectRequest) -> list[DataSubjectRequest]:
    """Return what a complaint that names nothing may be about: the other requests of its address, newest first.

    Without those that somebody filed for others: their address is not that of the person.
    """
    submission = dsr.submission
    if not submission.email_digest or not submission.assurance:
        return []
    rows = DataSubjectRequest.objects.filter(submission__email_digest=submission.email_digest)
    theirs = rows.filter(submission__assurance__gt=0, submission__authority=None).exclude(pk=dsr.pk)
    return list(theirs.select_related("submission").order_by("-opened_at", "pk"))


def is_unlinked(dsr: DataSubjectRequest) -> bool:
    """Whether it may be about a request here, and nobody has said about which, or that it is about none."""
    return dsr.right == RIGHT and not Complaint.objects.filter(pk=dsr.pk).exists() and bool(candidates(dsr))


def keep(dsr: DataSubjectRequest, about: DataSubjectRequest | None, *, actor: Actor, at: datetime) -> None:
    """Link a complaint. Needs the caller's transaction with the complaint locked, or just created.

    Raises Refused where the person complains twice at once.
    """
    if about is not None:
        Submission.objects.select_for_update().only("pk").get(pk=about.submission_id)
        if actor.user is None and _open_about(about):
            raise Refused(_("Your complaint about this request is being looked at. Write to us there."))
    Complaint.objects.update_or_create(pk=dsr.pk, defaults={"about": about, "linked_by": actor.user, "linked_at": at})
    body: dict[str, str | int] = {"about": str(about.pk), "case": str(about.submission_id)} if about else {"about": ""}
    evidence.append(dsr.submission_id, Kind.COMPLAINT_LINKED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    deciding, approving = (members_without_part(dsr, *roles) for roles in ((HANDLER, OFFICER), (APPROVER, OFFICER)))
    if not any(not same_person(one, other) for one in deciding for other in approving):
        occurrence = f"complaint {dsr.pk} {at.isoformat()}"
        alarm_officers(TOO_FEW, submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=at)


def link(dsr: DataSubjectRequest, about: DataSubjectRequest | None, *, actor: Actor, at: datetime) -> None:
    """Staff say what a complaint is about that named nothing, or that it is about none of the requests here.

    Somebody else can say it anew, as long as nothing is decided; what the person said stands. Raises Refused, also for
    whoever had a part in one of the requests that it may be about: they would choose their own judge.
    """
    account = require(actor, "link_complaint")
    refuse_own(dsr.submission, account)
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.right != RIGHT or dsr.state not in {State.AWAITING_VERIFICATION, State.IN_PROGRESS}:
            raise Refused("Only a complaint that is open and not decided is linked: return the decision first.")
        if Complaint.objects.filter(pk=dsr.pk, linked_by=None).exists():
            raise Refused("The person said what this complaint is about.")
        possible = candidates(dsr)
        if about is not None and about.pk not in {one.pk for one in possible}:
            raise Refused("Choose a request of the same person.")
        if _is_among(account, set().union(*(_handled(one) for one in possible))):
            raise Refused("You had a part in a request that it may be about. Somebody else says which one it is.")
        keep(dsr, about, actor=actor, at=at)
        if dsr.assignee is not None and has_part(dsr, dsr.assignee):
            DataSubjectRequest.objects.filter(pk=dsr.pk).update(assignee=None)


def _handled(dsr: DataSubjectRequest) -> set[int]:
    """The accounts that had a part in the answer to this request."""
    events = EvidenceEvent.objects.filter(
        Q(dsr_id=dsr.pk) | Q(dsr_id=None), submission_id=dsr.submission_id, actor_role="staff"
    )
    found = {int(ref) for ref in events.exclude(kind__in=NO_PART).values_list("actor_ref", flat=True)}
    return found | {pk for pk in (dsr.assignee_id, dsr.decided_by_id, dsr.approved_by_id) if pk}


def _involved(dsr: DataSubjectRequest) -> set[int]:
    """The accounts that had a part in what this complains about, and in what that complained about."""
    found: set[int] = set()
    seen = {dsr.pk}
    about = about_of(dsr) if dsr.right == RIGHT else None
    while about is not None and about.pk not in seen:
        seen.add(about.pk)
        found |= _handled(about)
        about = about_of(about)
    return found


def _is_among(account: User, involved: set[int]) -> bool:
    """Whether this account, or another one of the same person, is one of them."""
    return any(same_person(one, account) for one in User.objects.filter(pk__in=involved))


def has_part(dsr: DataSubjectRequest, account: User) -> bool:
    """Whether this account, or another one of the same person, had a part in what the complaint is about."""
    return _is_among(account, _involved(dsr))


def members_without_part(dsr: DataSubjectRequest, *roles: str) -> list[User]:
    """Return the accounts with one of the roles that may judge it; all of them for what is no complaint."""
    involved = _involved(dsr)
    return [account for account in members(*roles) if not involved or not _is_among(account, involved)]


def refuse_part(dsr: DataSubjectRequest, account: User) -> None:
    """Raise Refused where whoever had a part in the first answer would judge the complaint about it."""
    if has_part(dsr, account):
        raise Refused(
            "This account had a part in the request that is complained about. Somebody else judges the complaint."
        )


def refuse_unlinked(dsr: DataSubjectRequest) -> None:
    """Raise Refused before it is said what the complaint is about: until then nobody knows who may judge it."""
    if is_unlinked(dsr):
        raise Refused("Say first which request this complaint is about, or that it is about none of them.")


def complaints_about(submission: Submission) -> list[DataSubjectRequest]:
    """Return the complaints about the requests of a submission, newest first."""
    rows = DataSubjectRequest.objects.filter(complaint__about__submission=submission).select_related(
        "submission", "complaint"
    )
    return list(rows.exclude(state=State.CANCELLED).order_by("-opened_at"))
