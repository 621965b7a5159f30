"""What one person filed at one time through one channel."""

import uuid

from django.db import models
from django.db.models import Q

from .keys import unseal
from .policy import PolicyVersion


class Submission(models.Model):
    """Contact data are sealed; the case number is for the phone and grants nothing."""

    class Channel(models.TextChoices):
        """How the request came in."""

        WEB = "web", "this portal"
        POST = "post", "post"
        PHONE = "phone", "phone"
        MAILBOX = "mailbox", "an earlier mailbox"
        COUNTER = "counter", "in person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case_number = models.CharField(max_length=8, unique=True)
    form_key = models.UUIDField(unique=True)
    channel = models.CharField(max_length=8, choices=Channel)
    name_sealed = models.BinaryField()
    email_sealed = models.BinaryField(default=b"")
    postal_sealed = models.BinaryField(default=b"")
    details_sealed = models.BinaryField(default=b"")
    email_digest = models.CharField(max_length=80, blank=True, db_index=True)
    look_digest = models.CharField(
        max_length=80, blank=True, db_default="", db_index=True, help_text="of what the address looks like"
    )
    language = models.CharField(max_length=5)
    received_at = models.DateTimeField()
    received_on = models.DateField()
    received_zone = models.CharField(max_length=64)
    address_since = models.DateTimeField(null=True, help_text="a confirmed address was changed; older sessions end")
    assurance = models.PositiveSmallIntegerField(default=0)
    policy = models.ForeignKey(PolicyVersion, models.PROTECT)
    retention_at = models.DateTimeField(null=True, help_text="when the retention sweep looks next; empty: it never did")
    messages_destroyed_at = models.DateTimeField(null=True)
    contact_destroyed_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True, help_text="the data key, and with it all that was sealed")
    # Where the evidence chain ends: without it a chain whose last events were removed would look whole.
    evidence_length = models.PositiveIntegerField(default=0, editable=False)
    evidence_head = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        indexes = (
            models.Index(
                fields=("retention_at",), name="submission_retention", condition=Q(retention_at__isnull=False)
            ),
            models.Index(
                fields=("destroyed_at",), name="submission_destroyed", condition=Q(destroyed_at__isnull=False)
            ),
            models.Index(
                fields=("received_at",),
                name="submission_never_looked",
                condition=Q(retention_at=None, destroyed_at=None),
            ),
        )

    def __str__(self) -> str:
        return self.case_label

    @property
    def case_label(self) -> str:
        """The case number as it is read out: two groups of four."""
        return f"{self.case_number[:4]}-{self.case_number[4:]}"

    def place(self, column: str) -> str:
        """Where a sealed column stands; the associated data of its encryption."""
        return f"submission.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return the text of a sealed column: name, email, postal or details."""
        return unseal(self.pk, self.place(column), getattr(self, f"{column}_sealed"))

    @property
    def name(self) -> str:
        """The requester's name."""
        return self.opened("name")

    @property
    def email(self) -> str:
        """The address that was given, or nothing."""
        return self.opened("email")
