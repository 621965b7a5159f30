"""What else the holder of an address asked for: twenty requests, each with what the last one leaked, show here."""

from collections.abc import Sequence

from django.db.models import Q

from requests_app.models import Contact, DataSubjectRequest

MOST = 20


def earlier(dsr: DataSubjectRequest) -> Sequence[DataSubjectRequest]:
    """The newest requests of other cases that share an address with this one, whichever of its addresses it was."""
    digests = set(Contact.objects.filter(submission=dsr.submission_id).values_list("email_digest", flat=True))
    digests = (digests | {dsr.submission.email_digest}) - {""}
    of_address = Q(submission__email_digest__in=digests) | Q(submission__contacts__email_digest__in=digests)
    rows = DataSubjectRequest.objects.filter(of_address).exclude(submission=dsr.submission_id).distinct()
    return list(rows.select_related("submission").order_by("-opened_at")[:MOST])
