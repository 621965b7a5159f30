"""Stopping erasures, and telling every address of the case what it may stop. Below the verbs: several need it."""

from collections.abc import Iterable
from datetime import datetime

from requests_app.models import Contact, DataSubjectRequest, ErasureConfirmation, IdentityCheck, Submission
from requests_app.rules.lifecycle import OPEN, Action

from .actors import Actor
from .authorities import authority_of
from .identity_codes import issue
from .notices import owe
from .team import alarm_responsible
from .transition import NOTICE, advance

ALARM = "An erasure was stopped by the link of a message to a known address. Find out who had asked for it."


def known_contacts(submission: Submission) -> list[Contact]:
    """Return the addresses known besides the one that stands now, each once; none that is only asked for."""
    rows = Contact.objects.filter(submission=submission).exclude(role=Contact.Role.NEW).order_by("added_at", "pk")
    found = {contact.email_digest: contact for contact in rows}
    found.pop(submission.email_digest, None)
    return list(found.values())


def send_stop_links(submission: Submission, *, actor: Actor, at: datetime) -> None:
    """Send each known address a link that stops what is confirmed. Needs the caller's transaction.

    Whoever acted for a person that goes on alone now neither hears of it nor stops it.
    """
    authority = authority_of(submission)
    if submission.email_digest and (authority is None or authority.taken_over_at is None):
        issue(submission, purpose=IdentityCheck.Purpose.STOP, actor=actor, at=at)
    for contact in known_contacts(submission):
        issue(submission, purpose=IdentityCheck.Purpose.STOP, actor=actor, at=at, contact=contact)


def tell_stopped(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Tell each known address that what it could stop has ended. Needs the caller's transaction."""
    for contact in known_contacts(dsr.submission):
        owe(
            "contact_stopped",
            submission=dsr.submission,
            contact=contact,
            occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
            context={},
            at=at,
        )


def confirmed_erasures(submission: Submission, *, since: datetime | None = None) -> list[DataSubjectRequest]:
    """Return the open erasures that were confirmed a second time, all or since an instant."""
    confirmed = ErasureConfirmation.objects.filter(dsr__submission=submission, dsr__state__in=sorted(OPEN))
    if since is not None:
        confirmed = confirmed.filter(confirmed_at__gte=since)
    rows = confirmed.select_related("dsr__submission", "dsr__policy", "dsr__assignee").order_by("dsr_id")
    return [row.dsr for row in rows if row.opened_at == row.dsr.opened_at]


def stop(dsrs: Iterable[DataSubjectRequest], *, actor: Actor, at: datetime, by: str) -> None:
    """End these erasures, tell every known address, and alarm whoever handles them. Needs the locks."""
    for dsr in dsrs:
        advance(
            dsr,
            Action.CANCEL,
            actor=actor,
            at=at,
            values={"answered_at": at, "waiting_since": None},
            body={"stopped_by": by},
        )
        owe(
            NOTICE[Action.CANCEL],
            submission=dsr.submission,
            dsr=dsr,
            occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
            context={},
            at=at,
        )
        tell_stopped(dsr, at=at)
        alarm_responsible(ALARM, dsr, occurrence=f"stopped:{dsr.pk.hex}:{int(at.timestamp())}", at=at)
