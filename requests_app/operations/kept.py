"""Why nothing of a case may be destroyed yet, whatever its period says: the one place to ask."""

from collections.abc import Callable
from datetime import datetime

from requests_app.models import (
    Contact,
    DataSubjectRequest,
    DisclosurePackage,
    LegalHold,
    Notice,
    Restriction,
    SourceAct,
    Submission,
)
from requests_app.models.keys import KeyDestroyed, lookup_digests
from requests_app.rules.lifecycle import ENDED

from .policies import policy_of


def ended_at(submission: Submission) -> datetime | None:
    """Return when the last request of the case ended; None while one is open."""
    rows = list(submission.requests.values_list("state", "answered_at"))
    if not rows or any(state not in ENDED or at is None for state, at in rows):
        return None
    return max(at for _state, at in rows if at is not None)


def kept_for(submission: Submission, *, at: datetime) -> str:
    """Return why nothing of an ended case goes now; nothing where it may."""
    return next((why for why, keeps in REASONS.items() if keeps(submission, at)), "")


def _is_complained_about(submission: Submission, at: datetime) -> bool:
    """The same address has a complaint open: what it is about has to be there to answer it."""
    digests = {
        submission.email_digest,
        *Contact.objects.filter(submission=submission).values_list("email_digest", flat=True),
    }
    try:
        digests |= set(lookup_digests(submission.email)) if submission.email_sealed else set()
    except KeyDestroyed:  # a sweep that was killed had begun: nothing of it can be read any more
        return False
    open_ones = DataSubjectRequest.objects.filter(right="complaint").exclude(state__in=sorted(ENDED))
    return open_ones.filter(submission__email_digest__in=digests - {""}).exists()


def _is_offered(submission: Submission, at: datetime) -> bool:
    """A package can still be fetched, or be made available once more."""
    kept = policy_of(submission.policy).retention.kept
    return DisclosurePackage.objects.filter(dsr__submission=submission, expires_at__gt=at - kept).exists()


def _is_being_told(submission: Submission, at: datetime) -> bool:
    """A letter is on its way, or tried again."""
    return Notice.objects.filter(submission=submission, next_try_at__isnull=False).exists()


def _is_asked_again(submission: Submission, at: datetime) -> bool:
    """A data source is still to be asked whether it holds anything after the deletion."""
    return SourceAct.objects.filter(dsr__submission=submission, next_try_at__isnull=False).exists()


def _is_held(submission: Submission, at: datetime) -> bool:
    """A court, an authority or a dispute needs what is held of the person, and with it how it was answered."""
    return LegalHold.objects.filter(dsr__submission=submission, lifted_at=None).exists()


def _is_restricted(submission: Submission, at: datetime) -> bool:
    """Whom the sources restrict has to be known to tell them that it ended, and the person before."""
    return Restriction.objects.filter(dsr__submission=submission, lifted_at=None).exists()


def _is_to_be_lifted(submission: Submission, at: datetime) -> bool:
    """A source or a recipient may still restrict whom it was told of: whoever repairs that has to know them."""
    lifting = SourceAct.objects.filter(dsr__submission=submission, act=SourceAct.Act.LIFT)
    return lifting.exclude(status=SourceAct.Status.DONE).exists()


REASONS: dict[str, Callable[[Submission, datetime], bool]] = {
    "a complaint is open": _is_complained_about,
    "a package is offered": _is_offered,
    "a letter is on its way": _is_being_told,
    "a data source is asked again": _is_asked_again,
    "a legal hold stands": _is_held,
    "a restriction stands": _is_restricted,
    "the end of a restriction has not been told": _is_to_be_lifted,
}
