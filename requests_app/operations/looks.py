"""Looks counted: whoever opens far more cases than the work asks for is named to the privacy officers."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from requests_app.models import AccessLog, Notice

from .team import alarm_officers

# Different cases that one account opened within a day. A handler works on some dozens; who copies a register opens all.
MANY = 100
WITHIN = timedelta(days=1)


def owe_alarms(now: datetime) -> int:
    """Owe one alarm a day for each account over it; returns for how many. The officers read it, the looker, too."""
    since = AccessLog.objects.filter(at__gt=now - WITHIN, at__lte=now)
    busy = since.values("staff", "staff__username").annotate(cases=Count("submission", distinct=True))
    return sum(_told(row["staff"], row["staff__username"], row["cases"], at=now) for row in busy.filter(cases__gt=MANY))


def _told(account: int, name: str, cases: int, *, at: datetime) -> bool:
    occurrence = f"looks:{account}:{at.date()}"
    if Notice.objects.filter(scope="staff", kind="staff_alarm", occurrence=occurrence).exists():
        return False
    with transaction.atomic():
        sentence = f"The account {name} opened {cases} different cases within a day. See the access log."
        alarm_officers(sentence, submission=None, occurrence=occurrence, at=at)
    return True
