"""What one request asks to be shown, read from its rows: who filed, how it came in, a mark. Below the verbs."""

from requests_app.models import DataSubjectRequest
from requests_app.rules import identity
from requests_app.rules.identity import SELF, Asked, Circumstances

from .policies import policy_of


def circumstances_of(dsr: DataSubjectRequest) -> Circumstances:
    """Return what may raise the rung of this request.

    One look-up for all requests that share the submission in memory; none where `submission__authority` came along.
    """
    authority = getattr(dsr.submission, "authority", None)
    return Circumstances(
        filer=authority.kind if authority else SELF,
        channel=dsr.submission.channel,
        sensitive=dsr.sensitive_since is not None,
    )


def asked_of(dsr: DataSubjectRequest) -> Asked:
    """Return the rung that this request asks for, and why: the least that suffices (P11)."""
    return identity.asked(dsr.right, policy_of(dsr.policy), circumstances_of(dsr))
