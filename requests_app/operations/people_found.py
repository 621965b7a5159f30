"""Several people under what was shown: kept with the request until staff say whose data are meant. Below the verbs.

An address that a family shares shows that somebody of the family asks, and not who; whatever else they wrote, a name or
a number, anybody in the house could have written. So nobody is chosen here.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from requests_app.connectors import Match
from requests_app.models import DataSubjectRequest, FulfilmentStep, PeopleFound, SourceAct
from requests_app.models.keys import seal
from requests_app.models.staff import same_person
from requests_app.rules.addresses import normalise

from . import evidence
from .actors import Actor
from .evidence import Kind
from .refused import Refused
from .team import alarm_responsible

TOLD = "The data source {} knows several people under what was shown. Nothing is read before somebody chooses."


class SeveralPeople(Exception):
    """It is not shown which of these people asks, and nobody has chosen yet."""

    def __init__(self, people: Sequence[Match]) -> None:
        super().__init__(f"{len(people)} people")
        self.people = people


def by_reference(found: Iterable[Match]) -> list[Match]:
    """Put together what a source tells of one person in several pieces."""
    contacts: dict[str, Match] = {}
    for match in found:
        before = contacts.get(match.reference)
        more = tuple(one for one in match.contacts if before is None or one not in before.contacts)
        contacts[match.reference] = match if before is None else Match(
            match.reference, before.contacts + more, before.label or match.label
        )  # fmt: skip
    return list(contacts.values())


def whose(
    dsr: DataSubjectRequest, alias: str, people: Sequence[Match], *, found: Sequence[Match], shown: Collection[str]
) -> list[str]:
    """Return the references of whom it is shown to be, or whom staff chose, who may be nobody.

    `people`: those of `found` who were shown by one of the addresses `shown`, or verified by hand. One alone is meant,
    and so is everybody by an address that nobody else has. Raises SeveralPeople.
    """
    if len(found) == 1 or _each_by_an_own(people, found, shown):
        return [match.reference for match in people]
    known = of(dsr).filter(alias=alias).exclude(chosen_at=None).first()
    if known is None or known.opened("candidates") != _told(people):
        raise SeveralPeople(people)
    return known.chosen


def _each_by_an_own(people: Sequence[Match], found: Sequence[Match], shown: Collection[str]) -> bool:
    known = holders(found, shown)
    return all(
        (theirs := _shown_of(match, shown)) and all(known[address] == 1 for address in theirs) for match in people
    )


def holders(found: Iterable[Match], shown: Collection[str]) -> Counter[str]:
    """Return how many people have each of the addresses that were shown."""
    return Counter(address for match in found for address in _shown_of(match, shown))


def _shown_of(match: Match, shown: Collection[str]) -> set[str]:
    return {normalise(one.address) for one in match.contacts} & set(shown)


def _told(people: Sequence[Match]) -> str:
    rows = [
        {
            "reference": match.reference,
            "label": match.label,
            "contacts": [
                {"address": one.address, "kind": one.kind, "since": one.since.isoformat() if one.since else ""}
                for one in match.contacts
            ],
        }
        for match in sorted(people, key=lambda match: match.reference)
    ]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True)


def of(dsr: DataSubjectRequest) -> QuerySet[PeopleFound]:
    """Return those of the clock that runs, or ran last."""
    return PeopleFound.objects.filter(dsr=dsr, opened_at=dsr.opened_at)


def chosen_of(dsr: DataSubjectRequest) -> dict[str, list[str]]:
    """Return by source the references of those who were chosen, which the approval names by its digest."""
    return {found.alias: found.chosen for found in of(dsr).exclude(chosen_at=None)}


def refuse_chooser(dsr: DataSubjectRequest, account: User) -> None:
    """Raise Refused where this person chose whom the request is about: a second one reads how they were told apart."""
    if any(same_person(found.chosen_by, account) for found in of(dsr).exclude(chosen_at=None)):
        raise Refused("A second person approves: you chose whom it is about yourself.")


def keep(row: FulfilmentStep | SourceAct, several: SeveralPeople, *, at: datetime) -> None:
    """Keep them, sealed, and tell whoever is responsible; an earlier choice is void. What is known already is not
    told twice.

    Needs the caller's transaction with the request locked.
    """
    dsr, told = row.dsr, _told(several.people)
    known = of(dsr).filter(alias=row.alias).first()
    if known is not None and known.chosen_at is None and known.opened("candidates") == told:
        return
    found = known or PeopleFound(pk=uuid4(), dsr=dsr, alias=row.alias, opened_at=dsr.opened_at)
    found.found_by, found.found_at = row.pk, at
    found.candidates_sealed = seal(dsr.submission_id, found.place("candidates"), told)
    found.chosen_sealed = found.why_sealed = b""
    found.chosen_by = found.chosen_at = None
    found.save()
    body: dict[str, str | int] = {"step": str(row.pk), "source": row.alias, "people": len(several.people)}
    evidence.append(dsr.submission_id, Kind.SEVERAL_FOUND, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=body)
    occurrence = f"{found.pk.hex}:{at.isoformat()}"
    alarm_responsible(TOLD.format(row.alias), dsr, occurrence=occurrence, at=at)


def others_addresses(dsr: DataSubjectRequest) -> set[str]:
    """Return, normalised, the addresses of those who were found and not chosen: they stay theirs."""
    return {
        normalise(contact["address"])
        for found in of(dsr)
        for one in found.candidates
        if one["reference"] not in found.chosen
        for contact in one["contacts"]
    }


def waiting(rows: Iterable[DataSubjectRequest]) -> set[UUID]:
    """Return which of these requests wait for a choice."""
    asked = DataSubjectRequest.objects.filter(pk__in=[dsr.pk for dsr in rows])
    return set(asked.filter(WAITS).values_list("pk", flat=True))


_SEVERAL = {"dsr": OuterRef("pk"), "opened_at": OuterRef("opened_at"), "status": "several"}
WAITS = Q(Exists(FulfilmentStep.objects.filter(**_SEVERAL))) | Q(Exists(SourceAct.objects.filter(**_SEVERAL)))
