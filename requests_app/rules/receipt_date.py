"""Which day of receipt staff may give to a request that came another way, and which instant stands for it.

Units: the day is a date of the controller's zone (IANA name), instants are aware.
Source: the receipt starts the period (GDPR 12(3); Regulation 1182/71, art. 3), so it is never after the entry;
how far back it may lie is a house rule against slips of the pen.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FURTHEST_BACK = timedelta(days=730)  # longer than any mailbox lay unread; a wrong century or decade is caught


def why_not(day: date, *, entered_at: datetime, zone: str) -> str:
    """Return why this day cannot be the day of receipt, or nothing."""
    entered_on = entered_at.astimezone(ZoneInfo(zone)).date()
    if day > entered_on:
        return "The receipt date lies in the future. Enter the day on which the request really arrived."
    if day < entered_on - FURTHEST_BACK:
        return "The receipt date lies more than two years before the entry. Look at the year again."
    return ""


def instant_of(day: date, *, entered_at: datetime, zone: str) -> datetime:
    """Return noon of that day, but nothing later than the entry: a letter tells the day, not the hour."""
    return min(entered_at, datetime.combine(day, time(12), ZoneInfo(zone)))
