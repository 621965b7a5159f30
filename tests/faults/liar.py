"""A mail server that lies by chance: refuses for now, refuses for good, takes a mail and never says so."""

import random
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.smtp import Relay

LIES = ("451 later", "550 no such mailbox", "drop", "tarpit")


@dataclass
class Liar(Relay):
    """`odds` in the order of LIES; the rest is accepted. `ambiguous` counts mails taken without the client knowing."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))
    odds: tuple[float, float, float, float] = (0.08, 0.02, 0.05, 0.002)
    patience: float = 2  # seconds after which the client gives up
    ambiguous: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        lie = self.chance.choices((*LIES, ""), weights=(*self.odds, 1 - sum(self.odds)))[0]
        self.ambiguous += lie in {"drop", "tarpit"}
        self.delay = self.patience + 1 if lie == "tarpit" else 0
        self.behaviour = "accept" if lie in {"", "tarpit"} else lie
        return await super().handle_DATA(server, session, envelope)
