"""Who looked at what: every opening of a case, a file or a contact is written down before it is shown."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from requests_app.models import AccessLog, Submission
from requests_app.models.keys import KeyDestroyed, seal

from .actors import Actor
from .team import require


def record_look(submission: Submission, *, what: str, actor: Actor, at: datetime, purpose: str = "") -> None:
    """Write down that a member of the team looked. Raises RoleMissing for anybody else."""
    account = require(actor, "look")
    with transaction.atomic():
        look = AccessLog.objects.create(at=at, staff=account, submission=submission, what=what)
        with suppress(KeyDestroyed):  # what can be looked at of such a case is little; that somebody did is kept
            look.purpose_sealed = seal(submission.pk, look.place, purpose.strip())
            look.save(update_fields=["purpose_sealed"])


def looked(submission: Submission, *, what: str, actor: Actor, since: datetime) -> bool:
    """Whether this account wrote down such a look since then."""
    return AccessLog.objects.filter(submission=submission, what=what, staff=actor.user, at__gte=since).exists()
