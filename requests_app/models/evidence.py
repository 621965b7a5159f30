"""Append-only evidence, one hash chain per submission; and the log of who looked."""

import uuid

from django.conf import settings
from django.db import models

from .keys import unseal
from .submission import Submission


class EvidenceEvent(models.Model):
    """No direct identifier, no free text: ids, codes and digests. Triggers refuse UPDATE and DELETE."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="evidence")
    seq = models.PositiveIntegerField()
    dsr_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor_role = models.CharField(max_length=12)
    actor_ref = models.CharField(max_length=40, blank=True)
    body = models.TextField(help_text="canonical JSON, the hashed text itself")
    prev = models.CharField(max_length=64)
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("submission", "seq")
        constraints = (models.UniqueConstraint(fields=("submission", "seq"), name="evidence_seq_once"),)

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class AccessLog(models.Model):
    """Who opened or revealed what, when and why. The purpose is a sentence of staff, and may name somebody: sealed."""

    at = models.DateTimeField()
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="+")
    what = models.CharField(max_length=40)
    purpose_sealed = models.BinaryField(default=b"")

    class Meta:
        indexes = (models.Index(fields=("at",), name="look_at"),)

    def __str__(self) -> str:
        return f"{self.what} {self.at}"

    @property
    def place(self) -> str:
        """Where its purpose stands; the associated data of its encryption."""
        return f"accesslog.purpose.{self.pk}"

    @property
    def purpose(self) -> str:
        """What whoever looked said that it was for."""
        return unseal(self.submission_id, self.place, self.purpose_sealed)
