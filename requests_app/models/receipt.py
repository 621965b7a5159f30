"""The receipt date of a request that staff entered, corrected by two people."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .keys import unseal
from .submission import Submission

_OPEN = Q(approved_at__isnull=True) & Q(withdrawn_at__isnull=True)


class ReceiptCorrection(models.Model):
    """Proposed by one, approved by another. Triggers keep it as proposed, and let no receipt change without it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="receipt_corrections")
    reason_sealed = models.BinaryField()
    old_received_at = models.DateTimeField()
    old_received_on = models.DateField()
    new_received_at = models.DateTimeField()
    new_received_on = models.DateField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("proposed_at",)
        constraints = (
            models.UniqueConstraint(fields=("submission",), condition=_OPEN, name="receipt_one_proposal"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")), name="receipt_two_people"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="receipt_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(withdrawn_at__isnull=True), name="receipt_one_end"
            ),
            models.CheckConstraint(condition=Q(new_received_at__lte=F("proposed_at")), name="receipt_in_the_past"),
        )

    def __str__(self) -> str:
        return f"{self.old_received_on} to {self.new_received_on}"

    @property
    def reason(self) -> str:
        """Why, as the proposer wrote it."""
        return unseal(self.submission_id, f"receiptcorrection.reason.{self.pk}", self.reason_sealed)
