"""Sending what is owed: a content-free pointer to the person, the code, or a staff notice. At least once.

Each row is claimed by compare-and-set, sent outside any transaction, and its outcome written under the same claim.
A claim that ran out means a crash at an unknown moment: the mail may have gone, so it counts as ambiguous.
"""

import contextlib
import logging
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from requests_app.models import IdentityCheck, Notice, TaskLink

from . import identity_codes
from .composing import Unsendable, compose
from .notices import ON_PAPER, PERSON
from .team import alarm_officers

logger = logging.getLogger(__name__)

# Longer than one mail can take: nine replies (greeting to the end of the message, with STARTTLS and AUTH), each at most
# EMAIL_TIMEOUT (10 s). And short, since what a killed worker held waits for it, and all is drained in two minutes.
LEASE = timedelta(seconds=100)
BUDGET = timedelta(minutes=1)  # of one call, so that a server that answers slowly does not hold the worker
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))  # then every hour
GIVE_UP = timedelta(hours=48)
MOST_IN_DOUBT = 60  # attempts, of which at least one ended nobody knows how
UNCONFIRMED_PER_HOUR = 5  # mails to one address about requests that nobody confirmed; codes have a bound of their own
AMBIGUOUS = "ambiguous"  # remembered in failure_code until an outcome is certain


OF_A_TASK = ("task_link__task__step__dsr", "task_link__task__act__dsr")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the mail server said: delivered, or final / ambiguous / to be tried again, with a code for staff."""

    state: str  # a Notice.Delivery
    code: str = ""


def deliver_due(now: datetime, limit: int = 50) -> int:
    """Send what is due, the oldest first; return how many mails were handed over."""
    started = time.monotonic()
    sent = 0
    due = Notice.objects.filter(next_try_at__lte=now).order_by("next_try_at", "pk")
    due = due.select_related("submission", "staff", "contact__submission", *OF_A_TASK)
    for notice in list(due[:limit]):
        at = now + timedelta(seconds=time.monotonic() - started)
        if at - now > BUDGET:
            break
        if _is_bombing(notice, at):
            mine = Notice.objects.filter(pk=notice.pk, delivery=notice.delivery, next_try_at=notice.next_try_at)
            mine.update(next_try_at=at + timedelta(hours=1))
            continue
        lease_until = _claim(notice, at)
        if lease_until is None:
            continue
        outcome = _try(notice, at)
        at = now + timedelta(seconds=time.monotonic() - started)
        sent += _record(notice, outcome, at, lease_until)
    return sent


def not_reached() -> "QuerySet[Notice]":
    """Notices of which nobody knows that they reached their person: failed, or in doubt and not tried again.

    A code is no such case once it has expired, nor in doubt: whoever needs one asks for a new one. But to a contact
    that waits for no mail (on file, or who may object) it is, until a later one went there.
    """
    doubtful = Notice.objects.filter(delivery__in=("ambiguous", "failed"))  # as the index notice_lost has it
    final = Q(delivery=Notice.Delivery.AMBIGUOUS, next_try_at=None, check_id=None) | (
        Q(delivery=Notice.Delivery.FAILED) & ~Q(failure_code="expired")
    )
    to_person = final & Q(recipient=PERSON)
    over = Q(delivery=Notice.Delivery.AMBIGUOUS, next_try_at=None) | Q(delivery=Notice.Delivery.FAILED)
    unawaited = IdentityCheck.objects.filter(pk=OuterRef("check_id"), purpose__in=identity_codes.UNAWAITED)
    later = IdentityCheck.objects.filter(
        contact=OuterRef("contact"), issued_at__gte=OuterRef("created_at"), handed_over_at__isnull=False
    )
    to_contact = over & Q(contact__isnull=False) & (Q(check_id=None) | (Exists(unawaited) & ~Exists(later)))
    return doubtful.filter(to_person | to_contact, served_at=None)


def to_print() -> "QuerySet[Notice]":
    """Notices to persons without an address for mail, not yet served by a letter."""
    return Notice.objects.filter(delivery=Notice.Delivery.NONE, recipient__in=ON_PAPER, served_at=None, check_id=None)


def _is_bombing(notice: Notice, at: datetime) -> bool:
    """Whether the address had enough of filings that anybody could have made in its name. Their letters wait."""
    submission = notice.submission
    if submission is None or notice.staff or notice.contact or notice.task_link or notice.check_id:
        return False
    if submission.assurance:
        return False
    sent = Notice.objects.filter(
        submission__email_digest=submission.email_digest,
        submission__assurance=0,
        recipient=PERSON,
        check_id=None,
        handed_over_at__gt=at - timedelta(hours=1),
    )
    return sent.count() >= UNCONFIRMED_PER_HOUR


def _claim(notice: Notice, at: datetime) -> datetime | None:
    lease_until = at + LEASE
    changes: dict[str, Any] = {"attempts": F("attempts") + 1, "lease_until": lease_until, "next_try_at": lease_until}
    if notice.delivery == Notice.Delivery.LEASED:  # the sender died with it
        changes["failure_code"] = notice.failure_code = AMBIGUOUS
    won = Notice.objects.filter(pk=notice.pk, delivery=notice.delivery, next_try_at=notice.next_try_at).update(
        delivery=Notice.Delivery.LEASED, **changes
    )
    return lease_until if won else None


def _try(notice: Notice, at: datetime) -> Outcome:
    if notice.failure_code == AMBIGUOUS and notice.attempts >= MOST_IN_DOUBT:  # a mail that kills its sender
        return Outcome(Notice.Delivery.AMBIGUOUS, AMBIGUOUS)
    try:
        mail = compose(notice, at)
    except Unsendable as reason:
        return Outcome(Notice.Delivery.FAILED, str(reason))
    except Exception as error:  # a row that cannot be rendered must not stop the others
        logger.error("notice %s cannot be composed: %s", notice.pk, type(error).__name__)
        return Outcome(Notice.Delivery.PENDING, "not_composed")
    try:
        return _send(mail)
    except Exception as error:
        logger.error("notice %s cannot be sent: %s", notice.pk, type(error).__name__)
        return Outcome(Notice.Delivery.PENDING, "not_sent")


def _send(mail: EmailMultiAlternatives) -> Outcome:
    connection = get_connection()
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:  # whatever it says, it is not about this mail
        return Outcome(Notice.Delivery.PENDING, f"connect_{_code(error) or type(error).__name__}"[:40])
    content_left = _watch(connection)
    try:
        connection.send_messages([mail])
    except (smtplib.SMTPException, OSError) as error:
        if code := _code(error):
            state = Notice.Delivery.FAILED if code >= 500 else Notice.Delivery.PENDING
            return Outcome(state, f"smtp_{code}")
        if content_left():
            return Outcome(Notice.Delivery.AMBIGUOUS, AMBIGUOUS)
        return Outcome(Notice.Delivery.PENDING, "connection_lost")
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.close()
    return Outcome(Notice.Delivery.HANDED_OVER)


def _watch(connection: Any) -> Callable[[], bool]:
    """Tell afterwards whether DATA was begun: smtplib raises the same error before and after it."""
    smtp = getattr(connection, "connection", None)
    begun: list[bool] = []
    if isinstance(smtp, smtplib.SMTP):
        real = smtp.data

        def data(message: Any) -> tuple[int, bytes]:
            begun.append(True)
            return real(message)

        setattr(smtp, "data", data)  # noqa: B010 (mypy refuses the plain assignment)
    return lambda: bool(begun)


def _code(error: Exception) -> int:
    """Return the reply code of the server, 0 where none came. One mail has one recipient."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=550)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 400:
        return error.smtp_code
    return 0


def _record(notice: Notice, outcome: Outcome, at: datetime, lease_until: datetime) -> bool:
    """Write the outcome if the claim is still ours; True if the mail was handed over."""
    changes = _changes(notice, outcome, at)
    with transaction.atomic():
        mine = Notice.objects.filter(pk=notice.pk, delivery=Notice.Delivery.LEASED, lease_until=lease_until)
        if not mine.update(lease_until=None, **changes):
            return False
        handed_over: bool = changes["delivery"] == Notice.Delivery.HANDED_OVER
        if handed_over and notice.check_id:
            IdentityCheck.objects.filter(pk=notice.check_id, handed_over_at=None).update(handed_over_at=at)
        if notice.task_link is not None and changes["next_try_at"] is None:
            _alarm_of_task(notice, notice.task_link, changes, at)
    if changes["delivery"] == Notice.Delivery.FAILED:
        level = logging.INFO if outcome.code == "expired" else logging.WARNING  # of an old code nobody needs to hear
        logger.log(level, "notice %s failed: %s", notice.pk, outcome.code)
    return handed_over


def _alarm_of_task(notice: Notice, link: TaskLink, changes: dict[str, Any], at: datetime) -> None:
    """A department that no mail reached knows of no task: tell the officers, who can phone."""
    states = {Notice.Delivery.FAILED: "could not be delivered", Notice.Delivery.AMBIGUOUS: "may not have arrived"}
    said = states.get(changes["delivery"])
    if said is None or changes["failure_code"] == "expired":
        return
    sentence = f"A mail to “{link.task.department}” about its task {said}. Phone them, or have them asked again."
    alarm_officers(sentence, submission=notice.submission, dsr=notice.dsr, occurrence=f"mail:{notice.pk.hex}", at=at)


def _changes(notice: Notice, outcome: Outcome, at: datetime) -> dict[str, Any]:
    states = Notice.Delivery
    if outcome.state == states.HANDED_OVER:
        return {"delivery": states.HANDED_OVER, "handed_over_at": at, "next_try_at": None, "failure_code": ""}
    if outcome.state == states.FAILED:
        return {"delivery": states.FAILED, "next_try_at": None, "failure_code": outcome.code}
    doubted = notice.failure_code == AMBIGUOUS  # an earlier attempt may have arrived
    if outcome.state == states.AMBIGUOUS:  # tried once more, not for ever: each try may be a copy too many
        again = None if doubted else at + BACK_OFF[0]
        return {"delivery": states.AMBIGUOUS, "next_try_at": again, "failure_code": AMBIGUOUS}
    wait = BACK_OFF[min(notice.attempts, len(BACK_OFF) - 1)]
    over = at + wait - notice.created_at > GIVE_UP and notice.attempts >= len(BACK_OFF)
    if doubted:
        return {
            "delivery": states.AMBIGUOUS,
            "next_try_at": None if over else at + wait,
            "failure_code": AMBIGUOUS,
        }
    return {
        "delivery": states.FAILED if over else states.PENDING,
        "next_try_at": None if over else at + wait,
        "failure_code": outcome.code,
    }
