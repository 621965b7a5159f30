"""What is used for nothing but storage for a while, and how an objection was weighed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from requests_app.rules.restriction import Ground, Weighed

from .keys import unseal
from .request import DataSubjectRequest


class Restriction(models.Model):
    """Stands until it is lifted, whatever becomes of its request (GDPR 18). Every data source is told of it under its
    number. Nothing lifts it but somebody who announced it to the person before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="restrictions")
    number = models.PositiveSmallIntegerField(help_text="from 1; the occasion of what the sources are told")
    ground = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Ground])
    scope_sealed = models.BinaryField(help_text="what of the data, and which use")
    until_sealed = models.BinaryField(help_text="what has to happen before it is lifted")
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="nobody: an objection did"
    )
    review_on = models.DateField(help_text="the day on which somebody looks whether it is over")
    reminded_on = models.DateField(null=True)
    why_sealed = models.BinaryField(default=b"", help_text="why it is lifted, as the person reads it")
    announced_at = models.DateTimeField(null=True)
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="nobody: the answer did"
    )
    lift_from = models.DateField(null=True, help_text="not lifted before this local day, which the person was told")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("number",)
        indexes = (models.Index(fields=("review_on",), name="restriction_review", condition=Q(lifted_at=None)),)
        constraints = (
            models.UniqueConstraint(fields=("dsr", "number"), name="restriction_once"),
            models.UniqueConstraint(fields=("dsr",), condition=Q(lifted_at=None), name="restriction_one_stands"),
            models.CheckConstraint(
                condition=Q(announced_at=None, lift_from=None) | Q(announced_at__isnull=False, lift_from__isnull=False),
                name="restriction_announced_for_a_day",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__gt=F("announced_at"), announced_at__isnull=False, lifted_by__isnull=False),
                name="restriction_lifted_after_word",
            ),
        )

    def __str__(self) -> str:
        return f"restriction {self.number} of {self.dsr_id}"

    def place(self, column: str) -> str:
        """Where a sealed column stands."""
        return f"restriction.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return a sealed text: scope, until or why."""
        return unseal(self.dsr.submission_id, self.place(column), getattr(self, f"{column}_sealed"))

    @property
    def letter(self) -> str:
        """The occurrence of the letter that announced its end."""
        return f"{self.pk.hex}:{self.announced_at.isoformat() if self.announced_at else ''}"


class Balancing(models.Model):
    """The record of weighing an objection, before it is decided; the latest one counts (GDPR 21(1), 5(2))."""

    TEXTS = ("controller", "person", "situation", "reasons")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="balancings")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    outcome = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Weighed])
    purpose = models.CharField(
        max_length=48, blank=True, help_text="of the policy: what ends where the person prevails"
    )
    controller_sealed = models.BinaryField(help_text="interests of the controller")
    person_sealed = models.BinaryField(help_text="interests, rights and freedoms of the person")
    situation_sealed = models.BinaryField(help_text="their particular situation")
    reasons_sealed = models.BinaryField(help_text="why the one prevails")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("written_at",)

    def __str__(self) -> str:
        return f"balancing of {self.dsr_id}"

    def place(self, column: str) -> str:
        """Where a sealed column stands."""
        return f"balancing.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return one of TEXTS."""
        return unseal(self.dsr.submission_id, self.place(column), getattr(self, f"{column}_sealed"))
