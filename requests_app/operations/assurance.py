"""Whether an answer may be released to whoever asks: read from the rows, judged by `rules.identity`."""

from collections.abc import Mapping
from datetime import datetime

from requests_app.models import DataSubjectRequest
from requests_app.rules import identity
from requests_app.rules.identity import Obstacle, Shown

from .policies import policy_of
from .refused import Refused

# What staff read; the person reads other words, on the status page.
WORDS: Mapping[Obstacle, str] = {
    Obstacle.ADDRESS: "Nobody has shown that the address given is theirs.",
}


def shown(dsr: DataSubjectRequest, *, at: datetime) -> Shown:
    """Return what stands about who asks at this instant."""
    submission = dsr.submission
    return Shown(address_given=bool(submission.email_digest), reached=submission.assurance)


def obstacles(dsr: DataSubjectRequest, *, at: datetime) -> tuple[Obstacle, ...]:
    """Return all that stands between a positive answer and its release at this instant."""
    return identity.obstacles(dsr.right, policy_of(dsr.policy), shown(dsr, at=at))


def refuse_release(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Raise Refused naming every obstacle. Asked again in the transaction that releases, under its lock (A34)."""
    if found := obstacles(dsr, at=at):
        raise Refused(" ".join(["This cannot be released yet.", *(WORDS[obstacle] for obstacle in found)]))
