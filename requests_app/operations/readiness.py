"""What stands between an answer and its release: the one gate about WHAT is said and handed out. That of WHO is
`assurance`."""

from requests_app.models import DataSubjectRequest, FulfilmentStep, PackageBuild, Redaction, StepFile

from .files import path_of
from .owed_steps import Status, steps_of
from .packing.contents import made_of
from .refused import Refused
from .still_held import contradictions

WORDS = {
    Status.WAITING: "The data source {} has not answered yet.",
    Status.PENDING: "The data source {} was asked, and its answer has not come yet.",
    Status.FAILED: "The data source {} could not be asked. Have it asked again, or withhold it with a ground.",
}
NOT_REVIEWED = "Nobody has looked through what the data source {} handed out."
NOT_MADE = "The package is not made yet."
OUT_OF_DATE = "The package is out of date: something it is made of has changed. It is being made anew."


def missing(dsr: DataSubjectRequest) -> list[str]:
    """Return in words for staff what has to be done first; nothing of a request that no data source was asked for."""
    steps, contradicted = list(steps_of(dsr)), contradictions(dsr)
    if not steps:
        return contradicted
    return contradicted + [sentence for step in steps if (sentence := _of_step(step))] + _of_package(dsr)


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
    """Whether a ground keeps something of what the sources hold out of the package."""
    steps = steps_of(dsr)
    if steps.filter(status=Status.WITHHELD).exists():
        return True
    hidden = Redaction.objects.filter(step__in=steps, undone_at=None)
    return hidden.exists() or StepFile.objects.filter(step__in=steps).exclude(hidden_ground="").exists()
