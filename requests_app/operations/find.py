"""Find my requests: from an address by a code to all its submissions, and to those that somebody filed in its name."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from requests_app.models import Authority, Contact, IdentityCheck, Submission
from requests_app.models.keys import lookup_digests

from .actors import Actor
from .identity_checks import confirm as evaluate
from .identity_codes import issue
from .refused import Refused


def _latest(digests: list[str]) -> tuple[Submission, Contact | None] | None:
    """The case whose code goes to the address: the newest of its own, else the newest about which it was asked."""
    own = Submission.objects.filter(email_digest__in=digests).order_by("-received_at").first()
    if own is not None:
        return own, None
    asked = Authority.objects.filter(asked__email_digest__in=digests).select_related("submission", "asked")
    authority = asked.order_by("-asked_at").first()
    return (authority.submission, authority.asked) if authority else None


def request_code(email: str, *, at: datetime) -> None:
    """Owe a code to the address where it is known; the caller learns nothing either way."""
    with transaction.atomic():
        latest = _latest(lookup_digests(email))
        if latest is None:
            return
        locked = Submission.objects.select_for_update().get(pk=latest[0].pk)
        try:
            issue(locked, purpose=IdentityCheck.Purpose.FIND, actor=Actor.person(), at=at, contact=latest[1])
        except Refused:
            return  # told nobody: whether an address is known must not show


def confirm(email: str, *, code: str, at: datetime, by_link: bool = False) -> list[Submission]:
    """Return all submissions of the address and in its name, the newest first, where the code is right; else none."""
    digests = lookup_digests(email)
    check = (
        IdentityCheck.objects.filter(email_digest__in=digests, purpose=IdentityCheck.Purpose.FIND)
        .select_related("submission", "contact")
        .order_by("-issued_at")
        .first()
    )
    if check is None or not evaluate(
        check.submission,
        purpose=IdentityCheck.Purpose.FIND,
        code=code,
        actor=Actor.person(),
        at=at,
        by_link=by_link,
        contact=check.contact,
    ):
        return []
    own = Q(email_digest__in=digests) | Q(authority__asked__email_digest__in=digests)
    return list(Submission.objects.filter(own).prefetch_related("requests").order_by("-received_at"))
