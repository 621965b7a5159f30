"""When what the portal keeps of an ended case is destroyed: messages, then contact data, then the case itself."""

from datetime import datetime, timedelta
from enum import StrEnum

from .policy import Retention

AGAIN = timedelta(hours=1)  # how soon is looked again at what has to be kept for now
AT_LEAST = timedelta(hours=12)  # between two looks at a case of which nothing is due: all goes within a day


class Stage(StrEnum):
    """What goes at once, in this order."""

    MESSAGES = "messages"
    CONTACT = "contact"
    CASE = "case"


def ends_at(stage: Stage, ended_at: datetime, retention: Retention) -> datetime:
    """Return when the period of this stage is over, for a case whose last request ended then."""
    days = {
        Stage.MESSAGES: retention.message_days,
        Stage.CONTACT: retention.contact_days,
        Stage.CASE: retention.case_days,
    }
    return ended_at + timedelta(days=days[stage])


def look_again(now: datetime, retention: Retention) -> datetime:
    """Return when to look again at a case that is open, or may be reopened: it cannot end once more before now, so
    nothing of it is owed earlier."""
    return max(ends_at(Stage.MESSAGES, now, retention), now + AT_LEAST)
