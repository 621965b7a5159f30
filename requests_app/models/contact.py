"""An address that belongs to a case besides the one typed: on file, former, an agent's, a guardian's, the person's."""

import uuid

from django.db import models

from .keys import unseal
from .submission import Submission


class Contact(models.Model):
    """Its address is sealed. What goes there names no right and no data; what it confirmed or denied stands here."""

    class Role(models.TextChoices):
        """Whose address it is."""

        ON_FILE = "on_file", "on file in a data source"
        FORMER = "former", "the address before it was changed"
        AGENT = "agent", "an authorised agent's"
        GUARDIAN = "guardian", "a guardian's"
        SUBJECT = "subject", "the data subject's"
        NEW = "new", "asked for instead of the present one"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="contacts")
    role = models.CharField(max_length=8, choices=Role)
    source = models.CharField(max_length=40, blank=True, help_text="alias of the data source that knows it")
    address_sealed = models.BinaryField()
    email_digest = models.CharField(max_length=80, db_index=True)
    added_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text="a code that went there was typed")
    denied_at = models.DateTimeField(null=True, help_text="whoever reads its mail said: this was not me")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("submission", "role", "email_digest"), name="contact_once"),
            models.CheckConstraint(condition=~models.Q(email_digest=""), name="contact_has_address"),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"

    @property
    def address(self) -> str:
        """The address as it was found or typed."""
        return unseal(self.submission_id, f"contact.address.{self.pk}", self.address_sealed)
