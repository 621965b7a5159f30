"""The one door: state changes here or not at all, and never without evidence."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, DateTimeField, Value, When, prefetch_related_objects
from django.db.models.functions import Cast

from requests_app.models import DataSubjectRequest, Submission
from requests_app.rules.lifecycle import OPEN, Action, ActionNotAllowed, State, target

from . import evidence, limits
from .actors import Actor
from .erasing import ACCESS, erases
from .evidence import Kind
from .owed_acts import owe_acts
from .owed_steps import owe_steps
from .wake import next_wake

EVIDENCE: dict[Action, Kind] = {
    Action.COMPLETE_INTAKE: Kind.INTAKE_COMPLETED,
    Action.CONFIRM_IDENTITY: Kind.IDENTITY_CONFIRMED,
    Action.REQUIRE_IDENTITY: Kind.IDENTITY_REQUIRED,
    Action.SUBMIT_DECISION: Kind.DECISION_SUBMITTED,
    Action.RETURN_FOR_CHANGE: Kind.DECISION_RETURNED,
    Action.CARRY_OUT: Kind.CARRIED_OUT,
    Action.APPROVE_DONE: Kind.DECISION_APPROVED,
    Action.APPROVE_PARTLY: Kind.DECISION_APPROVED,
    Action.APPROVE_REFUSAL: Kind.DECISION_APPROVED,
    Action.APPROVE_ERASURE: Kind.DECISION_APPROVED,
    Action.ERASURE_DONE: Kind.ERASURE_PROVED,
    Action.ERASURE_PARTLY: Kind.ERASURE_PROVED,
    Action.RESUME_ERASURE: Kind.ERASURE_RESUMED,
    Action.CANCEL: Kind.CANCELLED,
    Action.LAPSE: Kind.LAPSED,
    Action.REOPEN: Kind.REOPENED,
    Action.REOPEN_UNVERIFIED: Kind.REOPENED,
    Action.WITHDRAW_DOUBT: Kind.DOUBT_WITHDRAWN,
}

# What the person is told of it, as kind of notice; nothing where another letter of the same moment says it.
NOTICE: dict[Action, str] = {
    Action.COMPLETE_INTAKE: "",  # the acknowledgement of the filing
    Action.CONFIRM_IDENTITY: "",  # the page on which the code was typed
    Action.REQUIRE_IDENTITY: "proof_asked",
    Action.SUBMIT_DECISION: "",  # nothing is decided before the second person
    Action.RETURN_FOR_CHANGE: "",
    Action.CARRY_OUT: "decision_done",
    Action.APPROVE_DONE: "decision_done",
    Action.APPROVE_PARTLY: "decision_partly",
    Action.APPROVE_REFUSAL: "decision_refused",
    Action.APPROVE_ERASURE: "decision_erasure",
    Action.ERASURE_DONE: "erasure_done",
    Action.ERASURE_PARTLY: "erasure_done",
    Action.RESUME_ERASURE: "erasure_resumed",
    Action.CANCEL: "cancelled",
    Action.LAPSE: "lapsed",
    Action.REOPEN: "reopened",
    Action.REOPEN_UNVERIFIED: "reopened",
    Action.WITHDRAW_DOUBT: "proof_settled",
}


def lock(dsr: DataSubjectRequest) -> DataSubjectRequest:
    """Lock the submission, then the request, and return it as it stands now. Needs a transaction."""
    Submission.objects.select_for_update().only("pk").get(pk=dsr.submission_id)
    return (
        DataSubjectRequest.objects.select_for_update(of=("self",)).select_related("submission", "policy").get(pk=dsr.pk)
    )


def lock_all(pks: Collection[UUID]) -> list[DataSubjectRequest]:
    """Lock many, all submissions before all requests, each in the order of their keys. Needs a transaction."""
    wanted = DataSubjectRequest.objects.filter(pk__in=pks)
    theirs = set(wanted.values_list("submission_id", flat=True))
    submissions = {s.pk: s for s in Submission.objects.select_for_update().filter(pk__in=theirs).order_by("pk")}
    rows = list(wanted.select_for_update(of=("self",)).order_by("pk").select_related("assignee"))
    for dsr in rows:
        dsr.submission = submissions[dsr.submission_id]
    prefetch_related_objects(rows, "policy", "submission__policy")  # long texts, and few of them
    return rows


def advance(
    dsr: DataSubjectRequest,
    action: Action,
    *,
    actor: Actor,
    at: datetime,
    values: Mapping[str, Any] | None = None,
    body: Mapping[str, str | int] | None = None,
) -> DataSubjectRequest:
    """Move the request, write its evidence, set its next wake-up. Raises ActionNotAllowed where it cannot move."""
    with transaction.atomic():
        before = lock(dsr)
        if before.state != dsr.state:
            raise ActionNotAllowed("The request has moved on in the meantime: look at it again.")
        if before.submission.contact_destroyed_at:
            raise ActionNotAllowed("Its data were destroyed under the retention rules: this takes a new request.")
        to = target(action, before.state)
        moved = DataSubjectRequest.objects.filter(pk=dsr.pk, state=before.state).update(state=to, **(values or {}))
        if moved != 1:
            raise ActionNotAllowed("The request has moved on in the meantime: look at it again.")
        evidence.append(
            before.submission_id,
            EVIDENCE[action],
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={**(body or {}), "action": action.value, "from": before.state, "to": to.value},
        )
        if before.right == ACCESS:
            _wake_erasures(before, at=at)
        moved_on = reschedule(before, at=at)
        if to == State.IN_PROGRESS:
            owe_steps(moved_on, at=at)
        limits.follow(moved_on, at=at)
        owe_acts(moved_on, at=at)
        return moved_on


def _wake_erasures(access: DataSubjectRequest, *, at: datetime) -> None:
    """An erasure filed with it is asked for once it has ended: the end of the one is the wake-up of the other."""
    beside = DataSubjectRequest.objects.filter(submission=access.submission_id, state__in=sorted(OPEN))
    for dsr in beside.exclude(pk=access.pk).select_related("policy").order_by("pk"):
        if erases(dsr) and dsr.set_aside_at is None:
            reschedule(dsr, at=at)


def reschedule(dsr: DataSubjectRequest, *, at: datetime) -> DataSubjectRequest:
    """Store the next wake-up anew and return the fresh row."""
    fresh = DataSubjectRequest.objects.select_related("submission", "policy").get(pk=dsr.pk)
    fresh.wake_at = next_wake(fresh, at=at)
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(wake_at=fresh.wake_at)
    return fresh


def reschedule_all(wakes: Mapping[UUID, datetime | None], **values: Any) -> None:
    """Store many next wake-ups, and with them the same values for all, in one statement."""
    same: dict[datetime | None, list[UUID]] = defaultdict(list)
    for pk, wake_at in wakes.items():
        same[wake_at].append(pk)
    cases = [When(pk__in=pks, then=Value(wake_at, DateTimeField())) for wake_at, pks in same.items()]
    wake: Case | Cast = Case(*cases, output_field=DateTimeField())
    if (
        connection.features.requires_casted_case_in_updates
    ):  # elsewhere a cast rewrites the instant: SQLite compares text
        wake = Cast(wake, DateTimeField())
    DataSubjectRequest.objects.filter(pk__in=list(wakes)).update(wake_at=wake, **values)
