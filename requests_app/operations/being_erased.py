"""What stands against an erasure that was approved, read for many requests at once. Below the verbs."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from requests_app.models import DataSubjectRequest, ErasureItem, SourceAct, SourceTask
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.lifecycle import State

from .owed_acts import Act, Status


class Stands(StrEnum):
    """What stands against it, the gravest first."""

    CONTRADICTED = Status.CONTRADICTED.value
    FAILED = Status.FAILED.value
    BY_HAND = Status.BY_HAND.value
    HELD = "held"  # by a legal hold
    DEPARTMENT = "department"  # its people have it as a task


PEOPLE_HAVE_TO = (Stands.CONTRADICTED, Stands.FAILED, Stands.BY_HAND)


def for_people() -> QuerySet[SourceAct]:
    """Return the acts of running erasures that go no further without people. What is left in a source counts only
    where the source is not erasing anew."""
    same = {name: OuterRef(name) for name in ("dsr", "opened_at", "alias")}
    erased = SourceAct.objects.filter(**same, act=Act.ERASE, status=Status.DONE)
    acts = SourceAct.objects.filter(dsr__state=State.EXECUTING, opened_at=F("dsr__opened_at"))
    return acts.filter(Q(act=Act.ERASE) | Q(Exists(erased), act=Act.VERIFY), status__in=PEOPLE_HAVE_TO)


def stands_against(dsrs: Collection[DataSubjectRequest]) -> dict[UUID, Stands]:
    """Return the gravest that stands against each, by request; nothing of those that go on by themselves."""
    running = [dsr.pk for dsr in dsrs if dsr.state == State.EXECUTING]
    if not running:
        return {}
    same = {name: OuterRef(name) for name in ("dsr", "opened_at", "alias")}
    erased = SourceAct.objects.filter(**same, act=Act.ERASE, status=Status.DONE)
    items = ErasureItem.objects.filter(Exists(erased), dsr__in=running, opened_at=F("dsr__opened_at"))
    found = [(pk, Stands.HELD) for pk in items.filter(way__in=GOES, done_at=None).values_list("dsr_id", flat=True)]
    acts = for_people().filter(dsr__in=running).values_list("dsr_id", "status")
    found += [(pk, Stands(status)) for pk, status in acts]
    tasks = SourceTask.objects.filter(act__dsr__in=running, act__act=Act.ERASE, act__opened_at=F("act__dsr__opened_at"))
    theirs = tasks.filter(act__status=Status.PENDING, answered_at=None).values_list("act__dsr_id", flat=True)
    found += [(pk, Stands.DEPARTMENT) for pk in theirs]
    order = list(Stands)
    return dict(sorted(found, key=lambda one: order.index(one[1]), reverse=True))
