"""A data source that is to be asked about a case, and what came of it: never an address, which a Contact has."""

import uuid

from django.db import models
from django.db.models import Q

from .submission import Submission


class SourceLookup(models.Model):
    """Owed as soon as the typed address is confirmed; due while `next_try_at` is set; asked by the sweep."""

    class Result(models.TextChoices):
        """What the source answered."""

        WAITING = "waiting", "waiting"
        NOBODY = "nobody", "nobody found"
        SAME = "same", "found under the address that was typed"
        OTHER = "other", "found under another address"
        UNPROVEN = "unproven", "found, and no address on file vouches"
        FAILED = "failed", "cannot be asked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="lookups")
    alias = models.CharField(max_length=40, help_text="the data source")
    email_digest = models.CharField(max_length=80, help_text="of the typed address that it was asked about")
    result = models.CharField(max_length=8, choices=Result, default=Result.WAITING)
    result_at = models.DateTimeField(help_text="since when the result is what it is")
    asked_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure_code = models.CharField(max_length=80, blank=True, help_text="class of the last error")

    class Meta:
        ordering = ("alias",)
        indexes = (models.Index(fields=("next_try_at",), name="lookup_due", condition=Q(next_try_at__isnull=False)),)
        constraints = (
            models.UniqueConstraint(fields=("submission", "alias"), name="lookup_once"),
            models.CheckConstraint(
                condition=~Q(result="waiting") | Q(next_try_at__isnull=False), name="lookup_waiting_is_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.alias}: {self.result}"
