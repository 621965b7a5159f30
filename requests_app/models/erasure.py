"""The second confirmation of an erasure, and until when it can be stopped."""

from django.db import models

from .request import DataSubjectRequest


class ErasureConfirmation(models.Model):
    """Once per running clock: a request taken up again asks again. Triggers keep it as it was written."""

    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="erasure_confirmations")
    opened_at = models.DateTimeField(help_text="the running clock it belongs to")
    confirmed_at = models.DateTimeField()
    cooling_off_until = models.DateField(help_text="the last local day on which a link can stop it")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("dsr", "opened_at"), name="erasure_confirmed_once"),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__gte=models.F("opened_at")), name="erasure_confirmed_after_filing"
            ),
        )

    def __str__(self) -> str:
        return f"{self.dsr_id} confirmed {self.confirmed_at}"
