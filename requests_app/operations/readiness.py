"""What stands between an answer and its release: the one gate about WHAT is said and handed out. That of WHO is
`assurance`."""

from collections.abc import Mapping

from requests_app.models import (
    DataSubjectRequest,
    ErasureItem,
    FulfilmentStep,
    PackageBuild,
    Redaction,
    Restriction,
    SourceAct,
    StepFile,
)
from requests_app.rules.erasure_plan import goes_beyond
from requests_app.rules.restriction import OBJECTION, RIGHT

from .erasing import erases
from .files import path_of
from .owed_acts import RECIPIENTS, Act, acts_of, items_of, planners
from .owed_steps import Status, steps_of
from .packing.contents import made_of
from .refused import Refused
from .weighed import UNWEIGHED, latest

WORDS = {
    Status.WAITING: "The data source {} has not answered yet.",
    Status.PENDING: "The data source {} was asked, and its answer has not come yet.",
    Status.SEVERAL: "The data source {} knows several people under what was shown. Choose whom it is about.",
    Status.FAILED: "The data source {} could not be asked. Have it asked again, or withhold it with a ground.",
}
NOT_REVIEWED = "Nobody has looked through what the data source {} handed out."
NOT_MADE = "The package is not made yet."
UNPLANNED: Mapping[str, str] = {
    SourceAct.Status.WAITING: "The data source {} has not said yet what an erasure would reach.",
    SourceAct.Status.PENDING: "The data source {} was asked what an erasure would reach, and has not answered yet.",
    SourceAct.Status.BY_HAND: "Somebody has to say what the data source {} holds, and that it is erased by hand.",
    SourceAct.Status.SEVERAL: "The data source {} knows several people under what was shown. Choose whom it is about.",
    SourceAct.Status.FAILED: "The data source {} could not say what an erasure would reach. Have it asked again, or "
    "have it erased by hand.",
}
UNCONNECTED = "The data source {} was connected since. It is being asked what an erasure would reach."
UNCHANGED: Mapping[str, str] = {
    SourceAct.Status.WAITING: "The data source {} is told of a change, and has not answered yet.",
    SourceAct.Status.PENDING: "The data source {} was told of a change, and has not answered yet.",
    SourceAct.Status.BY_HAND: "Somebody has to change it in the data source {}, and say so.",
    SourceAct.Status.SEVERAL: "The data source {} knows several people under what was shown. Choose whom it is about.",
    SourceAct.Status.FAILED: "The data source {} could not be told of a change. Have it told again, or change it by "
    "hand.",
}
UNRESTRICTED = "Nobody has written down what is restricted (GDPR 18)."
UNLIMITED: Mapping[str, str] = {
    SourceAct.Status.WAITING: "The data source {} is told of the restriction, and has not answered yet.",
    SourceAct.Status.PENDING: "The data source {} was told of the restriction, and has not answered yet.",
    SourceAct.Status.SEVERAL: "The data source {} knows several people under what was shown. Choose whom it is about.",
    SourceAct.Status.BY_HAND: "Somebody has to restrict it in the data source {}, and say so.",
    SourceAct.Status.FAILED: "The data source {} could not be told of the restriction. Have it told again, or restrict "
    "it by hand.",
}
UNTOLD_LIMIT = "Nobody has said that those who got the data were told of the restriction (GDPR 19)."
UNTOLD = "Nobody has said that those who got the data were told of the changes (GDPR 19)."
UNDECIDED = "Nobody has decided what becomes of {}."
BEYOND = "The person was shown that {} stays. Let it stay, or have them confirm anew."
OUT_OF_DATE = "The package is out of date: something it is made of has changed. It is being made anew."


def missing(dsr: DataSubjectRequest) -> list[str]:
    """Return in words for staff what has to be done first; nothing of a request that no data source was asked for."""
    if erases(dsr):
        return _of_erasure(dsr)
    if dsr.right in (RIGHT, OBJECTION):
        return [*([UNWEIGHED] if dsr.right == OBJECTION and latest(dsr) is None else []), *_of_limits(dsr)]
    return _of_changes(dsr) + _of_sources(dsr)


def refuse_unsuspended(dsr: DataSubjectRequest) -> None:
    """Raise Refused where somebody objected and the use goes on somewhere: it stands still before it is refused."""
    if dsr.right == OBJECTION and (found := _of_limits(dsr)):
        raise Refused(" ".join(found))


def _of_limits(dsr: DataSubjectRequest) -> list[str]:
    """Something is restricted, every source has said that it knows, and the recipients are told (GDPR 18, 19)."""
    row = Restriction.objects.filter(dsr=dsr, lifted_at=None).first()
    if row is None:
        return [UNRESTRICTED]
    acts = acts_of(dsr).filter(act=Act.RESTRICT, occasion=str(row.number)).exclude(status=SourceAct.Status.DONE)
    return [
        UNTOLD_LIMIT if act.alias == RECIPIENTS else UNLIMITED[act.status].format(act.alias)
        for act in acts.order_by("alias")
    ]


def _of_sources(dsr: DataSubjectRequest) -> list[str]:
    steps = list(steps_of(dsr))
    if not steps:
        return []
    return [sentence for step in steps if (sentence := _of_step(step))] + _of_package(dsr)


def _of_erasure(dsr: DataSubjectRequest) -> list[str]:
    """Every source has said what it holds, everything of it is decided, and no more goes than the person was shown."""
    plans, items = list(acts_of(dsr).filter(act=Act.PLAN)), list(items_of(dsr))
    unasked = [UNCONNECTED.format(alias) for alias in planners() if alias not in {act.alias for act in plans}]
    unplanned = [UNPLANNED[act.status].format(act.alias) for act in plans if act.status in UNPLANNED]
    undecided = [UNDECIDED.format(_named(item)) for item in items if not item.way]
    beyond = [BEYOND.format(_named(item)) for item in items if goes_beyond(item.way, item.shown_way)]
    return unasked + unplanned + undecided + beyond


def _of_changes(dsr: DataSubjectRequest) -> list[str]:
    """Every source has said what became of each change, and the recipients are told (GDPR 16, 19)."""
    open_ones = acts_of(dsr).filter(act=Act.RECTIFY).exclude(status=SourceAct.Status.DONE).order_by("alias", "due_at")
    return list(
        dict.fromkeys(
            UNTOLD if act.alias == RECIPIENTS else UNCHANGED[act.status].format(act.alias) for act in open_ones
        )
    )


def _named(item: ErasureItem) -> str:
    return f"{item.alias}: {item.label.get('en') or item.table or 'everything'}"


def _of_step(step: FulfilmentStep) -> str:
    status = Status(step.status)
    if status in WORDS:
        return WORDS[status].format(step.alias)
    if status == Status.FOUND and step.reviewed_at is None:
        return NOT_REVIEWED.format(step.alias)
    return ""


def _of_package(dsr: DataSubjectRequest) -> list[str]:
    build = PackageBuild.objects.filter(dsr=dsr).select_related("file").first()
    if build is None or build.file is None or build.file.destroyed_at is not None:
        return [NOT_MADE]
    if build.next_try_at is not None or build.inputs != made_of(dsr):
        return [OUT_OF_DATE]
    if not path_of(build.file.pk).is_file():
        return [NOT_MADE]
    return list(build.lacks)


def refuse_unready(dsr: DataSubjectRequest) -> None:
    """Raise Refused with all that is missing."""
    if found := missing(dsr):
        raise Refused(" ".join(found))


def leaves_out(dsr: DataSubjectRequest) -> bool:
    """Whether a ground keeps something of what the sources hold out of the answer: hidden, withheld, or not erased."""
    if items_of(dsr).filter(way=ErasureItem.Way.KEEP).exists():
        return True
    steps = steps_of(dsr)
    if steps.filter(status=Status.WITHHELD).exists():
        return True
    hidden = Redaction.objects.filter(step__in=steps, undone_at=None)
    return hidden.exists() or StepFile.objects.filter(step__in=steps).exclude(hidden_ground="").exists()
