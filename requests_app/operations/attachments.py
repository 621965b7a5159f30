"""Reading the file that a person attached to a reply."""

from datetime import datetime

from requests_app.models import AccessLog, Message

from . import files
from .actors import Actor
from .team import APPROVER, HANDLER, OFFICER, members


def read_attachment(message: Message, *, actor: Actor, at: datetime) -> bytes:
    """Return the file's bytes and write down who looked. Raises OSError, KeyDestroyed or InvalidTag if it is gone."""
    if actor.user is None or actor.user not in members(HANDLER, APPROVER, OFFICER):
        raise PermissionError("What a person sent is for the privacy team.")
    content = files.read(message.dsr.submission_id, message.pk)
    AccessLog.objects.create(at=at, staff=actor.user, submission=message.dsr.submission, what="file of the person")
    return content
