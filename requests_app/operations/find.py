"""Find my requests: from an address by a code to all its submissions."""

from datetime import datetime

from django.db import transaction

from requests_app.models import IdentityCheck, Submission
from requests_app.models.keys import lookup_digests

from .actors import Actor
from .identity_checks import confirm as evaluate
from .identity_codes import issue
from .refused import Refused


def _latest(email: str) -> Submission | None:
    return Submission.objects.filter(email_digest__in=lookup_digests(email)).order_by("-received_at").first()


def request_code(email: str, *, at: datetime) -> None:
    """Owe a code to the address where it is known; the caller learns nothing either way."""
    with transaction.atomic():
        latest = _latest(email)
        if latest is None:
            return
        locked = Submission.objects.select_for_update().get(pk=latest.pk)
        try:
            issue(locked, purpose=IdentityCheck.Purpose.FIND, actor=Actor.person(), at=at)
        except Refused:
            return  # told nobody: whether an address is known must not show


def confirm(email: str, *, code: str, at: datetime, by_link: bool = False) -> list[Submission]:
    """Return all submissions of the address, the newest first, where the code is right; nothing otherwise."""
    digests = lookup_digests(email)
    check = (
        IdentityCheck.objects.filter(email_digest__in=digests, purpose=IdentityCheck.Purpose.FIND)
        .select_related("submission")
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
    ):
        return []
    return list(
        Submission.objects.filter(email_digest__in=digests).prefetch_related("requests").order_by("-received_at")
    )
