"""Choosing whom a request is about, where a data source knows several people under what was shown."""

import json
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from requests_app.models import DataSubjectRequest, PeopleFound
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import State

from . import evidence
from .actors import Actor
from .evidence import Kind
from .owed_acts import Act, acts_of, tell_anew
from .owed_acts import Status as ActStatus
from .owed_steps import Status, ask_anew, steps_of
from .refused import Refused
from .team import refuse_own, require
from .transition import lock

TOLD = (
    "The source was told already to correct, or to restrict, what it holds of those who were chosen: choosing again "
    "would not undo it. Have it undone there by people, and write down on the case what they did."
)


def choose(found: PeopleFound, *, references: Collection[str], seen: str, why: str, actor: Actor, at: datetime) -> None:
    """Say which of the people that were found asks, or that none of them does; `seen`: the digest of those who were
    shown. The source is asked anew, about the chosen alone. Chosen again, what was read for the others is replaced.

    Raises Refused where others were found since, without a reason, once the request is decided, and where a correction
    or a restriction was told for those who were chosen before.
    """
    account = require(actor, "choose_people")
    refuse_own(found.dsr.submission, account)
    if not why.strip():
        raise Refused("Say how you told them apart.")
    with transaction.atomic():
        dsr = lock(found.dsr)
        found = PeopleFound.objects.select_for_update().get(pk=found.pk)
        if not is_open_to_choice(found, dsr):
            raise Refused("This request is not in progress any more: return or reopen it first.")
        if was_told(found, dsr):
            raise Refused(TOLD)
        known = {one["reference"] for one in found.candidates}
        if seen != found.digest or set(references) - known:
            raise Refused("The source found other people in the meantime: look at them anew.")
        found.chosen_sealed = seal(dsr.submission_id, found.place("chosen"), json.dumps(sorted(references)))
        found.why_sealed = seal(dsr.submission_id, found.place("why"), why.strip())
        found.chosen_by, found.chosen_at = account, at
        found.save(update_fields=["chosen_sealed", "why_sealed", "chosen_by", "chosen_at"])
        anew = Q(status=ActStatus.SEVERAL)
        if dsr.state == State.IN_PROGRESS:
            ask_anew(steps_of(dsr).filter(alias=found.alias).exclude(status=Status.WITHHELD), at=at)
            anew |= Q(act=Act.PLAN)
        tell_anew(acts_of(dsr).filter(anew, alias=found.alias), at=at)
        body: dict[str, str | int] = {
            "step": str(found.found_by), "source": found.alias, "people": len(known), "chosen": len(set(references))
        }  # fmt: skip
        evidence.append(dsr.submission_id, Kind.PEOPLE_CHOSEN, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def is_open_to_choice(found: PeopleFound, dsr: DataSubjectRequest) -> bool:
    """Until it is decided; of a restriction, which is told after that too, until it was told."""
    if dsr.opened_at != found.opened_at:
        return False
    told_later = acts_of(dsr).filter(alias=found.alias, act=Act.RESTRICT, status=ActStatus.SEVERAL)
    return dsr.state == State.IN_PROGRESS or told_later.exists()


def was_told(found: PeopleFound, dsr: DataSubjectRequest) -> bool:
    """Whether a choice stands by which the source was told to correct or to restrict, or may have been."""
    told = acts_of(dsr).filter(alias=found.alias, act__in=(Act.RECTIFY, Act.RESTRICT))
    untold = Q(status=ActStatus.SEVERAL) | Q(status=ActStatus.WAITING, attempts=0)
    return found.chosen_at is not None and told.exclude(untold).exists()
