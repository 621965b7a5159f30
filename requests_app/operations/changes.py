"""Putting a value right wherever it is held: what staff read from the person's request, and who has to be told."""

import json
import uuid
from datetime import datetime

from django.db import transaction

from requests_app.models import DataSubjectRequest, RequestedChange
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import State

from . import evidence
from .actors import Actor
from .changes_told import recipients_of
from .evidence import Kind
from .owed_acts import owe_change
from .refused import Refused
from .team import refuse_own, require
from .transition import lock

RIGHT = "correction"
MOST = 50  # of one request


def state_change(
    dsr: DataSubjectRequest, *, field: str, before: str, wanted: str, actor: Actor, at: datetime
) -> RequestedChange:
    """Write down one change and owe it to every source; `before` may be empty. Raises Refused.

    The sources are told once nothing stands between the request and its answer: whoever may change an address may take
    an account over.
    """
    account = require(actor, "state_change")
    refuse_own(dsr.submission, account)
    if dsr.right != RIGHT:
        raise Refused("Only a request for correction changes values in the sources.")
    if not field.strip() or not wanted.strip():
        raise Refused("Name the field, and what is to stand there.")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.state != State.IN_PROGRESS:
            raise Refused("This request is not in progress: return or reopen it first.")
        number = RequestedChange.objects.filter(dsr=dsr, opened_at=dsr.opened_at).count() + 1
        if number > MOST:
            raise Refused(f"At most {MOST} changes of one request.")
        change = RequestedChange(
            pk=uuid.uuid4(), dsr=dsr, opened_at=dsr.opened_at, number=number, stated_by=account, stated_at=at
        )
        said = {"field": field.strip(), "before": before.strip(), "wanted": wanted.strip()}
        change.change_sealed = seal(dsr.submission_id, change.place, json.dumps(said, ensure_ascii=False))
        change.save()
        owe_change(dsr, number, recipients=bool(recipients_of(dsr)), at=at)
        body: dict[str, str | int] = {"change": str(change.pk), "number": number}
        evidence.append(dsr.submission_id, Kind.CHANGE_STATED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    return change
