"""What staff asked a person to show, and the sealed document that came. A document alone never verifies."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .keys import unseal
from .message import Message
from .request import DataSubjectRequest
from .submission import Submission


class ProofRequest(models.Model):
    """A doubt about who asks, with its reason, which the person reads. Until it is settled nothing is released."""

    class End(models.TextChoices):
        """What became of the doubt."""

        NONE = "", "not settled"
        CONFIRMED = "confirmed", "settled by a document"
        WITHDRAWN = "withdrawn", "withdrawn by staff"
        REPLACED = "replaced", "asked again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="proof_requests")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    reason_sealed = models.BinaryField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    end = models.CharField(max_length=12, choices=End, blank=True)
    ended_at = models.DateTimeField(null=True)
    shown_on = models.DateField(null=True, help_text="the controller's day on which the confirmed document came")

    class Meta:
        ordering = ("asked_at",)
        constraints = (
            models.UniqueConstraint(fields=("dsr",), condition=Q(end=""), name="proof_one_doubt"),
            models.CheckConstraint(condition=Q(end="", ended_at=None) | (~Q(end="") & Q(ended_at__isnull=False)),
                                   name="proof_end_has_its_time"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"asked at {self.asked_at}"

    @property
    def reason(self) -> str:
        """Why staff doubt, as the person reads it."""
        return unseal(self.dsr.submission_id, f"proofrequest.reason.{self.pk}", self.reason_sealed)


class ProofDocument(models.Model):
    """Its pages lie in one sealed file under its id. Destroyed, the row keeps method, result, times and a commitment.

    `commitment` is a keyed digest of what can be seen: it tells that somebody else sent the same, and nothing more.
    """

    class Result(models.TextChoices):
        """What the reviewer said."""

        NONE = "", "not reviewed"
        ACCEPTED = "accepted", "accepted"
        REJECTED = "rejected", "not accepted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="proof_documents")
    proof = models.ForeignKey(ProofRequest, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=4)
    pages = models.PositiveSmallIntegerField()
    nearly_blank = models.BooleanField(default=False)
    commitment = models.CharField(max_length=80, db_index=True)
    submitted_at = models.DateTimeField()
    result = models.CharField(max_length=8, choices=Result, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    explained = models.OneToOneField(Message, models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    destroy_at = models.DateTimeField(help_text="when it is destroyed at the latest")
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("submitted_at",)
        indexes = (models.Index(fields=("destroy_at",), name="document_to_destroy", condition=Q(destroyed_at=None)),)
        constraints = (
            models.CheckConstraint(condition=Q(result__in=("", "accepted", "rejected")), name="document_result_known"),
            models.CheckConstraint(
                condition=Q(result="", reviewed_by=None, reviewed_at=None)
                | (~Q(result="") & Q(reviewed_by__isnull=False, reviewed_at__isnull=False)),
                name="document_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | (Q(confirmed_by__isnull=False, confirmed_at__isnull=False, result="accepted")),
                name="document_accepted_before_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("reviewed_by")), name="document_two_people"
            ),
            models.CheckConstraint(
                condition=Q(destroyed_at=None) | Q(pages=0), name="document_destroyed_keeps_no_page"
            ),
        )

    def __str__(self) -> str:
        return f"document of {self.submitted_at}"
