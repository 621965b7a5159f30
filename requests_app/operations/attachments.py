"""Reading the file that a person attached to a reply."""

from datetime import datetime

from requests_app.models import Message

from . import files
from .access import record_look
from .actors import Actor
from .team import require


def read_attachment(message: Message, *, actor: Actor, at: datetime) -> bytes:
    """Return the file's bytes and write down who looked.

    Raises RoleMissing; OSError, KeyDestroyed or InvalidTag if the file is gone.
    """
    require(actor, "look")
    content = files.read(message.dsr.submission_id, message.pk)
    record_look(message.dsr.submission, what="file of the person", actor=actor, at=at)
    return content
