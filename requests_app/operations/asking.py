"""When a person could first confirm a request that staff entered: a lapse before that would be unfair."""

from datetime import datetime

from requests_app.models import DataSubjectRequest, EvidenceEvent, ReceiptCorrection, Submission
from requests_app.rules.lifecycle import State


def asked_at(dsr: DataSubjectRequest) -> datetime | None:
    """Return when the person was asked to confirm, where staff entered or re-dated the request; else None."""
    if dsr.state != State.AWAITING_VERIFICATION or dsr.submission.channel == Submission.Channel.WEB:
        return None
    entries = EvidenceEvent.objects.filter(submission_id=dsr.submission_id, seq=0).values_list("at", flat=True)
    approvals = ReceiptCorrection.objects.filter(submission_id=dsr.submission_id, approved_at__isnull=False)
    known = [*entries, *approvals.values_list("approved_at", flat=True)]
    return max((at for at in known if at is not None), default=None)
