"""Weigh an objection: the interests of the controller, those of the person, their particular situation, and why the one
prevails (GDPR 21(1), P4). Direct marketing is not weighed: an opt-out stops it at once (GDPR 21(3))."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from requests_app.models import Balancing, DataSubjectRequest
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import State
from requests_app.rules.restriction import OBJECTION, Weighed

from . import evidence
from .actors import Actor
from .evidence import Kind
from .policies import policy_of
from .refused import Refused
from .team import refuse_own, require
from .transition import lock


def weigh(
    dsr: DataSubjectRequest, *, outcome: str, texts: Mapping[str, str], purpose: str = "", actor: Actor, at: datetime
) -> Balancing:
    """Write the record down; a later one replaces it. `texts`: one for each of Balancing.TEXTS. Raises Refused.

    `purpose`: of the policy, where the person prevails: it is stopped in the ledger and in the sources by the answer.
    """
    account = require(actor, "weigh")
    refuse_own(dsr.submission, account)
    if dsr.right != OBJECTION:
        raise Refused("Only an objection is weighed.")
    said = {column: texts.get(column, "").strip() for column in Balancing.TEXTS}
    if not all(said.values()):
        raise Refused("Write down the interests of both sides, the situation of the person, and why the one prevails.")
    if purpose and (outcome != Weighed.PERSON or policy_of(dsr.policy).purpose(purpose) is None):
        raise Refused("Name a purpose of the policy, and only where the interests of the person prevail.")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.state != State.IN_PROGRESS:
            raise Refused("This request is not in progress: return or reopen it first.")
        row = Balancing(
            pk=uuid.uuid4(), dsr=dsr, opened_at=dsr.opened_at, outcome=Weighed(outcome), purpose=purpose,
            written_by=account, written_at=at,
        )  # fmt: skip
        for column, text in said.items():
            setattr(row, f"{column}_sealed", seal(dsr.submission_id, row.place(column), text))
        row.save(force_insert=True)
        body: dict[str, str | int] = {"balancing": str(row.pk), "outcome": outcome, "purpose": purpose}
        evidence.append(dsr.submission_id, Kind.OBJECTION_WEIGHED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    return row
