"""What stands above the queue: counts that are links, and the two charts with their numbers."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count

from requests_app.models import DataSubjectRequest
from requests_app.models.request import RIGHTS
from requests_app.operations import delivery, intake
from requests_app.operations.policies import policy_of
from requests_app.rules.lifecycle import State
from requests_app.rules.workload import Answer, coming, pace, percentile

from . import charts
from .filters import EMPTY, IS_OPEN, WORDS, counts
from .presenting import local_day

CARDS = ("overdue", "today", "approve", "person", "not_reached", "set_aside")
CHIPS = (
    "open",
    "overdue",
    "today",
    "mine",
    "unassigned",
    "person",
    "approve",
    "not_reached",
    "behalf",
    "children",
    "erasing",
    "ended",
)
ANSWERED = (State.EXECUTING, State.FULFILLED, State.PARTLY_FULFILLED, State.REFUSED)
WEEKS = 12
TO_PRINT = "../notice/?service=print"  # the list of notices, beside the queue


def link(**params: str) -> str:
    """The queue with these parameters, or the bare queue."""
    return "?" + urlencode({k: v for k, v in params.items() if v})


def _answers(now: datetime) -> list[Answer]:
    """What was answered in the last weeks. A request that was reopened since counts when it is answered again."""
    rows = DataSubjectRequest.objects.filter(state__in=ANSWERED, answered_at__gte=now - timedelta(weeks=WEEKS))
    found = []
    for at, opened_on, due_on, zone in rows.values_list(
        "answered_at", "opened_on", "due_on", "submission__received_zone"
    ):
        on = at.astimezone(ZoneInfo(zone)).date()
        found.append(Answer(on, (on - opened_on).days, on > due_on))
    return found


def board(user: Any, now: datetime, *, view: str, right: str, searching: bool) -> dict[str, Any]:
    """Everything above the table. `view` and `right` are what is chosen, `searching` whether a term was given."""
    version = intake.current_policy()
    day = local_day(now, version)
    count = counts(user, day)
    here = view or ("" if searching else "open")
    due = dict(DataSubjectRequest.objects.filter(IS_OPEN).order_by().values_list("due_on").annotate(Count("pk")))
    overdue, days = coming(due, day)
    answers = _answers(now)
    weeks = pace(answers, day, weeks=WEEKS)
    promise = (intake.expected_due(version, at=now).due_on - day).days if version else 0
    offered = policy_of(version).rights if version else ()
    return {
        "cards": [
            *({"key": k, "n": count[k], "words": WORDS[k], "href": link(view=k)} for k in CARDS),
            {"key": "print", "n": delivery.to_print().count(), "words": "Letters to print", "href": TO_PRINT},
        ],
        "chips": [
            {"words": WORDS[k], "n": count[k], "href": link(view=k, right=right), "here": k == here} for k in CHIPS
        ],
        "rights": [
            {"words": words, "href": link(view=view, right="" if key == right else key), "here": key == right}
            for key, words in RIGHTS
            if key in offered or key == right
        ],
        "nothing": "" if searching or right else EMPTY.get(here, ""),
        "due": {"bars": charts.due_bars(overdue, days), "overdue": overdue, "days": days,
                "total": overdue + sum(d.count for d in days)},
        "pace": {"lines": charts.pace_lines(weeks, promise), "weeks": weeks, "promise": promise,
                 "answers": len(answers), "late": sum(a.late for a in answers),
                 "median": percentile([a.days for a in answers], 50)},
    }  # fmt: skip
