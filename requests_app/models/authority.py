"""On whose word somebody acts for another person: within which scope, until when, and who confirmed it."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from requests_app.rules.authority import Kind as Kinds

from .contact import Contact
from .keys import unseal
from .submission import Submission


class Authority(models.Model):
    """One of a submission that was filed for somebody else. The person's name, a child's birthday, the file are sealed.

    `wake_on`: the next day on which the sweep has to look. Of a child it names the month of the birthday only, until
    that month has come: a date of birth stands nowhere in the clear.
    """

    class Kind(models.TextChoices):
        """Who acts."""

        AGENT = Kinds.AGENT.value, "an authorised agent"
        GUARDIAN = Kinds.GUARDIAN.value, "a guardian"
        REPORT = Kinds.REPORT.value, "a report about an account of a child under 14"

    class PackageTo(models.TextChoices):
        """Who gets the letters and files of the answer."""

        PERSON = "person", "the person"
        AGENT = "agent", "whoever asked for them"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.OneToOneField(Submission, models.PROTECT, related_name="authority")
    kind = models.CharField(max_length=8, choices=Kind)
    scope = models.JSONField(default=list, help_text="the rights that may be exercised")
    name_sealed = models.BinaryField(default=b"")
    born_on_sealed = models.BinaryField(default=b"")
    ends_on = models.DateField(null=True, help_text="an agent's last day")
    wake_on = models.DateField(null=True)
    account_digest = models.CharField(max_length=80, blank=True, db_index=True, help_text="of a reported account")
    postal_sealed = models.BinaryField(null=True, help_text="the person's, of what staff entered")
    document_name_sealed = models.BinaryField(default=b"")
    document_sha256 = models.CharField(max_length=64, blank=True)
    destroyed_at = models.DateTimeField(null=True)
    package_to = models.CharField(max_length=8, choices=PackageTo, default=PackageTo.PERSON)
    asked = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+", help_text="who was asked last")
    asked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True, help_text="by the person, over the address asked")
    refused_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    taken_over_at = models.DateTimeField(null=True, help_text="the person, of age now, goes on alone")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("wake_on",), name="authority_wake", condition=Q(wake_on__isnull=False)),)
        constraints = (
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True)
                | (Q(proposed_by__isnull=False) & ~Q(accepted_by=F("proposed_by"))),
                name="authority_two_people",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True, accepted_at__isnull=True)
                | Q(accepted_by__isnull=False, accepted_at__isnull=False),
                name="authority_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(asked__isnull=False), name="authority_confirmed_over"
            ),
            models.CheckConstraint(
                condition=~Q(kind="agent") | Q(ends_on__isnull=False), name="authority_agent_has_end"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.submission_id}"

    def place(self, column: str) -> str:
        """Where a sealed column stands."""
        return f"authority.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return the text of a sealed column: name, born_on, postal or document_name."""
        return unseal(self.submission_id, self.place(column), getattr(self, f"{column}_sealed") or b"")

    @property
    def name(self) -> str:
        """The person for whom somebody asks."""
        return self.opened("name")

    @property
    def born_on(self) -> date | None:
        """The child's day of birth, where a guardian gave it."""
        text = self.opened("born_on")
        return date.fromisoformat(text) if text else None

    @property
    def is_stopped(self) -> bool:
        """Whether the person said no, took it back, or it ended."""
        return bool(self.refused_at or self.revoked_at or self.ended_at)
