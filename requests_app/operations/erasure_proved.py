"""What is left after an erasure: each source is asked anew, and what it says is held against what it said before."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from requests_app.connectors import DataSource, NotOffered, Query, Remaining, source
from requests_app.models import Contact, DataSubjectRequest, ErasureItem, SourceAct
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.lifecycle import ENDED, Action

from . import erasure_certificates, evidence, people_found
from .actors import Actor
from .acts_answered import answered
from .authorities import sought
from .erasure_certificates import outcome_of
from .evidence import Kind
from .leases import Lease
from .notices import owe
from .owed_acts import AT_ONCE, Act, Status, acts_of, items_of
from .team import alarm_responsible
from .transition import NOTICE, advance, lock

ATTESTED = "attested"  # nobody but those who erased says so


def ask(row: SourceAct, lease: Lease) -> bool:
    """Ask one source what it still holds of the person, but for what was decided to stay."""
    asked, plan = source(row.alias), acts_of(row.dsr).get(alias=row.alias, act=Act.PLAN)
    own = items_of(row.dsr).filter(alias=row.alias)
    stays = set(own.filter(done_at=None).values_list("table", flat=True))  # kept, isolated, or held
    left: Sequence[Remaining] | None
    try:
        left = asked.verify_gone(plan.references, request_id=row.pk.hex)
    except NotOffered:
        left = _by_looking(row, asked, stays=stays)
    if left is None:
        return _record(row, [], {ATTESTED: 1}, lease.now())
    remaining = [one for one in left if one.records and one.table not in stays]
    return _record(row, remaining, {"tables": {one.table: one.records for one in remaining}}, lease.now())


def _by_looking(row: SourceAct, asked: DataSource, *, stays: set[str]) -> Sequence[Remaining] | None:
    """Whoever is still found has not gone; None where nobody can be found, or something stays of them."""
    questions = questions_about(row.dsr) if asked.knows_people and not stays else []
    if not questions:
        return None
    found = {match.reference for question in questions for match in asked.find(question)}
    if people_found.of(row.dsr).filter(alias=row.alias).exists():  # the others were not meant, and stay
        found &= set(acts_of(row.dsr).get(alias=row.alias, act=Act.PLAN).references)
    return [Remaining("", len(found))]


def questions_about(dsr: DataSubjectRequest) -> list[Query]:
    """The question of the beginning, since whoever was found by it then must not be found now; and one for each
    address on file that the person has confirmed."""
    submission = dsr.submission
    email, name = sought(submission)
    contacts = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE).exclude(confirmed_at=None)
    asked = [Query(email=email, name=name, details=submission.opened("details"))]
    asked += [Query(email=contact.address, name=name) for contact in contacts]
    return [question for question in asked if question.addresses or question.identifiers]


def _record(row: SourceAct, left: Sequence[Remaining], answer: dict[str, object], at: datetime) -> bool:
    with transaction.atomic():
        dsr = lock(row.dsr)
        status = Status.CONTRADICTED if left else Status.DONE
        if not answered(row, at, status=status, answer=answer):
            return False
        for one in left:
            items_of(dsr).filter(alias=row.alias, table=one.table).update(left=one.records)
        body: dict[str, str | int] = {
            "act": str(row.pk),
            "source": row.alias,
            "occasion": row.occasion,
            "records": sum(one.records for one in left),
            **({ATTESTED: 1} if ATTESTED in answer else {}),
        }
        kind = Kind.STILL_HELD if left else Kind.NOT_HELD
        evidence.append(dsr.submission_id, kind, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
        if left:
            _contradicted(dsr, row, at)
        else:
            settle(dsr, at=at)
    return True


def _contradicted(dsr: DataSubjectRequest, row: SourceAct, at: datetime) -> None:
    """What was said of it does not hold: the request goes on, the certificates do not count, staff are told."""
    sentence = f"The data source {row.alias} said that all is erased. Asked again, it still holds data of the person."
    occurrence = f"{row.pk.hex}:{at.isoformat()}"
    alarm_responsible(sentence, dsr, occurrence=occurrence, at=at)
    if dsr.state not in ENDED:
        return
    erasure_certificates.revoke(dsr, at=at)
    dsr = advance(dsr, Action.RESUME_ERASURE, actor=Actor.system(), at=at, body={"source": row.alias})
    kind = NOTICE[Action.RESUME_ERASURE]
    owe(kind, submission=dsr.submission, dsr=dsr, occurrence=occurrence, context={}, at=at)


def settle(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """End the erasure once every source said so and was asked again; later, say more in a new certificate.

    Needs the caller's transaction with the request locked.
    """
    told = acts_of(dsr)
    over = not told.filter(act=Act.ERASE).exclude(status=Status.DONE).exists()
    asked = not told.filter(act=Act.VERIFY, occasion=AT_ONCE).exclude(status=Status.DONE).exists()
    if not over or not asked or ErasureItem.objects.filter(pk__in=items_of(dsr), way__in=GOES, done_at=None).exists():
        return
    if dsr.state in ENDED:
        erasure_certificates.upgrade(dsr, at=at)
        return
    partly = outcome_of(dsr) == "partly"
    action = Action.ERASURE_PARTLY if partly else Action.ERASURE_DONE
    dsr = advance(dsr, action, actor=Actor.system(), at=at)
    certificate = erasure_certificates.issue(dsr, at=at)
    owe(
        NOTICE[action],
        submission=dsr.submission,
        dsr=dsr,
        occurrence=f"{dsr.pk.hex}:{certificate.number}",
        context={"number": certificate.number, "partly": partly},
        at=at,
    )
