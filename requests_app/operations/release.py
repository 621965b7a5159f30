"""Hand out a file of the answer: after a fresh check, several times within its period."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from requests_app.models import AnswerFile, DataSubjectRequest, DisclosurePackage
from requests_app.rules.identity import BEFORE_AN_ANSWER

from . import assurance, evidence, files
from .actors import Actor
from .authorities import agent_reads_answer, authority_of
from .evidence import Kind
from .refused import Refused


class HeldBack(Refused):
    """Released, and something came up since: it is not handed out until that is settled."""


def held_back(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether what was released is not handed out now: something came up that casts doubt on whom it goes to."""
    return bool(set(assurance.obstacles(dsr, at=at)) - BEFORE_AN_ANSWER)


def waits_for_doubt(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether files of this answer could be fetched now, but for what came up since."""
    package = DisclosurePackage.objects.filter(dsr=dsr, expires_at__gt=at)
    return package.exists() and held_back(dsr, at=at)


def read_file(answer_file: AnswerFile, *, actor: Actor, at: datetime) -> bytes:
    """Return the file's bytes and log the download; raises Refused once the period has ended, HeldBack in doubt."""
    dsr = answer_file.dsr
    authority = authority_of(dsr.submission)
    if authority and actor.role == Actor.agent().role and not agent_reads_answer(authority, at=at):
        raise Refused(_("This answer goes to the person for whom you asked."))
    package = DisclosurePackage.objects.filter(dsr=dsr).first()
    if package is None or at >= package.expires_at or not package.files.filter(pk=answer_file.pk).exists():
        raise Refused(_("This download has ended. Ask us in your request, and we make it available again."))
    if held_back(dsr, at=at):
        raise HeldBack(
            _("The files wait: something came up about who they go to. Write to us if you do not know what.")
        )
    content = files.read(dsr.submission_id, answer_file.pk)
    with transaction.atomic():
        evidence.append(
            dsr.submission_id,
            Kind.DOWNLOADED,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={"file": str(answer_file.pk), "sha256": answer_file.sha256},
        )
        DisclosurePackage.objects.filter(pk=package.pk).update(downloads=F("downloads") + 1)
    return content
