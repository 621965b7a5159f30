"""Telling the privacy team: one notice per account, naming the case and never the person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from requests_app.models import DataSubjectRequest

from .notices import owe

HANDLER, APPROVER, OFFICER = "handler", "approver", "privacy officer"


def members(*roles: str) -> list[User]:
    """Return the active accounts with one of the roles, in a fixed order."""
    return list(User.objects.filter(groups__name__in=roles, is_active=True).distinct().order_by("pk"))


def tell(
    staff: list[User],
    kind: str,
    dsr: DataSubjectRequest,
    *,
    occurrence: str,
    at: datetime,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Owe each of them one notice about this request."""
    for member in staff:
        owe(
            kind,
            submission=dsr.submission,
            dsr=dsr,
            staff=member,
            occurrence=occurrence,
            context=context or {"due_on": dsr.due_on},
            at=at,
        )


def responsible(dsr: DataSubjectRequest) -> list[User]:
    """Return the assignee, or the privacy officers where nobody has taken it."""
    return [dsr.assignee] if dsr.assignee and dsr.assignee.is_active else members(OFFICER)
