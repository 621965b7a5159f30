"""What the oracle expects against what is stored and what was mailed: the figures of a workload."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta

from requests_app.models import DataSubjectRequest, EvidenceEvent, Notice, Submission
from requests_app.operations import evidence
from requests_app.operations.composing import message_id
from requests_app.operations.delivery import not_reached
from tests.faults import figures
from tests.faults.liar import Liar
from tests.faults.oracle import Verdict
from tests.faults.story import Story

Key = tuple[str, str, str, str]
LATE = timedelta(minutes=30)  # after a kill the next round comes within that; a silence is in the oracle's looks
NOT_OWED = {"staff_unassigned"}  # follows from what the digest names, at most 200 a day


def compare(fault: str, story: Story, verdict: Verdict) -> None:
    """Keep every figure, then fail if one is missed."""
    found = _stored()
    wanted: dict[Key, list[datetime]] = defaultdict(list)
    for one in verdict.notices:
        wanted[one.key].append(one.at)
    counts = {key: len(times) for key, times in found.items()}
    lost = Counter({key: len(times) for key, times in wanted.items()}) - Counter(counts)
    extra = Counter(counts) - Counter({key: len(times) for key, times in wanted.items()})
    wrong_time = [
        (key, at, actual)
        for key, times in wanted.items()
        for at, actual in zip(sorted(times), sorted(found.get(key, [])), strict=False)
        if not at <= actual <= at + LATE
    ]
    states = {(str(r.submission.form_key), r.right): r for r in DataSubjectRequest.objects.select_related("submission")}
    mailed = _mailed(story)

    def exactly(what: str, figure: float, *shown: object) -> None:
        if figure:
            print(f"{fault}: {what}:", *shown[:8], sep="\n  ")
        figures.exactly(fault, what, figure, 0, seed=story.seed)

    figures.at_least(fault, "notices expected", len(verdict.notices), 1, seed=story.seed)
    exactly("notices lost", lost.total(), *lost.items())
    exactly("inbox duplicates, or not owed", extra.total(), *extra.items())
    exactly("notices at another time", len(wrong_time), *wrong_time)
    exactly("mails to the wrong person", mailed["wrong"])
    gone = [k for k, case in story.acknowledged.items() if not _stands(k, case)]
    exactly("acknowledged filings lost", len(gone), *gone)
    wrong_due = [key for key, day in verdict.due.items() if key not in states or states[key].due_on != day]
    exactly("due dates other than promised", len(wrong_due), *wrong_due)
    wrong_state = [(key, s, states[key].state) for key, s in verdict.states.items() if states[key].state != s]
    exactly("states other than expected", len(wrong_state), *wrong_state)
    untrue = _untrue(verdict)
    exactly("milestones without alarm, or with an untrue lateness", len(untrue), *untrue)
    breaks = list(evidence.verify())
    exactly("breaks of the evidence", len(breaks), *breaks)
    exactly("requests set aside", DataSubjectRequest.objects.exclude(set_aside_at=None).count())
    exactly("mails lost", mailed["lost"])
    ambiguous = story.killed + (story.mail.ambiguous if isinstance(story.mail, Liar) else 0)
    figures.at_most(fault, "mails twice, against ambiguous outcomes", mailed["twice"], ambiguous, seed=story.seed)
    figures.at_most(fault, "seconds until drained", story.drained_after, 120, seed=story.seed)


def _stored() -> dict[Key, list[datetime]]:
    found: dict[Key, list[datetime]] = defaultdict(list)
    columns = ("submission__form_key", "dsr__right", "kind", "staff__username", "created_at")
    for form_key, right, kind, staff, at in Notice.objects.exclude(kind__in=NOT_OWED).values_list(*columns):
        found[str(form_key or ""), right or "", kind, staff or "person"].append(at)
    return found


def _stands(form_key: str, case_number: str) -> bool:
    return Submission.objects.filter(form_key=form_key, case_number=case_number).exists()


def _untrue(verdict: Verdict) -> list[object]:
    """Milestones that are missing, not expected, or that say another lateness than is true."""
    lateness: dict[tuple[str, str, str], list[timedelta]] = defaultdict(list)
    for one in verdict.milestones:
        lateness[one.form_key, one.right, one.kind].append(one.late)
    told: dict[tuple[str, str, str], list[timedelta]] = defaultdict(list)
    rights = dict(DataSubjectRequest.objects.values_list("pk", "right"))
    rows = EvidenceEvent.objects.filter(kind__in=("milestone", "deadline_missed")).order_by("at")
    for form_key, dsr, body in rows.values_list("submission__form_key", "dsr_id", "body"):
        said = json.loads(body)
        told[str(form_key), rights[dsr], said["milestone"]].append(timedelta(seconds=said["late_seconds"]))
    wrong: list[object] = []
    for key in lateness.keys() | told.keys():
        true, said_late = sorted(lateness[key]), sorted(told[key])
        if len(true) != len(said_late) or any(not a <= b <= a + LATE for a, b in zip(true, said_late, strict=True)):
            wrong.append((key, true, said_late))
    return wrong


def _mailed(story: Story) -> Counter[str]:
    """Mails to the wrong person, mails more than once, and notices that neither went nor are shown to the team."""
    copies: Counter[str] = Counter()
    to: dict[str, set[str]] = defaultdict(set)
    for message, recipients in zip(story.mail.mails, story.mail.recipients, strict=True):
        copies[message["Message-ID"]] += 1
        to[message["Message-ID"]] |= set(recipients)
    addresses = {str(plan.form_key): plan.email for plan in story.plans}
    shown = set(not_reached().values_list("pk", flat=True))
    figures_of = Counter[str](twice=sum(copies.values()) - len(copies), wrong=0, lost=0)
    for notice in Notice.objects.select_related("submission", "staff"):
        mine = notice.staff.email if notice.staff else addresses[str(notice.submission.form_key)]
        identifier = message_id(notice)
        figures_of["wrong"] += bool(to[identifier] - {mine})
        if notice.delivery == "handed_over":
            figures_of["lost"] += copies[identifier] == 0
        elif notice.failure_code != "expired" and notice.staff is None:
            # A code in doubt for good is not shown, but it may well have arrived: then it is not lost.
            figures_of["lost"] += notice.pk not in shown and not copies[identifier]
        else:
            figures_of["lost"] += notice.next_try_at is not None
    return figures_of
