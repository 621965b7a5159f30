"""The row of a restriction: begun, announced to end, taken up again. Below the transition, which suspends what somebody
objects to as soon as the objection is begun (GDPR 18(1)(d), 21(1))."""

import uuid
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User

from requests_app.models import DataSubjectRequest, Restriction, SourceAct
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import State
from requests_app.rules.response_deadline import received_on
from requests_app.rules.restriction import ALL_OF_IT, OBJECTION, RIGHT, UNTIL_ANSWERED, Ground, lifted_from

from . import evidence
from .actors import Actor
from .evidence import Kind
from .notices import owe
from .owed_acts import Act, owe_restriction
from .policies import policy_of
from .refused import Refused

LETTER, STANDS = "restriction_ending", "restriction_stands"


def standing(dsr: DataSubjectRequest) -> Restriction | None:
    """Return the restriction that stands; at most one of a request does."""
    return Restriction.objects.filter(dsr=dsr, lifted_at=None).select_related("dsr__submission").first()


def words_of(row: Restriction, language: str) -> tuple[str, str]:
    """Return what is restricted and until when: as staff wrote it, or, of an objection, in the reader's language."""
    if row.begun_by_id is None:
        return ALL_OF_IT.in_language(language), UNTIL_ANSWERED.in_language(language)
    return row.opened("scope"), row.opened("until")


def today_of(dsr: DataSubjectRequest, at: datetime) -> date:
    """Return the controller's day."""
    return received_on(at, policy_of(dsr.policy).time_zone)


def follow(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Suspend what somebody objects to; let stand what was to end with an answer, once the request is taken up again;
    have people look at what stands of a request that ended without one.

    Needs the caller's transaction with the request locked.
    """
    if dsr.state == State.IN_PROGRESS and dsr.right in (RIGHT, OBJECTION):
        _suspend(dsr, at=at)
    elif dsr.state in (State.CANCELLED, State.LAPSED):
        rows = Restriction.objects.filter(dsr=dsr, lifted_at=None, announced_at=None)
        rows.update(review_on=today_of(dsr, at), reminded_on=None)


def _suspend(dsr: DataSubjectRequest, *, at: datetime) -> None:
    row, actor, language = standing(dsr), Actor.system(), dsr.submission.language
    review_on = max(dsr.due_on, today_of(dsr, at) + timedelta(days=1))
    if row is None and dsr.right == OBJECTION:
        scope, until = ALL_OF_IT.in_language(language), UNTIL_ANSWERED.in_language(language)
        begin(dsr, ground=Ground.OBJECTION, scope=scope, until=until, review_on=review_on, by=None, actor=actor, at=at)
    elif row is not None and row.announced_at is not None:  # taken up again before it was lifted
        go_on(row, review_on=review_on, actor=actor, at=at)


def begin(
    dsr: DataSubjectRequest,
    *,
    ground: Ground,
    scope: str,
    until: str,
    review_on: date,
    by: User | None,
    actor: Actor,
    at: datetime,
) -> Restriction:
    """Write it down and owe it to every source. Needs the caller's transaction with the request locked."""
    number = Restriction.objects.filter(dsr=dsr).count() + 1
    row = Restriction(
        pk=uuid.uuid4(), dsr=dsr, number=number, ground=ground, begun_at=at, begun_by=by, review_on=review_on
    )
    row.scope_sealed = seal(dsr.submission_id, row.place("scope"), scope)
    row.until_sealed = seal(dsr.submission_id, row.place("until"), until)
    row.save(force_insert=True)
    owe_restriction(dsr, number, recipients=by is not None and bool(_recipients(dsr)), at=at)
    _write(row, Kind.RESTRICTION_BEGUN, {"ground": ground.value, "review_on": review_on.isoformat()}, actor, at)
    return row


def announce(row: Restriction, *, why: str, by: User | None, actor: Actor, at: datetime) -> None:
    """Tell the person that it ends, and from which day (GDPR 18(3)). Needs the caller's lock of the request."""
    dsr = row.dsr
    lift_from = lifted_from(today_of(dsr, at))
    still = Restriction.objects.filter(pk=row.pk, lifted_at=None, announced_at=None)
    sealed = seal(dsr.submission_id, row.place("why"), why)
    values = {"announced_at": at, "announced_by": by, "lift_from": lift_from, "why_sealed": sealed}
    if not still.update(**values, review_on=lift_from, reminded_on=None):
        raise Refused("The person was told already, or it is lifted.")
    row.announced_at = at
    _write(row, Kind.LIFTING_ANNOUNCED, {"lift_from": lift_from.isoformat()}, actor, at)
    context = {"lift_from": lift_from, "why": why, "scope": row.opened("scope")}
    owe(LETTER, submission=dsr.submission, dsr=dsr, occurrence=row.letter, context=context, at=at)


def go_on(row: Restriction, *, review_on: date, actor: Actor, at: datetime) -> None:
    """Let it stand; where the person was told that it ends, they are told that it does not. Needs the caller's lock."""
    still = Restriction.objects.filter(pk=row.pk, lifted_at=None)
    gone = {"announced_at": None, "announced_by": None, "lift_from": None, "why_sealed": b""}
    if not still.update(**gone, review_on=review_on, reminded_on=None):
        raise Refused("It is lifted already.")
    _write(row, Kind.RESTRICTION_REVIEWED, {"review_on": review_on.isoformat()}, actor, at)
    if row.announced_at is not None:
        context = {"scope": row.opened("scope")}
        owe(STANDS, submission=row.dsr.submission, dsr=row.dsr, occurrence=row.letter, context=context, at=at)


def acts_for(row: Restriction) -> list[SourceAct]:
    """Return what the sources were told of it, in every clock of its request."""
    mine = SourceAct.objects.filter(dsr=row.dsr_id, act__in=(Act.RESTRICT, Act.LIFT), occasion=str(row.number))
    return list(mine.select_related("attested_by").order_by("alias", "due_at"))


def _recipients(dsr: DataSubjectRequest) -> tuple[object, ...]:
    answer = policy_of(dsr.policy).answer
    return tuple(answer.recipients) if answer else ()


def _write(row: Restriction, kind: Kind, said: dict[str, str], actor: Actor, at: datetime) -> None:
    body: dict[str, str | int] = {"restriction": str(row.pk), "number": row.number, **said}
    evidence.append(row.dsr.submission_id, kind, actor=actor, at=at, dsr_id=row.dsr_id, body=body)
