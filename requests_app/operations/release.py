"""Hand out a file of the answer: after a fresh check, any number of times within its period, from any byte on."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from requests_app.models import AnswerFile, DataSubjectRequest, DisclosurePackage, EvidenceEvent
from requests_app.rules.identity import BEFORE_AN_ANSWER
from requests_app.rules.response_deadline import received_on

from . import assurance, evidence, files, streams
from .actors import Actor
from .authorities import agent_reads_answer, authority_of
from .evidence import Kind
from .notices import owe
from .policies import policy_of
from .refused import Refused
from .team import require
from .transition import lock, reschedule

MOST_AN_HOUR = 600  # downloads and parts of one answer: no client that goes on with a large file asks so often
REISSUES = 1  # by the person, for one answer: after that somebody of the team looks


class HeldBack(Refused):
    """Released, and something came up since: it is not handed out until that is settled."""


class TooOften(Refused):
    """Asked for so many times within an hour that no honest download did it."""


def held_back(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether what was released is not handed out now: something came up that casts doubt on whom it goes to."""
    return bool(set(assurance.obstacles(dsr, at=at)) - BEFORE_AN_ANSWER)


def waits_for_doubt(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether files of this answer could be fetched now, but for what came up since."""
    package = DisclosurePackage.objects.filter(dsr=dsr, expires_at__gt=at)
    return package.exists() and held_back(dsr, at=at)


def refuse_download(answer_file: AnswerFile, *, actor: Actor, at: datetime) -> DisclosurePackage:
    """Return the package that the file is handed out of; raises Refused once the period has ended, HeldBack in doubt.

    Asked before every byte that goes out, also where a download goes on.
    """
    _refuse_reader(answer_file.dsr, actor, at)
    package = DisclosurePackage.objects.filter(dsr=answer_file.dsr_id).first()
    if package is None or at >= package.expires_at or not package.offered.filter(pk=answer_file.pk).exists():
        raise _ended()
    _refuse_doubt(answer_file.dsr, at)
    return package


def _ended() -> Refused:
    return Refused(_("This download has ended. Ask us in your request, and we make it available again."))


def _refuse_reader(dsr: DataSubjectRequest, actor: Actor, at: datetime) -> None:
    authority = authority_of(dsr.submission)
    if authority and actor.role == Actor.agent().role and not agent_reads_answer(authority, at=at):
        raise Refused(_("This answer goes to the person for whom you asked."))


def _refuse_doubt(dsr: DataSubjectRequest, at: datetime) -> None:
    if held_back(dsr, at=at):
        raise HeldBack(
            _("The files wait: something came up about who they go to. Write to us if you do not know what.")
        )


def begin(
    answer_file: AnswerFile,
    *,
    first: int = 0,
    end: int | None = None,
    locked: bool = False,
    actor: Actor,
    at: datetime,
) -> Iterator[bytes]:
    """Log the download and return its bytes from `first` up to before `end`, piece by piece; raises like the above,
    and TooOften.

    `locked`: it leaves here encrypted to a passphrase. A part of the file is written down as such; what begins with
    the first byte counts as a download.
    """
    package = refuse_download(answer_file, actor=actor, at=at)
    _refuse_flood(answer_file.dsr, at)
    content = _content(answer_file, first, answer_file.size if end is None else end)
    body: dict[str, str | int] = {"file": str(answer_file.pk), "sha256": answer_file.sha256}
    if first or end is not None:
        body |= {"from": first, "to": (answer_file.size if end is None else end) - 1}
    if locked:
        body["encrypted"] = 1
    dsr = answer_file.dsr
    with transaction.atomic():
        evidence.append(dsr.submission_id, Kind.DOWNLOADED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        if first == 0:
            DisclosurePackage.objects.filter(pk=package.pk).update(downloads=F("downloads") + 1)
    return content


def _refuse_flood(dsr: DataSubjectRequest, at: datetime) -> None:
    rows = EvidenceEvent.objects.filter(submission_id=dsr.submission_id, dsr_id=dsr.pk, kind=Kind.DOWNLOADED)
    if rows.filter(at__gt=at - timedelta(hours=1)).count() >= MOST_AN_HOUR:
        raise TooOften(_("This file was asked for very many times within an hour. Please go on in an hour."))


def _content(answer_file: AnswerFile, first: int, end: int) -> Iterator[bytes]:
    submission_id = answer_file.dsr.submission_id
    try:
        if answer_file.kind != AnswerFile.Kind.PACKAGE:
            return iter([files.read(submission_id, answer_file.pk)[first:end]])
        return streams.closing_pieces(streams.Reader(submission_id, answer_file.pk), start=first, end=end)
    except FileNotFoundError as gone:  # destroyed in this very moment
        raise _ended() from gone


def gone_at(package: DisclosurePackage) -> datetime:
    """When the files are destroyed: until then they can be made available again."""
    return package.expires_at + timedelta(days=policy_of(package.dsr.policy).retention.kept_days)


def may_reissue(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether the person can have the files made available again: ended, still there, and not done already."""
    package = DisclosurePackage.objects.select_related("dsr__policy").filter(dsr=dsr).first()
    if package is None or not is_over(package, at=at):
        return False
    done = EvidenceEvent.objects.filter(
        submission_id=dsr.submission_id,
        dsr_id=dsr.pk,
        kind=Kind.PACKAGE_REISSUED,
        actor_role__in=(Actor.person().role, Actor.agent().role),
        at__gte=package.released_at,
    )
    return done.count() < REISSUES


def is_over(package: DisclosurePackage, *, at: datetime) -> bool:
    """Whether its period has ended and its files are still there."""
    return package.expires_at <= at < gone_at(package) and package.offered.exists()


def reissue(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> DisclosurePackage:
    """Make the files of an answer available for a period more: once by the person, after that by the team.

    Raises Refused where they are still available, gone, or had by the person already; HeldBack in doubt.
    """
    if actor.user is not None:
        require(actor, "reissue_package")
    with transaction.atomic():
        dsr = lock(dsr)
        _refuse_reader(dsr, actor, at)
        package = DisclosurePackage.objects.select_related("dsr__policy").filter(dsr=dsr).first()
        if package is None or not is_over(package, at=at) or (actor.user is None and not may_reissue(dsr, at=at)):
            raise Refused(_("These files cannot be made available again here."))
        _refuse_doubt(dsr, at)
        policy = policy_of(dsr.policy)
        before, package.expires_at = package.expires_at, at + timedelta(days=policy.retention.package_days)
        package.save(update_fields=["expires_at"])
        body = {"before": before.isoformat(), "expires": package.expires_at.isoformat()}
        evidence.append(dsr.submission_id, Kind.PACKAGE_REISSUED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        owe(
            "package_again",
            submission=dsr.submission,
            dsr=dsr,
            occurrence=f"{dsr.pk.hex}:{at.isoformat()}",
            context={"ends_on": received_on(package.expires_at, policy.time_zone)},
            at=at,
        )
        reschedule(dsr, at=at)
        return package
