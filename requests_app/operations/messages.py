"""Writing into the thread of a request: sealed, in the transaction of the verb that owes the evidence."""

import uuid
from datetime import datetime

from requests_app.models import DataSubjectRequest, Message
from requests_app.models.keys import seal
from requests_app.rules.lifecycle import State

from .actors import Actor
from .owed_steps import owe_package


def write(
    dsr: DataSubjectRequest,
    *,
    author: Message.Author,
    text: str,
    actor: Actor,
    at: datetime,
    pk: uuid.UUID | None = None,
    file_name: str = "",
    file_sha256: str = "",
) -> Message:
    """Store one message. The caller holds the locks, and names the message in its evidence."""
    pk = pk or uuid.uuid4()
    if dsr.state == State.IN_PROGRESS:
        owe_package(dsr, at=at)  # the conversation is part of what the person gets (P38)
    return Message.objects.create(
        pk=pk,
        dsr=dsr,
        author=author,
        staff=actor.user,
        body_sealed=seal(dsr.submission_id, f"message.body.{pk}", text.strip()),
        file_name_sealed=seal(dsr.submission_id, f"message.file_name.{pk}", file_name),
        file_sha256=file_sha256,
        written_at=at,
    )
