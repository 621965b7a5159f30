"""Notices on paper: opened with the postal address by a logged look, and the day on which they were posted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from requests_app.models import Notice, Submission
from requests_app.models.keys import KeyDestroyed

from . import evidence
from .access import record_look
from .actors import Actor
from .authorities import authority_of
from .evidence import Kind
from .refused import Refused
from .rendering import goes_to_person
from .team import require

BY_POST = "letter by post"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is printed. `html` is the notice as it was rendered, once, by our own templates."""

    name: str
    postal: str
    html: str


def open_letter(notice: Notice, *, actor: Actor, at: datetime) -> Letter:
    """Return name, address and text in the clear; the look is written down first. Raises KeyDestroyed."""
    submission = notice.submission
    require(actor, "open_letter")
    if submission is None or notice.check_id is not None:
        raise Refused("Only a letter to a person is printed; a code is for the person alone.")
    if submission.messages_destroyed_at:
        raise KeyDestroyed(str(submission.pk))
    record_look(submission, what="letter", actor=actor, at=at, purpose=f"print {notice.check_code}")
    name, postal = _addressee(notice, submission)
    return Letter(name=name, postal=postal, html=notice.opened("html"))


def _addressee(notice: Notice, submission: Submission) -> tuple[str, str]:
    """Name and postal address of whoever filed; of the person for whom they filed, where the letter greets them."""
    authority = authority_of(submission)
    if authority is not None and goes_to_person(notice.kind, authority):
        return authority.name, authority.opened("postal")
    return submission.name, submission.opened("postal")


def record_posted(notice: Notice, *, posted_on: date, actor: Actor, at: datetime) -> None:
    """Record that the letter was posted, and on which local day: by it the person is served."""
    require(actor, "record_posted")
    if notice.submission is None:
        raise Refused("Only a letter to a person is posted.")
    served_at = _instant(notice, ZoneInfo(notice.submission.received_zone), posted_on, at)
    with transaction.atomic():
        served = Notice.objects.filter(pk=notice.pk, other_channel="").update(
            other_channel=BY_POST, served_at=served_at
        )
        if not served:
            raise Refused("The channel is recorded already.")
        evidence.append(
            notice.submission.pk,
            Kind.OTHER_CHANNEL_USED,
            actor=actor,
            at=at,
            dsr_id=notice.dsr_id,
            body={"notice": str(notice.pk), "channel": BY_POST, "served_at": served_at.astimezone(UTC).isoformat()},
        )


def _instant(notice: Notice, zone: ZoneInfo, posted_on: date, at: datetime) -> datetime:
    today, written_on = at.astimezone(zone).date(), notice.created_at.astimezone(zone).date()
    if posted_on > today:
        raise Refused("This day has not come yet. Give the day on which it was posted.")
    if posted_on < written_on:
        raise Refused("The letter was written after this day. Give the day on which it was posted.")
    return at if posted_on == today else max(notice.created_at, datetime.combine(posted_on, time(12), zone))
