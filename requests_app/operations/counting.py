"""The dates of a request with what was extended and paused: every page, letter and calendar takes them from here."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime

from requests_app.models import DataSubjectRequest, Extension, ProofRequest
from requests_app.models import Pause as PauseRow
from requests_app.rules.response_deadline import Deadline, Pause, Step
from requests_app.rules.three_dates import UNCHANGED, Changes, ThreeDates

from .policies import deadline_from, policy_of, regimes_of


@dataclass(frozen=True, slots=True)
class Recounted:
    """The dates from another receipt, and whether the extension was still told in time."""

    dates: ThreeDates
    extension_holds: bool


def extension_of(dsr: DataSubjectRequest) -> Extension | None:
    """Return the extension of the running clock."""
    return Extension.objects.filter(dsr=dsr, opened_at=dsr.opened_at).first()


def pauses_of(dsr: DataSubjectRequest) -> list[PauseRow]:
    """Return the pauses of the running clock, in order."""
    return list(PauseRow.objects.filter(dsr=dsr, opened_at=dsr.opened_at).order_by("first_on"))


def changes_of(dsr: DataSubjectRequest) -> Changes:
    """Return what moved the dates. Nothing is looked up where policy and laws know of no such thing."""
    policy = policy_of(dsr.policy)
    restarts = restarts_of(dsr)
    if not policy.extension_days and not policy.pause_allowed:
        return Changes(restarts=restarts) if restarts else UNCHANGED
    pauses: dict[str, tuple[Pause, ...]] = defaultdict(tuple)
    cite = policy.source("pause_allowed")
    for row in pauses_of(dsr):
        pauses[row.reason] += (Pause(row.first_on, row.last_on or row.planned_last_on, cite),)
    if extension_of(dsr) is None:
        return Changes(pauses=pauses, restarts=restarts)
    return Changes(policy.extension_days, policy.source("extension_days"), pauses, restarts)


def restarts_on_identity(dsr: DataSubjectRequest) -> bool:
    """Whether a law of this request counts from the day on which a proof of identity came that was asked for."""
    return any("identity" in law.restarts for law in regimes_of(dsr.policy).values())


def restarts_of(dsr: DataSubjectRequest) -> dict[str, date]:
    """Return the day of the proof, by its reason as the laws name it."""
    if not restarts_on_identity(dsr):
        return {}
    shown = ProofRequest.objects.filter(dsr=dsr, opened_at=dsr.opened_at, shown_on__isnull=False)
    last = shown.order_by("shown_on").last()
    return {"identity": last.shown_on} if last is not None and last.shown_on is not None else {}


def dates_of(dsr: DataSubjectRequest, changes: Changes | None = None) -> ThreeDates:
    """Count from the start of the running clock, with the holidays as they are known today."""
    changes = changes_of(dsr) if changes is None else changes
    return deadline_from(dsr.policy, at=dsr.opened_at, right=dsr.right, changes=changes)


def dates_if_received(dsr: DataSubjectRequest, received_at: datetime) -> Recounted:
    """Count as if it had been received then. An extension told after the true original date does not count."""
    changes, extension = changes_of(dsr), extension_of(dsr)
    plain = deadline_from(dsr.policy, at=received_at, right=dsr.right, changes=replace(changes, extension=0))
    if extension is None or extension.extended_on > _original(plain):
        return Recounted(plain, extension_holds=False)
    whole = deadline_from(dsr.policy, at=received_at, right=dsr.right, changes=changes)
    return Recounted(whole, extension_holds=True)


def dates_as_stored(dsr: DataSubjectRequest) -> ThreeDates:
    """Explain the stored dates. Where newer holidays would give another day, the last step says that ours stands."""
    dates = dates_of(dsr)
    return replace(
        dates,
        promised=_as_stored(dates.promised, dsr.due_on),
        statutory=_as_stored(dates.statutory, dsr.statutory_on) if dates.statutory else None,
        cautious=_as_stored(dates.cautious, dsr.cautious_on),
    )


def _original(dates: ThreeDates) -> date:
    return min(dates.due_on, dates.statutory_on or dates.due_on)


def _as_stored(counted: Deadline, stored_on: date | None) -> Deadline:
    if stored_on is None or stored_on == counted.due_on:
        return counted
    stands = Step("stands", {"on": stored_on, "counted": counted.due_on}, counted.steps[-1].cite)
    return replace(counted, due_on=stored_on, steps=(*counted.steps[:-1], stands))
