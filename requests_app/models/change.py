"""One value that a person wants to be put right, as staff read it from what they wrote."""

import json
import uuid

from django.conf import settings
from django.db import models

from .keys import unseal
from .request import DataSubjectRequest


class RequestedChange(models.Model):
    """Every data source is told of it under its number (GDPR 16); `opened_at` tells the clocks of a request apart."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="changes")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    number = models.PositiveSmallIntegerField(help_text="from 1; the occasion of what the sources are told")
    change_sealed = models.BinaryField(help_text="field, what stands there, what is wanted")
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()

    class Meta:
        ordering = ("opened_at", "number")
        constraints = (models.UniqueConstraint(fields=("dsr", "opened_at", "number"), name="change_once"),)

    def __str__(self) -> str:
        return f"change {self.number} of {self.dsr_id}"

    @property
    def place(self) -> str:
        """Where its sealed column stands."""
        return f"requestedchange.change.{self.pk}"

    @property
    def said(self) -> dict[str, str]:
        """Return field, before and wanted; empty where it was destroyed."""
        text = unseal(self.dsr.submission_id, self.place, self.change_sealed)
        return json.loads(text) if text else {}
