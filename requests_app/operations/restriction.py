"""Restrict what is used of somebody, look at it again, announce that it ends, lift it (GDPR 18, P6).

Nothing lifts it by itself: a date brings a reminder. Whoever lifts it has told the person before, and waited.
"""

from datetime import date, datetime

from django.db import transaction

from requests_app.models import DataSubjectRequest, Notice, Restriction, SourceAct
from requests_app.rules.lifecycle import OPEN, State
from requests_app.rules.restriction import LONGEST, OBJECTION, RIGHT, Ground, lifted_from, reviewed_in_time

from . import evidence, limits
from .actors import Actor
from .evidence import Kind
from .owed_acts import TAKEN_BACK, Act, Status, acts_of, fits, owe_lifting
from .refused import Refused
from .team import alarm_officers, refuse_own, require
from .transition import lock

TO_REVIEW = "A restriction is to be reviewed: let it stand, or announce that it ends."
TO_LIFT = "The person was told that a restriction ends, and the day has come: lift it, or let it stand."


def restrict(
    dsr: DataSubjectRequest, *, ground: str, scope: str, until: str, review_on: date, actor: Actor, at: datetime
) -> Restriction:
    """Have what is held used for nothing but storage. Every source is told once it is shown who asks. Raises Refused.

    `scope` and `until` are read by the person; `review_on`: a local day, 180 days ahead at most.
    """
    account = require(actor, "restrict")
    refuse_own(dsr.submission, account)
    if dsr.right != RIGHT:
        raise Refused("Only a request for restriction restricts; an objection suspends by itself.")
    if not scope.strip() or not until.strip():
        raise Refused("Say what is not used any more, and what has to happen before it is lifted.")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.state != State.IN_PROGRESS:
            raise Refused("This request is not in progress: return or reopen it first.")
        if limits.standing(dsr):
            raise Refused("A restriction stands already: review it, or lift it.")
        _refuse_review(dsr, review_on, at)
        return limits.begin(
            dsr, ground=Ground(ground), scope=scope.strip(), until=until.strip(), review_on=review_on, by=account,
            actor=actor, at=at,
        )  # fmt: skip


def let_stand(row: Restriction, *, review_on: date, actor: Actor, at: datetime) -> None:
    """Say that it is still needed, and when somebody looks next; an announced end is off."""
    require(actor, "lift_restriction")
    with transaction.atomic():
        row = _locked(row)
        _refuse_review(row.dsr, review_on, at)
        limits.go_on(row, review_on=review_on, actor=actor, at=at)


def announce(row: Restriction, *, why: str, actor: Actor, at: datetime) -> None:
    """Tell the person that it ends, why, and from which day. Raises Refused while their request has no answer."""
    account = require(actor, "lift_restriction")
    refuse_own(row.dsr.submission, account)
    if not why.strip():
        raise Refused("Say why it ends: the person reads it.")
    with transaction.atomic():
        row = _locked(row)
        if row.dsr.is_open:
            raise Refused("Answer the request first: until then nothing is lifted.")
        limits.announce(row, why=why.strip(), by=account, actor=actor, at=at)


def lift(row: Restriction, *, actor: Actor, at: datetime) -> None:
    """Have the sources use again what they hold, on the day that the person was told of or later. Raises Refused."""
    account = require(actor, "lift_restriction")
    refuse_own(row.dsr.submission, account)
    with transaction.atomic():
        row = _locked(row)
        dsr = row.dsr
        _refuse_early(row, at)
        if _is_being_told(row):
            raise Refused("A data source is still being told of the restriction, or asks whom it is about.")
        ends = acts_of(dsr).filter(act=Act.WITHDRAW).exclude(failure_code=TAKEN_BACK)
        if ends.exclude(status=Status.DONE).exists():
            raise Refused("Not every data source was told yet that the use objected to has ended.")
        Restriction.objects.filter(pk=row.pk).update(lifted_at=at, lifted_by=account)
        owe_lifting(dsr, row.number, at=at)
        body: dict[str, str | int] = {"restriction": str(row.pk), "number": row.number}
        evidence.append(dsr.submission_id, Kind.RESTRICTION_LIFTED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def _is_being_told(row: Restriction) -> bool:
    """Whether a source goes on with it by itself, or somebody can still answer it; what nobody can does not count."""
    told = SourceAct.objects.filter(dsr=row.dsr, act=Act.RESTRICT, occasion=str(row.number))
    open_ones = told.filter(status__in=(Status.WAITING, Status.PENDING, Status.SEVERAL))
    return any(act.next_try_at is not None or fits(act, row.dsr) for act in open_ones)


def _refuse_early(row: Restriction, at: datetime) -> None:
    if row.lifted_at is not None:
        raise Refused("It is lifted already.")
    if row.dsr.is_open:
        raise Refused("Answer the request first: until then nothing is lifted.")
    if row.lift_from is None:
        raise Refused("Tell the person first that it ends (GDPR 18(3)).")
    if limits.today_of(row.dsr, at) < row.lift_from:
        raise Refused(f"The person was told that it does not end before {row.lift_from:%-d %B %Y}.")
    reached_at = _reached_at(row)
    if reached_at is None:
        raise Refused("The letter that it ends has not reached the person. Reach them another way, and record it.")
    reached_on = limits.today_of(row.dsr, reached_at)
    if limits.today_of(row.dsr, at) < (first := lifted_from(reached_on)):
        raise Refused(
            f"The letter that it ends reached the person on {reached_on:%-d %B %Y}: not before {first:%-d %B %Y}."
        )


def _reached_at(row: Restriction) -> datetime | None:
    """Since when the person could read that it ends: the first way that reached them counts."""
    letter = Notice.objects.filter(dsr=row.dsr, kind=limits.LETTER, occurrence=row.letter).first()
    if letter is None:
        return None
    handed_over = letter.handed_over_at if letter.delivery == Notice.Delivery.HANDED_OVER else None
    return min(filter(None, (letter.served_at, handed_over)), default=None)


def _locked(row: Restriction) -> Restriction:
    dsr = lock(row.dsr)
    fresh = Restriction.objects.get(pk=row.pk)
    fresh.dsr = dsr
    return fresh


def _refuse_review(dsr: DataSubjectRequest, review_on: date, at: datetime) -> None:
    if not reviewed_in_time(review_on, today=limits.today_of(dsr, at)):
        raise Refused(f"Somebody looks at it again after today, and within {LONGEST.days} days.")


def remind_due(now: datetime) -> int:
    """Tell the officers, once for each date, of restrictions that somebody has to look at; of an open objection its own
    clock reminds."""
    due = Restriction.objects.filter(lifted_at=None, reminded_on=None, review_on__lte=now.date())
    rows = due.exclude(dsr__right=OBJECTION, dsr__state__in=sorted(OPEN))
    told = 0
    for row in rows.select_related("dsr__submission", "dsr__policy").order_by("review_on", "pk")[:50]:
        with transaction.atomic():
            row = _locked(row)
            today = limits.today_of(row.dsr, now)
            mine = Restriction.objects.filter(pk=row.pk, lifted_at=None, reminded_on=None, review_on__lte=today)
            if mine.update(reminded_on=today):
                sentence = TO_REVIEW if row.lift_from is None else TO_LIFT
                occurrence = f"restriction:{row.pk.hex}:{row.review_on.isoformat()}"
                alarm_officers(sentence, submission=row.dsr.submission, dsr=row.dsr, occurrence=occurrence, at=now)
                told += 1
    return told
