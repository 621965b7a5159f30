"""What was decided, by whom, approved by whom, and what was released."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .keys import unseal
from .request import DataSubjectRequest


class Decision(models.Model):
    """The approval names the digest of letter, files and scope: any change voids it."""

    class Outcome(models.TextChoices):
        """How the request is answered."""

        DONE = "done", "done"
        PARTLY = "partly", "partly done"
        REFUSE = "refuse", "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=8, choices=Outcome)
    ground = models.CharField(max_length=48, blank=True)
    letter_sealed = models.BinaryField()
    facts_sealed = models.BinaryField(default=b"")
    scope_sealed = models.BinaryField(default=b"")
    identity_match_sealed = models.BinaryField(default=b"")
    content_digest = models.CharField(max_length=64)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_digest = models.CharField(max_length=64, blank=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("decided_by")), name="decision_two_people"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(approved_digest=F("content_digest")),
                name="decision_approved_as_shown",
            ),
            models.CheckConstraint(condition=~Q(outcome="refuse") | ~Q(ground=""), name="decision_refusal_has_ground"),
        )

    def __str__(self) -> str:
        return f"{self.outcome} for {self.dsr_id}"

    def place(self, column: str) -> str:
        """Where a sealed column stands."""
        return f"decision.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return a sealed text: letter, facts, scope or identity_match."""
        return unseal(self.dsr.submission_id, self.place(column), getattr(self, f"{column}_sealed"))


class AnswerFile(models.Model):
    """A sealed file of the answer, in FILES_DIR under its own id; the person's file name is data, sealed too.

    A `package` was made by the portal from what the sources handed out and holds the attached files as well; it lies
    in a sealed stream. All others somebody attached.
    """

    class Kind(models.TextChoices):
        """How it came to be."""

        ATTACHED = "attached", "attached by staff"
        PACKAGE = "package", "made by the portal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="answer_files")
    name_sealed = models.BinaryField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ATTACHED, db_default=Kind.ATTACHED)
    attached_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    attached_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="package", attached_by=None) | Q(kind="attached", attached_by__isnull=False),
                name="answerfile_attached_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def name(self) -> str:
        """The file's name as staff gave it."""
        return unseal(self.dsr.submission_id, f"answerfile.name.{self.pk}", self.name_sealed)


class DisclosurePackage(models.Model):
    """The released files of one request, and until when they can be downloaded."""

    dsr = models.OneToOneField(DataSubjectRequest, models.PROTECT, related_name="package")
    released_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    downloads = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"package of {self.dsr_id}"

    @property
    def files(self) -> "models.QuerySet[AnswerFile]":
        """What the second person approved and is still there; a draft attached after the release is none of it."""
        return AnswerFile.objects.filter(dsr=self.dsr_id, destroyed_at=None, attached_at__lte=self.released_at)

    @property
    def offered(self) -> "models.QuerySet[AnswerFile]":
        """What of it the person fetches: the package where the portal made one, the newest alone, which holds all that
        was attached before; and what was attached after it."""
        newest = self.files.filter(kind=AnswerFile.Kind.PACKAGE).order_by("-attached_at", "-pk").first()
        if newest is None:
            return self.files
        return self.files.filter(Q(pk=newest.pk) | Q(kind=AnswerFile.Kind.ATTACHED, attached_at__gt=newest.attached_at))
