"""One rung climbed, or tried."""

import uuid

from django.db import models
from django.db.models import Q

from .contact import Contact
from .submission import Submission


class IdentityCheck(models.Model):
    """One issued code with its link. Neither is stored: both are derived from the key, the id and the issue number."""

    class Purpose(models.TextChoices):
        """What the code is asked for."""

        VERIFY = "verify"
        FRESH = "fresh"
        FIND = "find"
        ON_FILE = "on_file"
        FORMER = "former"
        SUBJECT = "subject"
        STOP = "stop"
        ERASE = "erase"
        CHANGE = "change"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="identity_checks")
    purpose = models.CharField(max_length=8, choices=Purpose)
    contact = models.ForeignKey(  # where it went, if not to the address typed
        Contact, models.PROTECT, null=True, related_name="checks"
    )
    issue = models.PositiveIntegerField()
    email_digest = models.CharField(max_length=80)
    issued_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    link_tries = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="behind its link, which is secret")
    passed_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("email_digest", "issued_at"), name="check_address_hour"),)
        constraints = (
            models.UniqueConstraint(fields=("submission", "purpose", "issue"), name="check_issue_once"),
            models.CheckConstraint(condition=Q(tries__lte=5), name="check_five_tries"),
            models.CheckConstraint(condition=Q(link_tries__lte=5), name="check_five_link_tries"),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.issue}"
