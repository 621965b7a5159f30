"""What the data sources hold, as the desk reads it: a panel of the case page, and what an approver is shown."""

from datetime import datetime
from typing import Any

from django.template.defaultfilters import filesizeformat, pluralize
from django.urls import reverse

from requests_app.models import DataSubjectRequest, FulfilmentStep, PackageBuild, Redaction
from requests_app.operations import assurance, others, review
from requests_app.operations.owed_steps import Status, steps_of
from requests_app.operations.policies import policy_of
from requests_app.rules.lifecycle import State

from . import several_people, tasks
from .presenting import readable
from .roles import may
from .step_acts import ACT, PAGE
from .words import moment, named

FAILURES = {
    "RetryLater": "it is away or busy",
    "PermanentFailure": "it refused, or is not rightly configured",
    "NobodyShown": "somebody is on file there, and nobody has shown that it is the person who asks",
    "KeyDestroyed": "the data of this case have been destroyed",
    "Ended": "the request had ended",
}


def panel(dsr: DataSubjectRequest, user: Any, *, missing: list[str], at: datetime) -> dict[str, Any] | None:
    """What the sources hold, what became of the package and what is `missing`; None where no source was asked."""
    steps = list(steps_of(dsr).prefetch_related("files"))
    if not steps:
        return None
    waits = bool(assurance.obstacles(dsr, at=at))
    return {
        "steps": [_line(step, dsr, user, waits=waits, at=at) for step in steps],
        "package": _package(dsr),
        "missing": missing,
    }


def _line(step: FulfilmentStep, dsr: DataSubjectRequest, user: Any, *, waits: bool, at: datetime) -> dict[str, Any]:
    zone = dsr.submission.received_zone
    changes = dsr.state == State.IN_PROGRESS
    acts = []
    if changes and may(user, "retry_step"):
        acts.append(("retry", "Ask again"))
    if changes and may(user, "withhold_step") and step.status != Status.WITHHELD:
        acts.append(("withhold", "Withhold"))
    people = several_people.line(dsr, step.alias, user)
    buttons = [{"url": reverse(ACT, args=[step.pk, key]), "label": label} for key, label in acts]
    if people.get("url") and step.status != Status.WITHHELD:
        buttons.insert(0, {"url": people["url"], "label": people["label"]})
    return {
        "row": step,
        "people": people,
        "words": (step.status == Status.PENDING and tasks.said(step, at=at)) or said(step, waits=waits),
        "tone": TONES.get(Status(step.status), ""),
        "since": moment(step.finished_at or step.owed_at, zone),
        "took": _took(step),
        "next": step.next_try_at and not waits and moment(step.next_try_at, zone),
        **_withheld(step, dsr),
        "reviewed": step.reviewed_at and f"by {named(step.reviewed_by)} on {moment(step.reviewed_at, zone)}",
        "look": reverse(PAGE, args=[step.pk]) if _readable(step) and may(user, "review") else "",
        "acts": buttons,
        **counted(step),
    }


TONES = {Status.FAILED: "late", Status.SEVERAL: "late", Status.FOUND: "fine", Status.WITHHELD: "soon"}


def _readable(step: FulfilmentStep) -> bool:
    return step.status == Status.FOUND and step.destroyed_at is None


def said(step: FulfilmentStep, *, waits: bool = False) -> str:
    """Where a step stands, in words."""
    why = FAILURES.get(step.failure_code, step.failure_code)
    status = Status(step.status)
    if status == Status.WAITING and step.failure_code:
        return f"Has not answered: {why}"
    if status == Status.WAITING:
        return "Waits until it is shown who asks" if waits else "Not asked yet"
    if status == Status.FAILED:
        return f"Could not be asked: {why}"
    if status == Status.FOUND:
        return f"Found {_many(step)}"
    return {
        Status.PENDING: "Asked. The answer comes by itself",
        Status.SEVERAL: "Several people found: nothing is read before somebody chooses",
        Status.NOTHING: "Nothing found",
        Status.WITHHELD: "Withheld",
    }[status]


def _many(step: FulfilmentStep) -> str:
    tables, count = len(step.parts), step.files.count()
    parts = []
    if step.records:
        parts.append(f"{step.records} record{pluralize(step.records)} in {tables} table{pluralize(tables)}")
    if count:
        parts.append(f"{count} file{pluralize(count)}")
    return " and ".join(parts)


def _took(step: FulfilmentStep) -> str:
    if step.started_at is None or step.finished_at is None:
        return ""
    seconds = (step.finished_at - step.started_at).total_seconds()
    return f"{seconds:.1f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def _withheld(step: FulfilmentStep, dsr: DataSubjectRequest) -> dict[str, str]:
    if step.status != Status.WITHHELD:
        return {"ground": "", "why": ""}
    return {"ground": ground_said(dsr, step.withheld_ground), "why": readable(lambda: step.withheld_why)}


def counted(step: FulfilmentStep) -> dict[str, Any]:
    """How much of it is hidden, and what of the check is left."""
    marks = step.marks.filter(hidden=False)
    return {
        "hidden": Redaction.objects.filter(step=step, undone_at=None).count(),
        "hidden_files": step.files.exclude(hidden_ground="").count(),
        "marks": marks.count(),
        "unchecked": _readable(step) and not others.is_checked(step),
    }


def ground_said(dsr: DataSubjectRequest, key: str) -> str:
    """A ground of the catalogue with its clause."""
    ground = policy_of(dsr.policy).ground(key)
    return f"{ground.label} ({ground.clause})" if ground else key


def _package(dsr: DataSubjectRequest) -> dict[str, Any]:
    zone = dsr.submission.received_zone
    build = PackageBuild.objects.filter(dsr=dsr).select_related("file").first()
    if build is None:
        return {"words": "Not made yet: it is made once every source has answered or was withheld."}
    words = ""
    if build.next_try_at and build.failure_code:
        again = moment(build.next_try_at, zone)
        words = f"It could not be made ({build.failure_code}). It is tried again on {again}."
    elif build.next_try_at:
        words = "It is being made anew." if build.file else "It is being made."
    file = build.file if build.file is not None and build.file.destroyed_at is None else None
    made = f"Made on {moment(build.built_at, zone)}, {filesizeformat(file.size)}." if file else ""
    return {"words": " ".join(filter(None, [made, words])), "file": file}


def contents(dsr: DataSubjectRequest) -> dict[str, Any]:
    """What is handed out, for whoever approves; nothing where no source was owed a question."""
    steps = _handed_out(dsr)
    return {"steps": steps, "package": _package(dsr)} if steps else {}


def _handed_out(dsr: DataSubjectRequest) -> list[dict[str, Any]]:
    """Source by source what was found, hidden, withheld, and who looked."""
    zone = dsr.submission.received_zone
    rows = []
    for step in steps_of(dsr).select_related("reviewed_by"):
        grounds: dict[str, int] = {}
        for ground in Redaction.objects.filter(step=step, undone_at=None).values_list("ground", flat=True):
            grounds[ground] = grounds.get(ground, 0) + 1
        for ground in step.files.exclude(hidden_ground="").values_list("hidden_ground", flat=True):
            grounds[ground] = grounds.get(ground, 0) + 1
        rows.append(
            {
                "row": step,
                "words": said(step),
                "tone": TONES.get(Status(step.status), ""),
                "grounds": [{"ground": ground_said(dsr, key), "n": n} for key, n in sorted(grounds.items())],
                **_withheld(step, dsr),
                "reviewed": step.reviewed_at and f"by {named(step.reviewed_by)} on {moment(step.reviewed_at, zone)}",
                "unseen": review.unseen(step, step.reviewed_by) if step.reviewed_by else 0,
                "look": reverse(PAGE, args=[step.pk]) if _readable(step) else "",
                **counted(step),
            }
        )
    return rows
