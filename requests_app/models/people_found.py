"""Several people whom one data source has under what was shown: a family that shares a mailbox, a second account."""

import hashlib
import json
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from .keys import unseal
from .request import DataSubjectRequest


class PeopleFound(models.Model):
    """Nothing of any of them is read before staff chose. A choice holds for these people and no others: where the
    source finds others, it is asked for anew. `opened_at` tells the clocks of a reopened request apart."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="people_found")
    alias = models.CharField(max_length=40, help_text="the data source")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    found_by = models.UUIDField(help_text="id of the step, or of the act, that found them")
    found_at = models.DateTimeField()
    candidates_sealed = models.BinaryField(help_text="reference, label and contacts of each")
    chosen_sealed = models.BinaryField(default=b"", help_text="the references of those who were chosen, maybe none")
    why_sealed = models.BinaryField(default=b"")
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    chosen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("alias", "opened_at")
        constraints = (
            models.UniqueConstraint(fields=("dsr", "alias", "opened_at"), name="people_found_once"),
            models.CheckConstraint(
                condition=Q(chosen_by=None, chosen_at=None) | Q(chosen_by__isnull=False, chosen_at__isnull=False),
                name="people_chosen_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.alias}: several people"

    def place(self, column: str) -> str:
        """Where a sealed column stands."""
        return f"peoplefound.{column}.{self.pk}"

    def opened(self, column: str) -> str:
        """Return a sealed text: candidates, chosen or why; empty where it was destroyed."""
        return unseal(self.dsr.submission_id, self.place(column), getattr(self, f"{column}_sealed"))

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """Everybody who was found, as the source told of them."""
        people: list[dict[str, Any]] = json.loads(self.opened("candidates") or "[]")
        return people

    @property
    def chosen(self) -> list[str]:
        """The references of those who were chosen."""
        references: list[str] = json.loads(self.opened("chosen") or "[]")
        return references

    @property
    def digest(self) -> str:
        """What a page has shown: other people have another one."""
        return hashlib.sha256(self.opened("candidates").encode()).hexdigest()
