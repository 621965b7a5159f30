"""The privacy team: who may do what, and telling them, one notice per account, naming the case and never the person.

A role is a group, held by an active staff account. Being superuser gives none: whoever manages accounts decides and
approves nothing, and an approval always has the name of somebody who was given the right to approve.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from requests_app.models import Contact, DataSubjectRequest, Submission
from requests_app.models.keys import lookup_digests
from requests_app.rules.lifecycle import Action

from .actors import Actor
from .notices import owe
from .refused import Refused, RoleMissing

HANDLER, APPROVER, OFFICER = DESK = ("handler", "approver", "privacy officer")
IDENTITY = "identity reviewer"  # besides or without a role of the desk: who alone sees documents
ROLES = (*DESK, IDENTITY)

_ALL = frozenset(ROLES)
_ANYONE = frozenset(DESK)
_IDENTITY = frozenset({IDENTITY})
_APPROVERS = frozenset({APPROVER, OFFICER})
_OFFICERS = frozenset({OFFICER})
_NO_STAFF: frozenset[str] = frozenset()

# The one table of what a role includes: actions of the lifecycle, then verbs that leave the state as it is.
MAY: Mapping[str, frozenset[str]] = {
    Action.COMPLETE_INTAKE: _ANYONE,
    Action.CONFIRM_IDENTITY: _NO_STAFF,  # the person, by a code
    Action.REQUIRE_IDENTITY: _ALL,
    Action.SUBMIT_DECISION: _ANYONE,
    Action.RETURN_FOR_CHANGE: _APPROVERS,
    Action.CARRY_OUT: _ANYONE,
    Action.APPROVE_DONE: _APPROVERS,
    Action.APPROVE_PARTLY: _APPROVERS,
    Action.APPROVE_REFUSAL: _APPROVERS,
    Action.APPROVE_ERASURE: _APPROVERS,
    Action.ERASURE_DONE: _NO_STAFF,  # the sources, asked again
    Action.ERASURE_PARTLY: _NO_STAFF,
    Action.RESUME_ERASURE: _NO_STAFF,
    "approve_sensitive": _OFFICERS,  # P32: of data such as those of health
    Action.CANCEL: _NO_STAFF,  # the person
    Action.LAPSE: _NO_STAFF,  # the clock
    Action.REOPEN: _OFFICERS,
    Action.REOPEN_UNVERIFIED: _OFFICERS,
    Action.WITHDRAW_DOUBT: _OFFICERS,
    "look": _ALL,
    "enter": _ANYONE,
    "assign": _ANYONE,
    "ask": _ANYONE,
    "note": _ALL,
    "record_confirmation": _ANYONE,
    "mark_sensitive": frozenset({HANDLER, OFFICER}),
    "unmark_sensitive": _OFFICERS,
    "attach": _ANYONE,
    "retry_step": _ANYONE,
    "withhold_step": frozenset({HANDLER, OFFICER}),
    "choose_people": frozenset({HANDLER, OFFICER}),
    "plan_erasure": _ANYONE,
    "state_change": _ANYONE,
    "link_complaint": _ANYONE,
    "restrict": _ANYONE,
    "lift_restriction": frozenset({HANDLER, OFFICER}),
    "weigh": _ANYONE,
    "hold": _OFFICERS,
    "attest": frozenset({HANDLER, OFFICER}),
    "review": _ANYONE,
    "hide": frozenset({HANDLER, OFFICER}),
    "reissue_package": _OFFICERS,
    "look_at_document": _IDENTITY,
    "review_document": _IDENTITY,
    "confirm_document": _IDENTITY,
    "reveal": _OFFICERS,
    "read_authority": _ANYONE,
    "propose_authority": _ANYONE,
    "accept_authority": _APPROVERS,
    "record_other_channel": _OFFICERS,
    "open_letter": _OFFICERS,
    "record_posted": _OFFICERS,
    "retry": _OFFICERS,
    "extend_deadline": _OFFICERS,
    "pause_deadline": _OFFICERS,
    "recalculate": _OFFICERS,
    "resume_deadline": _ANYONE,  # towards the person
    "propose_correction": frozenset({HANDLER, OFFICER}),
    "approve_correction": _APPROVERS,
    "withdraw_correction": _ANYONE,
    "propose_verification": frozenset({HANDLER, OFFICER}),
    "approve_verification": _APPROVERS,
    "withdraw_verification": _ANYONE,
}


def roles_of(account: Any) -> frozenset[str]:
    """Return the roles that this account holds now; none where it is inactive or no staff account."""
    rows = User.objects.filter(pk=account.pk, is_active=True, is_staff=True, groups__name__in=ROLES)
    return frozenset(rows.values_list("groups__name", flat=True)) & _ALL


def require(actor: Actor, verb: str) -> User:
    """Return the account that acts; raise RoleMissing unless it holds a role that includes the verb now."""
    if actor.user is None or not roles_of(actor.user) & MAY[verb]:
        raise RoleMissing("Your role does not include this.")
    return actor.user


def refuse_own(submission: Submission, account: User) -> None:
    """Raise Refused where one of the addresses of the case is that of the account: nobody judges their own request."""
    own = lookup_digests(account.email) if account.email else []
    contacts = Contact.objects.filter(submission=submission, email_digest__in=own)
    if submission.email_digest in own or contacts.exists():
        raise Refused("One of the addresses of this case is your own. Somebody else judges it.")


def holders(*roles: str) -> QuerySet[User]:
    """Return the active staff accounts with one of the roles."""
    return User.objects.filter(groups__name__in=roles, is_active=True, is_staff=True).distinct()


def members(*roles: str) -> list[User]:
    """Return the same in a fixed order."""
    return list(holders(*roles).order_by("pk"))


def tell(
    staff: list[User],
    kind: str,
    dsr: DataSubjectRequest,
    *,
    occurrence: str,
    at: datetime,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Owe each of them one notice about this request."""
    for member in staff:
        owe(
            kind,
            submission=dsr.submission,
            dsr=dsr,
            staff=member,
            occurrence=occurrence,
            context=context or {"due_on": dsr.due_on},
            at=at,
        )


def alarm_officers(
    sentence: str,
    *,
    submission: Submission | None,
    dsr: DataSubjectRequest | None = None,
    occurrence: str,
    at: datetime,
) -> None:
    """Owe each privacy officer one alarm; `sentence` holds no personal data. Without a case it is sealed by itself."""
    for officer in members(OFFICER):
        owe(
            "staff_alarm",
            submission=submission,
            dsr=dsr,
            staff=officer,
            occurrence=occurrence,
            context={"alarm": sentence},
            at=at,
        )


def alarm_responsible(sentence: str, dsr: DataSubjectRequest, *, occurrence: str, at: datetime) -> None:
    """Owe whoever handles this request, and each privacy officer, one alarm; `sentence` holds no personal data."""
    staff = {member.pk: member for member in (*responsible(dsr), *members(OFFICER))}
    tell(list(staff.values()), "staff_alarm", dsr, occurrence=occurrence, at=at, context={"alarm": sentence})


def responsible(dsr: DataSubjectRequest) -> list[User]:
    """Return the assignee, or the privacy officers where nobody has taken it."""
    return [dsr.assignee] if dsr.assignee and dsr.assignee.is_active else members(OFFICER)
