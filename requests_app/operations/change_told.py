"""Telling one source of one change, and what came of it: counts and words, and no value of anybody."""

from django.db import transaction

from requests_app.connectors import Change, NotOffered, Outcome, Pending, PermanentFailure, source
from requests_app.models import RequestedChange, SourceAct

from . import evidence
from .actors import Actor
from .acts_answered import answered, waits
from .asked_sources import references_of
from .evidence import Kind
from .leases import Lease
from .owed_acts import Status
from .to_do import of_change
from .transition import lock


class NoOutcome(PermanentFailure):
    """The source did not say what became of the change, or it is not known any more what was wanted."""


def tell(row: SourceAct, lease: Lease) -> bool:
    """Tell it. Where the source does not change it by itself people have to, and say that they did."""
    asked = source(row.alias)
    references = references_of(row.dsr, asked)
    if references is None:
        return _record(row, Outcome.NOT_FOUND, lease)
    stated = RequestedChange.objects.get(dsr=row.dsr, opened_at=row.opened_at, number=int(row.occasion))
    if not (said := stated.said):
        raise NoOutcome
    change = Change(**said)
    try:
        answer = asked.rectify(references, changes=[change], request_id=row.pk.hex)
    except NotOffered:
        return _record(row, Outcome.REFUSED, lease)
    if isinstance(answer, Pending):
        return waits(row, answer, lease.now(), to_do=of_change(change))
    if len(answer) != 1:
        raise NoOutcome
    return _record(row, Outcome(answer[0].outcome), lease)


def _record(row: SourceAct, outcome: Outcome, lease: Lease) -> bool:
    at = lease.now()
    status = Status.BY_HAND if outcome == Outcome.REFUSED else Status.DONE
    with transaction.atomic():
        dsr = lock(row.dsr)
        if not answered(row, at, status=status, answer={"outcome": outcome.value}):
            return False
        body: dict[str, str | int] = {
            "act": str(row.pk), "source": row.alias, "what": f"change {row.occasion}: {WORDS[outcome]}"
        }  # fmt: skip
        evidence.append(dsr.submission_id, Kind.SOURCE_TOLD, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
    return True


WORDS = {
    Outcome.CHANGED: "changed",
    Outcome.ALREADY: "stood there as wanted",
    Outcome.NOT_FOUND: "no such value is held",
    Outcome.REFUSED: "people have to change it",
}
