"""A package as the portal makes one, without the sources: a sealed stream, approved by two people."""

import hashlib
import uuid
from datetime import datetime

from requests_app.models import AnswerFile, DataSubjectRequest
from requests_app.models.keys import seal
from requests_app.operations import decision, release, streams
from requests_app.operations.actors import Actor
from tests.people import staff

DONE = {"outcome": "done", "letter": "Your data.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
PIECE = 1 << 20


def made(dsr: DataSubjectRequest, content: bytes, *, at: datetime, name: str = "your-data.zip") -> AnswerFile:
    """Seal the content as the package of the request."""
    pk = uuid.uuid4()
    with streams.Writer(dsr.submission_id, pk) as out:
        for start in range(0, len(content), PIECE):
            out.write(content[start : start + PIECE])
    return AnswerFile.objects.create(
        pk=pk,
        dsr=dsr,
        name_sealed=seal(dsr.submission_id, f"answerfile.name.{pk}", name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        kind=AnswerFile.Kind.PACKAGE,
        attached_at=at,
    )


def released(dsr: DataSubjectRequest, *, at: datetime, **changes: str) -> DataSubjectRequest:
    """Bruno decides, Ada approves: what is there goes out, unless `changes` refuse."""
    bruno, ada = staff("bruno", "handler"), staff("ada", "approver")
    dsr = DataSubjectRequest.objects.select_related("submission", "policy").get(pk=dsr.pk)
    decided = decision.decide(dsr, **(DONE | changes), actor=Actor.staff(bruno), at=at)
    return decision.approve(dsr, digest=decided.content_digest, actor=Actor.staff(ada), at=at)


def fetched(answer_file: AnswerFile, *, actor: Actor, at: datetime) -> bytes:
    """The whole of a file, as the person downloads it."""
    return b"".join(release.begin(answer_file, actor=actor, at=at))
