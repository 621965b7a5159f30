"""The consent ledger: opt-outs and withdrawals, in effect from the instant of filing."""

from django.db import models

from .request import DataSubjectRequest


class ConsentRecord(models.Model):
    """One act on one purpose by the holder of an address. Reversing it is a further fact, never an erasure."""

    dsr = models.OneToOneField(DataSubjectRequest, models.PROTECT, related_name="consent_record")
    email_digest = models.CharField(max_length=80, db_index=True)
    purpose = models.CharField(max_length=48)
    effective_at = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} since {self.effective_at}"
