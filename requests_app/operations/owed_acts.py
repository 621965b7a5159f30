"""Owing what data sources are told: what an erasure would reach, then to erase it, then what is left. Doing it is
`source_acts`."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from requests_app.connectors import finders, holders
from requests_app.models import DataSubjectRequest, ErasureItem, Restriction, SourceAct
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.lifecycle import State
from requests_app.rules.restriction import OBJECTION, RIGHT

from .erasing import erases

Act, Status = SourceAct.Act, SourceAct.Status
DEPARTMENT = "department"  # in an answer: which one said that it did it
TAKEN_BACK = "TakenBack"  # of what waited for people, and is told anew as it stands since
# Where a request has to be for each: what may come yet waits, what comes after it is dropped.
WHEN: Mapping[str, tuple[State, ...]] = {
    Act.PLAN: (State.IN_PROGRESS,),
    Act.ERASE: (State.EXECUTING,),
    Act.VERIFY: (State.EXECUTING, State.FULFILLED, State.PARTLY_FULFILLED),
    Act.RECTIFY: (State.IN_PROGRESS,),
    Act.WITHDRAW: tuple(State),  # it is in effect, or taken back, wherever its request is
    Act.RESTRICT: (State.IN_PROGRESS, State.AWAITING_APPROVAL, State.FULFILLED, State.PARTLY_FULFILLED),
    Act.LIFT: tuple(State),  # whatever became of its request since
}
RECIPIENTS = "recipients:"  # no source: people tell whoever got it (GDPR 19)
AT_ONCE, NEXT_DAY, AFTER_BACKUPS = "now", "day", "backups"


def owe_acts(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Owe what the state asks of the sources, each once for each clock. Needs the caller's transaction with the request
    locked."""
    if dsr.state == State.IN_PROGRESS and erases(dsr):
        _owe(dsr, Act.PLAN, planners(), at=at)
    elif dsr.state == State.EXECUTING:
        _owe(dsr, Act.ERASE, sorted({item.alias for item in items_of(dsr).filter(way__in=GOES)}), at=at)
    elif dsr.state == State.IN_PROGRESS and dsr.right in (RIGHT, OBJECTION):
        for row in Restriction.objects.filter(dsr=dsr, lifted_at=None):  # by sources connected since, too
            _owe(dsr, Act.RESTRICT, planners(), at=at, occasion=str(row.number))


def owe_told(dsr: DataSubjectRequest, *, at: datetime, occasion: str = "") -> None:
    """Owe that each source is told what the person allows now. `occasion`: what changed since they were told; what
    people were to do before that is over, since what stands of it is told with the rest."""
    if occasion:
        before = acts_of(dsr).filter(act=Act.WITHDRAW, next_try_at=None)
        over = {"status": Status.FAILED, "failure_code": TAKEN_BACK, "finished_at": at}
        before.filter(status__in=(Status.PENDING, Status.BY_HAND, Status.FAILED)).update(**over)
    _owe(dsr, Act.WITHDRAW, planners(), at=at, occasion=occasion)


def owe_change(dsr: DataSubjectRequest, number: int, *, recipients: bool, at: datetime) -> None:
    """Owe that each source is told of a change, and that somebody tells the recipients, of this one, too.

    Needs the caller's transaction with the request locked.
    """
    _owe(dsr, Act.RECTIFY, planners(), at=at, occasion=str(number))
    if recipients:
        _owe_recipients(dsr, Act.RECTIFY, at=at)


def owe_restriction(dsr: DataSubjectRequest, number: int, *, recipients: bool, at: datetime) -> None:
    """Owe that each source restricts, and that somebody tells the recipients. Needs the caller's transaction."""
    _owe(dsr, Act.RESTRICT, planners(), at=at, occasion=str(number))
    if recipients:
        _owe_recipients(dsr, Act.RESTRICT, at=at, occasion=str(number))


def owe_lifting(dsr: DataSubjectRequest, number: int, *, at: datetime) -> None:
    """Owe that each source which restricts, or may, lifts it; what was not done there yet is not done any more.

    Needs the caller's transaction with the request locked.
    """
    told = SourceAct.objects.filter(dsr=dsr, act=Act.RESTRICT, occasion=str(number))
    over = {"status": Status.FAILED, "next_try_at": None, "failure_code": "Lifted"}
    nobodys = told.filter(status__in=(Status.PENDING, Status.SEVERAL), next_try_at=None)
    nobodys.update(**over)  # a department may have done it, unsaid
    may = told.filter(status=Status.DONE) | told.filter(status=Status.FAILED).exclude(references_sealed=b"")
    aliases = set(may.values_list("alias", flat=True))
    told.filter(status=Status.BY_HAND).update(**over)
    _owe(dsr, Act.LIFT, sorted(aliases - {RECIPIENTS}), at=at, occasion=str(number))
    if RECIPIENTS in aliases:
        _owe_recipients(dsr, Act.LIFT, at=at, occasion=str(number))


def _owe_recipients(dsr: DataSubjectRequest, act: SourceAct.Act, *, at: datetime, occasion: str = "") -> None:
    again = {"status": Status.BY_HAND, "next_try_at": None, "attested_by": None, "finished_at": None}
    if not acts_of(dsr).filter(alias=RECIPIENTS, act=act, occasion=occasion).update(**again):
        values = {"opened_at": dsr.opened_at, "status": Status.BY_HAND, "owed_at": at, "due_at": at}
        SourceAct.objects.create(dsr=dsr, alias=RECIPIENTS, act=act, occasion=occasion, **values)


def planners() -> list[str]:
    """Return the names of the sources that may hold something of a person: they know people, or say what they hold."""
    return sorted({*finders(), *holders()})


def owe_verification(act: SourceAct, *, at: datetime) -> None:
    """Ask what is left in the source that erased: at once, after a day, and once no backup holds it any more. Where it
    had to erase once more, all of that begins again."""
    for occasion, wait in (
        (AT_ONCE, timedelta()),
        (NEXT_DAY, timedelta(days=1)),
        (AFTER_BACKUPS, timedelta(days=settings.BACKUP_DAYS)),
    ):
        again = {"status": Status.WAITING, "due_at": at + wait, "next_try_at": at + wait, "attempts": 0, "answer": {}}
        if not acts_of(act.dsr).filter(alias=act.alias, act=Act.VERIFY, occasion=occasion).update(**again):
            _owe(act.dsr, Act.VERIFY, [act.alias], at=at, occasion=occasion, due_at=at + wait)


def _owe(
    dsr: DataSubjectRequest,
    act: SourceAct.Act,
    aliases: list[str],
    *,
    at: datetime,
    occasion: str = "",
    due_at: datetime | None = None,
) -> None:
    known = set(acts_of(dsr).filter(act=act, occasion=occasion).values_list("alias", flat=True))
    SourceAct.objects.bulk_create(
        SourceAct(
            dsr=dsr,
            alias=alias,
            act=act,
            occasion=occasion,
            opened_at=dsr.opened_at,
            owed_at=at,
            due_at=due_at or at,
            next_try_at=due_at or at,
        )
        for alias in aliases
        if alias not in known
    )


def tell_anew(acts: QuerySet[SourceAct], *, at: datetime) -> None:
    """Have these told again from the beginning. Needs the caller's transaction with the request locked."""
    fresh = {"status": Status.WAITING, "next_try_at": at, "due_at": at, "attempts": 0, "failure_code": ""}
    acts.update(**fresh, told_at=None, finished_at=None)


def fits(act: SourceAct, dsr: DataSubjectRequest) -> bool:
    """Whether the request is where it has to be for this act. A restriction is lifted in whatever clock it began; one
    that a source was told of is told anew, wherever its request is: another's end undid it there."""
    if act.act == Act.RESTRICT and act.status == Status.WAITING and act.references_sealed:
        return True
    of_this_clock = act.opened_at == dsr.opened_at or act.act == Act.LIFT
    return of_this_clock and dsr.state in WHEN.get(act.act, ())


def acts_of(dsr: DataSubjectRequest) -> QuerySet[SourceAct]:
    """Return what the sources were told for the clock that runs, or ran last."""
    return SourceAct.objects.filter(dsr=dsr, opened_at=dsr.opened_at)


def items_of(dsr: DataSubjectRequest) -> QuerySet[ErasureItem]:
    """Return what they said that an erasure reaches."""
    return ErasureItem.objects.filter(dsr=dsr, opened_at=dsr.opened_at)
