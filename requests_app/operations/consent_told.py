"""Telling one source what a person allows and does not allow: what the ledger says now, whatever it was owed for."""

from datetime import datetime

from django.db import transaction

from requests_app.connectors import ConsentAct, DataSource, NotOffered, Pending, Query, source
from requests_app.models import ConsentEntry, DataSubjectRequest, SourceAct
from requests_app.models.keys import lookup_digests
from requests_app.rules import consents as rules
from requests_app.rules.addresses import normalise
from requests_app.rules.consents import Act as Said
from requests_app.rules.lifecycle import Action, State

from . import consents, evidence
from .actors import Actor
from .acts_answered import answered, by_hand, waits
from .authorities import sought
from .consent_words import CARRIED_OUT
from .evidence import Kind
from .leases import Lease
from .notices import owe
from .owed_acts import DEPARTMENT, TAKEN_BACK, Act, Status, acts_of
from .policies import policy_of
from .to_do import of_consents
from .transition import NOTICE, advance, lock


def tell(row: SourceAct, lease: Lease) -> bool:
    """Tell it for everybody on file under the address that was given: no proof is asked of a no (P5, P8).

    People have to where the source is not told of consent, where no address was given, and where a stop is to be
    taken back of which only the source knows what stood before: nothing else would make a yes of nothing (H6). Of what
    it is told it is written down before it hears it: whatever comes of the call, it may have been stopped there.
    """
    asked, dsr = source(row.alias), row.dsr
    acts, unknown = _acts(dsr)
    references = _references(dsr, asked)
    if acts and references != []:
        _note(row, acts)
    if references is None or (unknown and _was_told(row, unknown)):
        return by_hand(row, lease.now())
    if acts and references:
        try:
            answer = asked.withdraw_consent(references, acts=acts, request_id=row.pk.hex)
        except NotOffered:
            return by_hand(row, lease.now())
        if isinstance(answer, Pending):
            return waits(row, answer, lease.now(), to_do=of_consents(acts, policy_of(dsr.policy)))
    return _record(row, acts if references else [], lease)


def _acts(dsr: DataSubjectRequest) -> tuple[list[ConsentAct], set[str]]:
    """What stands for each purpose that the request touched; and those of which nobody but the source knows it."""
    acts, unknown, policy = [], set(), policy_of(dsr.policy)
    own = dsr.consents.order_by("at", "pk")
    address = sought(dsr.submission)[0]
    digests = {row.digest for row in own} | set(lookup_digests(address) if address else ())
    for entry in {row.purpose: row for row in own}.values():
        stands: ConsentEntry = consents.said_of(digests, entry.purpose) or entry
        purpose = policy.purpose(entry.purpose)
        default = purpose is not None and rules.by_default(purpose)
        if stands.act == Said.UNDONE and not default:
            unknown.add(entry.purpose)
            continue
        allowed = consents.is_allowed(purpose, stands) if purpose else stands.act == Said.GRANTED
        acts.append(ConsentAct(entry.purpose, allowed, stands.at))
    return acts, unknown


def _references(dsr: DataSubjectRequest, asked: DataSource) -> list[str] | None:
    address = sought(dsr.submission)[0]
    if not address:
        return None
    if not asked.knows_people:
        return [normalise(address)]
    found = asked.find(Query(email=address, name="", details=""))
    theirs = {normalise(address)}
    return [match.reference for match in found if theirs & {normalise(one.address) for one in match.contacts}]


def _note(row: SourceAct, acts: list[ConsentAct]) -> None:
    told = {act.purpose for act in acts}.union(row.answer.get("told", ()))
    row.answer = {**row.answer, "told": sorted(told)}
    SourceAct.objects.filter(pk=row.pk, next_try_at=row.next_try_at).update(answer=row.answer)


def _was_told(row: SourceAct, purposes: set[str]) -> bool:
    """Whether it, or its people, may have stopped one of these, said so or not."""
    earlier = acts_of(row.dsr).filter(alias=row.alias, act=Act.WITHDRAW).exclude(pk=row.pk)
    return any(purposes & set(one.answer["told"]) if "told" in one.answer else _said_by_people(one) for one in earlier)


def _said_by_people(act: SourceAct) -> bool:
    return act.attested_by_id is not None or DEPARTMENT in act.answer


def _record(row: SourceAct, acts: list[ConsentAct], lease: Lease) -> bool:
    at, told = lease.now(), sorted(act.purpose for act in acts)
    with transaction.atomic():
        dsr = lock(row.dsr)
        if not answered(row, at, answer={"told": row.answer.get("told", [])}):
            return False
        body: dict[str, str | int] = {"act": str(row.pk), "source": row.alias, "purposes": " ".join(told)}
        evidence.append(dsr.submission_id, Kind.CONSENT_TOLD, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
        settle(dsr, at=at)
    return True


def settle(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """End the request once every source was told. Needs the caller's transaction with the request locked."""
    left = acts_of(dsr).filter(act=Act.WITHDRAW).exclude(status=Status.DONE).exclude(failure_code=TAKEN_BACK)
    if dsr.state != State.IN_PROGRESS or not consents.in_effect(dsr) or left.exists():
        return
    values = {"answered_at": at, "waiting_since": None}
    dsr = advance(dsr, Action.CARRY_OUT, actor=Actor.system(), at=at, values=values)
    owe(
        NOTICE[Action.CARRY_OUT],
        submission=dsr.submission,
        dsr=dsr,
        occurrence=f"{dsr.pk.hex}:{dsr.opened_at.isoformat()}",
        context={"letter": CARRIED_OUT.in_language(dsr.submission.language)},
        at=at,
    )
