"""What has to stay although its person asked for deletion: a court, an authority or a dispute needs it."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .keys import unseal
from .request import DataSubjectRequest


class LegalHold(models.Model):
    """Stops the erasure of the tables that it names, and of nothing else (GDPR 17(3)(b), (e), 18(1)(c))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="holds")
    scope = models.JSONField(help_text="pairs of source and table; an empty table is the whole source")
    ordered_sealed = models.BinaryField(help_text="who ordered it, and under which number")
    why_sealed = models.BinaryField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    review_on = models.DateField(help_text="the day on which somebody looks whether it is still needed")
    reminded_on = models.DateField(null=True)
    told = models.BooleanField(help_text="the person was told; a law may forbid it")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_why_sealed = models.BinaryField(default=b"")

    class Meta:
        ordering = ("set_at",)
        indexes = (models.Index(fields=("review_on",), name="hold_review", condition=Q(lifted_at__isnull=True)),)
        constraints = (
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__gte=F("set_at"), lifted_by__isnull=False),
                name="hold_lifted_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"hold of {self.dsr_id}"

    def place(self, column: str) -> str:
        """Where a sealed column stands."""
        return f"legalhold.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return a sealed text: ordered, why or lifted_why."""
        return unseal(self.dsr.submission_id, self.place(column), getattr(self, f"{column}_sealed"))

    def is_due(self, today: date) -> bool:
        """Whether somebody has to look at it."""
        return self.lifted_at is None and self.review_on <= today
