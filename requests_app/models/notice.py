"""A message that is owed. The inbox row is the legal act; e-mail is a pointer to it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from .contact import Contact
from .keys import unseal
from .request import DataSubjectRequest
from .source_task import TaskLink
from .submission import Submission


class Notice(models.Model):
    """Rendered once, in the transaction that caused it, stored sealed, never rendered again."""

    class Delivery(models.TextChoices):
        """What became of the pointer."""

        NONE = "none", "no e-mail (printed)"
        PENDING = "pending", "pending"
        LEASED = "leased", "being sent"
        HANDED_OVER = "handed_over", "handed over"
        FAILED = "failed", "failed"
        AMBIGUOUS = "ambiguous", "ambiguous"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=40, help_text="the submission's id, or staff")
    kind = models.CharField(max_length=40)
    occurrence = models.CharField(max_length=80)
    recipient = models.CharField(max_length=40, help_text="person, a staff account's id, contact: or task: with its id")
    submission = models.ForeignKey(Submission, models.PROTECT, null=True, related_name="notices")
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, null=True, related_name="notices")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="notices")
    task_link = models.ForeignKey(TaskLink, models.PROTECT, null=True, related_name="notices")
    check_id = models.UUIDField(null=True, help_text="the identity check whose code this mail carries")
    subject_sealed = models.BinaryField()
    text_sealed = models.BinaryField()
    html_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    delivery = models.CharField(max_length=12, choices=Delivery)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=40, blank=True)
    other_channel = models.CharField(max_length=40, blank=True, help_text="how it was served instead")
    served_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at",)
        indexes = (
            models.Index(fields=("next_try_at",), name="notice_due", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=("created_at",), name="notice_unsent", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=("created_at",), name="notice_lost", condition=Q(delivery__in=("ambiguous", "failed"))),
        )
        constraints = (
            models.UniqueConstraint(fields=("scope", "kind", "occurrence", "recipient"), name="notice_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at}"

    def opened(self, column: str) -> str:
        """Return the sealed subject, text or html."""
        return unseal(self.submission_id, f"notice.{column}.{self.pk}", getattr(self, f"{column}_sealed"))

    @property
    def subject(self) -> str:
        """The subject line, as rendered."""
        return self.opened("subject")

    @property
    def text(self) -> str:
        """The text, as rendered."""
        return self.opened("text")

    @property
    def check_code(self) -> str:
        """What the page 'is this message genuine?' is asked with: 48 random bits of the id."""
        head = self.pk.hex[:12].upper()
        return f"{head[:4]}-{head[4:8]}-{head[8:]}"
