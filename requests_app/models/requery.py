"""A data source that is asked again whether it holds anything, after it was said that all is deleted."""

import uuid

from django.db import models
from django.db.models import Q

from .answer import Decision


class Requery(models.Model):
    """Owed with the decision that says so; due while `next_try_at` is set; asked by the sweep."""

    class Result(models.TextChoices):
        """What the source answered."""

        WAITING = "waiting", "waiting"
        GONE = "gone", "nobody found any more"
        STILL_HELD = "held", "still found"
        FAILED = "failed", "cannot be asked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="requeries")
    alias = models.CharField(max_length=40, help_text="the data source")
    result = models.CharField(max_length=8, choices=Result, default=Result.WAITING)
    result_at = models.DateTimeField(help_text="since when the result is what it is")
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure_code = models.CharField(max_length=80, blank=True, help_text="class of the last error")

    class Meta:
        ordering = ("alias",)
        indexes = (models.Index(fields=("next_try_at",), name="requery_due", condition=Q(next_try_at__isnull=False)),)
        constraints = (
            models.UniqueConstraint(fields=("decision", "alias"), name="requery_once"),
            models.CheckConstraint(
                condition=Q(result="waiting", next_try_at__isnull=False)
                | (~Q(result="waiting") & Q(next_try_at__isnull=True)),
                name="requery_waiting_is_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.alias}: {self.result}"
