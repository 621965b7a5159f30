"""Identity verified by hand, by two people: what the portal's own proofs could not show."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .keys import unseal
from .submission import Submission

_OPEN = Q(approved_at__isnull=True) & Q(withdrawn_at__isnull=True)


class ManualVerification(models.Model):
    """Proposed by one with a reason, approved by another. Triggers keep it as proposed; no row begins approved."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="manual_verifications")
    reason_sealed = models.BinaryField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("proposed_at",)
        constraints = (
            models.UniqueConstraint(fields=("submission",), condition=_OPEN, name="manual_one_proposal"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")), name="manual_two_people"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="manual_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(withdrawn_at__isnull=True), name="manual_one_end"
            ),
        )

    def __str__(self) -> str:
        return f"by hand {self.proposed_at}"

    @property
    def reason(self) -> str:
        """What was compared with what, as the proposer wrote it."""
        return unseal(self.submission_id, f"manualverification.reason.{self.pk}", self.reason_sealed)


def by_hand_since(submission: Submission, instant: datetime) -> bool:
    """Return whether two people verified this identity by hand, knowing what stood at this instant."""
    rows = ManualVerification.objects.filter(submission=submission, approved_at__isnull=False)
    return rows.filter(proposed_at__gte=instant).exists()
