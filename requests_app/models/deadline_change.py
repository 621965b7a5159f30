"""What moved the date of a request: an extension, pauses. Each belongs to one clock, which a reopening ends."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .keys import unseal
from .request import DataSubjectRequest


class Extension(models.Model):
    """Once for each clock, announced with its reason before the original date."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="extensions")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    reason_sealed = models.BinaryField()
    due_before = models.DateField()
    due_after = models.DateField()
    extended_on = models.DateField(help_text="the controller's day on which the person was told")
    extended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    extended_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("dsr", "opened_at"), name="extension_once"),
            models.CheckConstraint(condition=Q(due_after__gt=F("due_before")), name="extension_is_later"),
            models.CheckConstraint(condition=Q(extended_on__lte=F("due_before")), name="extension_told_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.due_before} to {self.due_after}"

    @property
    def reason(self) -> str:
        """Why, as the person reads it."""
        return unseal(self.dsr.submission_id, f"extension.reason.{self.pk}", self.reason_sealed)


class Pause(models.Model):
    """Days that do not count, both ends included; until it has ended, the date stands as if it lasted as planned."""

    class Reason(models.TextChoices):
        CLARIFICATION = "clarification", "the person has to say what they mean"
        IDENTITY = "identity", "the person has to show who they are"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="pauses")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    reason_sealed = models.BinaryField()
    first_on = models.DateField()
    planned_last_on = models.DateField()
    last_on = models.DateField(null=True)
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    paused_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("first_on",)
        constraints = (
            models.UniqueConstraint(fields=("dsr", "opened_at"), condition=Q(last_on=None), name="pause_one_open"),
            models.UniqueConstraint(fields=("dsr", "opened_at", "first_on"), name="pause_one_a_day"),
            models.CheckConstraint(
                condition=Q(reason__in=("clarification", "identity")),
                name="pause_reason_known",
            ),
            models.CheckConstraint(condition=Q(planned_last_on__gte=F("first_on")), name="pause_planned_forward"),
            models.CheckConstraint(
                condition=Q(last_on=None, ended_at=None)
                | Q(
                    last_on__isnull=False,
                    ended_at__isnull=False,
                    last_on__gte=F("first_on"),
                    last_on__lte=F("planned_last_on"),
                ),
                name="pause_ends_within_its_plan",
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on or self.planned_last_on}"

    @property
    def why(self) -> str:
        """What is outstanding, as the person reads it."""
        return unseal(self.dsr.submission_id, f"pause.reason.{self.pk}", self.reason_sealed)
