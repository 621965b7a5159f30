"""The thread between the person and staff; internal notes apart."""

import uuid

from django.conf import settings
from django.db import models

from .keys import unseal
from .request import DataSubjectRequest


class Message(models.Model):
    """One sealed message, with at most one sealed file."""

    class Author(models.TextChoices):
        """Who wrote it."""

        PERSON = "person"
        STAFF = "staff"
        INTERNAL = "internal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="messages")
    author = models.CharField(max_length=8, choices=Author)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    body_sealed = models.BinaryField()
    file_name_sealed = models.BinaryField(default=b"")
    file_sha256 = models.CharField(max_length=64, blank=True)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("written_at",)

    def __str__(self) -> str:
        return f"{self.author} {self.written_at}"

    @property
    def body(self) -> str:
        """The text."""
        return unseal(self.dsr.submission_id, f"message.body.{self.pk}", self.body_sealed)

    @property
    def file_name(self) -> str:
        """The name of the file, or nothing."""
        return unseal(self.dsr.submission_id, f"message.file_name.{self.pk}", self.file_name_sealed)
