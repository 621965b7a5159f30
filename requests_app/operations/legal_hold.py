"""Set, review and lift a legal hold. It stops what it names and nothing else; lifted, what waited goes on at once."""

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction

from requests_app.models import DataSubjectRequest, ErasureItem, LegalHold, SourceAct
from requests_app.models.keys import seal
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.lifecycle import State
from requests_app.rules.response_deadline import received_on

from . import evidence
from .actors import Actor
from .evidence import Kind
from .holding import held_places, is_held
from .notices import owe
from .owed_acts import Act, Status, acts_of, items_of, tell_anew
from .policies import policy_of
from .refused import Refused
from .team import alarm_officers, refuse_own, require
from .transition import lock

LONGEST = timedelta(days=180)  # between two reviews
DUE = "A legal hold is to be reviewed: say that it is still needed, or lift it."


def set_hold(
    dsr: DataSubjectRequest,
    *,
    items: Collection[uuid.UUID],
    ordered: str,
    why: str,
    review_on: date,
    told: bool,
    actor: Actor,
    at: datetime,
) -> LegalHold:
    """Stop the erasure of these items. Raises Refused where one is gone, or is being destroyed in this moment.

    `told`: whether the person may know of it and is told. `review_on`: a local day, 180 days ahead at most.
    """
    account = require(actor, "hold")
    refuse_own(dsr.submission, account)
    if not ordered.strip() or not why.strip():
        raise Refused("Say who ordered it, under which number, and why it is needed.")
    with transaction.atomic():
        dsr = lock(dsr)
        _refuse_review(dsr, review_on, at)
        chosen = [item for item in items_of(dsr) if item.pk in set(items)]
        if not chosen or dsr.state not in (State.IN_PROGRESS, State.AWAITING_APPROVAL, State.EXECUTING):
            raise Refused("Choose what has to stay. What is over cannot be held.")
        for item in chosen:
            _refuse_gone(item, at)
        pk = uuid.uuid4()
        hold = LegalHold(
            pk=pk, dsr=dsr, scope=sorted([item.alias, item.table] for item in chosen), owner=account, set_at=at,
            review_on=review_on, told=told,
        )  # fmt: skip
        hold.ordered_sealed = seal(dsr.submission_id, hold.place("ordered"), ordered.strip())
        hold.why_sealed = seal(dsr.submission_id, hold.place("why"), why.strip())
        hold.save()
        theirs = acts_of(dsr).filter(act=Act.ERASE, status=Status.PENDING, next_try_at=None)
        # A department that has the task is told anew, less of it or nothing.
        tell_anew(theirs.filter(alias__in={item.alias for item in chosen}), at=at)
        body: dict[str, str | int] = {"hold": str(pk), "items": len(chosen), "review_on": review_on.isoformat()}
        evidence.append(dsr.submission_id, Kind.HOLD_SET, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        if told:
            owe(
                "hold_set", submission=dsr.submission, dsr=dsr, occurrence=str(pk), context=_context(chosen, dsr), at=at
            )
    return hold


def _context(items: Collection[ErasureItem], dsr: DataSubjectRequest) -> dict[str, object]:
    language = dsr.submission.language.split("-")[0]
    return {"labels": sorted({item.label.get(language) or item.table or item.alias for item in items})}


def _refuse_review(dsr: DataSubjectRequest, review_on: date, at: datetime) -> None:
    today = received_on(at, policy_of(dsr.policy).time_zone)
    if not today < review_on <= today + LONGEST:
        raise Refused("A hold is reviewed after today, and within 180 days.")


def _refuse_gone(item: ErasureItem, at: datetime) -> None:
    name = f"{item.alias}: {item.label.get('en') or item.table or 'all of it'}"
    if item.done_at is not None:
        raise Refused(f"{name} is erased already.")
    telling = SourceAct.objects.filter(dsr=item.dsr, opened_at=item.opened_at, alias=item.alias, act=Act.ERASE)
    if item.written_at is not None and telling.filter(told_at__isnull=False, next_try_at__gt=at).exists():
        raise Refused(f"{name} is being erased in this moment: wait some minutes, and look what is left.")


def review_hold(hold: LegalHold, *, review_on: date, actor: Actor, at: datetime) -> None:
    """Say that it is still needed, and when it is looked at next."""
    require(actor, "hold")
    with transaction.atomic():
        dsr = lock(hold.dsr)
        _refuse_review(dsr, review_on, at)
        still = LegalHold.objects.filter(pk=hold.pk, lifted_at=None)
        if not still.update(review_on=review_on, reminded_on=None):
            raise Refused("This hold was lifted already.")
        body: dict[str, str | int] = {"hold": str(hold.pk), "review_on": review_on.isoformat()}
        evidence.append(dsr.submission_id, Kind.HOLD_REVIEWED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def lift_hold(hold: LegalHold, *, why: str, actor: Actor, at: datetime) -> None:
    """Lift it. What was decided to go, and waited for it, is told to its source now."""
    account = require(actor, "hold")
    if not why.strip():
        raise Refused("Say why it is not needed any more.")
    with transaction.atomic():
        dsr = lock(hold.dsr)
        sealed = seal(dsr.submission_id, hold.place("lifted_why"), why.strip())
        still = LegalHold.objects.filter(pk=hold.pk, lifted_at=None)
        if not still.update(lifted_at=at, lifted_by=account, lifted_why_sealed=sealed):
            raise Refused("This hold was lifted already.")
        body: dict[str, str | int] = {"hold": str(hold.pk)}
        evidence.append(dsr.submission_id, Kind.HOLD_LIFTED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        if dsr.state == State.EXECUTING:
            places = held_places(dsr)
            waits = items_of(dsr).filter(way__in=GOES, done_at=None)
            aliases = {item.alias for item in waits if not is_held(item, places)}
            tell_anew(acts_of(dsr).filter(act=Act.ERASE, alias__in=aliases, next_try_at=None), at=at)
        if hold.told:
            owe("hold_lifted", submission=dsr.submission, dsr=dsr, occurrence=str(hold.pk), context={}, at=at)


def remind_due(now: datetime) -> int:
    """Tell the officers, once for each review, of holds that somebody has to look at."""
    rows = LegalHold.objects.filter(lifted_at=None, reminded_on=None, review_on__lte=now.date())
    told = 0
    for hold in rows.select_related("dsr__submission", "dsr__policy").order_by("review_on", "pk")[:50]:
        today = received_on(now, policy_of(hold.dsr.policy).time_zone)
        if not hold.is_due(today):
            continue
        with transaction.atomic():
            dsr = lock(hold.dsr)
            mine = LegalHold.objects.filter(pk=hold.pk, lifted_at=None, reminded_on=None)
            if mine.update(reminded_on=today):
                occurrence = f"hold:{hold.pk.hex}:{hold.review_on.isoformat()}"
                alarm_officers(DUE, submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=now)
                told += 1
    return told
