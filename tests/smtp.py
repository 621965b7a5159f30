"""A mail server that can accept, refuse, delay, or drop the line after it has the message. Loopback only."""

import asyncio
import contextlib
import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services import free_port


@dataclass
class Relay:
    """What it does next: `accept`, `drop` (keeps the mail, never says 250), `drop_early` (before DATA), or a reply.

    A reply such as `451 later` is given to DATA; `rcpt` is given to RCPT instead, `delay` in seconds before the answer.
    """

    port: int = 0
    behaviour: str = "accept"
    rcpt: str = ""
    delay: float = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.behaviour == "drop_early":
            _hang_up(server)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.behaviour not in {"accept", "drop"}:
            return self.behaviour
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients.append(list(envelope.rcpt_tos))
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.behaviour == "drop":
            _hang_up(server)
        return "250 OK"

    @property
    def settings(self) -> dict[str, Any]:
        """Django settings that send to it."""
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_TIMEOUT": 2,
        }


def _hang_up(server: SMTP) -> None:
    if server.transport is not None:
        server.transport.abort()


@contextlib.contextmanager
def relay(handler: Relay | None = None) -> Iterator[Relay]:
    """A running relay, or the one that is given; its attributes may be changed while it runs."""
    handler = handler or Relay()
    handler.port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, ready_timeout=10)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()
