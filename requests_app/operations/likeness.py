"""Addresses that look like the one typed and are another: for a warning to staff, never for a match (A02)."""

from cryptography.exceptions import InvalidTag

from requests_app.models import Contact, Submission
from requests_app.models.keys import KeyDestroyed, look_digests, lookup_digests
from requests_app.rules.addresses import look_alike

MOST = 5


def cases_alike(submission: Submission) -> list[Submission]:
    """Return other cases whose address looks like the one of this case and is another, the newest first."""
    try:
        typed = submission.email
    except (KeyDestroyed, InvalidTag):
        return []
    if not typed:
        return []
    others = Submission.objects.filter(look_digest__in=look_digests(typed)).exclude(pk=submission.pk)
    return list(others.exclude(email_digest__in=lookup_digests(typed)).order_by("-received_at")[:MOST])


def contacts_alike(submission: Submission) -> list[Contact]:
    """Return the other addresses of this case that look like the one typed."""
    try:
        typed = submission.email
        return [row for row in submission.contacts.order_by("added_at") if look_alike(typed, row.address)]
    except (KeyDestroyed, InvalidTag):
        return []
