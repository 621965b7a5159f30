"""What the answer to an objection does: the use that was objected to ends, and the end of its suspension is announced.

Nothing is lifted by it: that takes somebody, after the days that the person was told of.
"""

from datetime import datetime

from requests_app.models import DataSubjectRequest
from requests_app.rules.consents import Act
from requests_app.rules.policy import Text
from requests_app.rules.restriction import OBJECTION

from . import consents, evidence, limits, weighed
from .actors import Actor
from .authorities import digest_sought
from .consents import How, New
from .evidence import Kind
from .owed_acts import owe_told
from .policies import policy_of

ANSWERED = Text("Your request is answered.", "Abbiamo risposto alla Sua richiesta.")


def answered(dsr: DataSubjectRequest, *, refused: bool, actor: Actor, at: datetime) -> None:
    """Carry the answer on. Needs the caller's transaction with the request locked, after it has moved.

    An objection that was accepted without naming a purpose stays suspended until somebody says that the use has ended.
    """
    stopped = False if refused else _stop(dsr, actor=actor, at=at)
    row = limits.standing(dsr)
    if row is not None and (refused or stopped):
        why = ANSWERED.in_language(dsr.submission.language)
        limits.announce(row, why=why, by=None, actor=actor, at=at)


def _stop(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> bool:
    record = weighed.latest(dsr) if dsr.right == OBJECTION else None
    purpose = policy_of(dsr.policy).purpose(record.purpose) if record else None
    if purpose is None:
        return False
    text, digest = consents.seen(dsr.policy, purpose), digest_sought(dsr.submission)
    consents.record([New(digest, purpose.key, Act.WITHDRAWN, at, text, How.STAFF, dsr=dsr)], actor=actor, at=at)
    owe_told(dsr, at=at)
    body = {"purposes": purpose.key}
    evidence.append(dsr.submission_id, Kind.TOOK_EFFECT, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    return True
