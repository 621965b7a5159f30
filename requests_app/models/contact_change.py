"""Another address instead of the one that was confirmed: asked for, confirmed there, and vouched for by the old one."""

import uuid

from django.db import models
from django.db.models import Q

from .contact import Contact
from .submission import Submission


class ContactChange(models.Model):
    """`former` and what follows stand from the moment the new address is confirmed. It ends once: vouched or undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="contact_changes")
    new = models.ForeignKey(Contact, models.PROTECT, related_name="+")
    former = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    old_mailbox_lost = models.BooleanField()
    asked_at = models.DateTimeField()
    assurance_before = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)
    vouched_at = models.DateTimeField(null=True, help_text="the old address said: this was me")
    undone_at = models.DateTimeField(null=True, help_text="the old address said: this was not me")

    class Meta:
        ordering = ("asked_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(changed_at__isnull=True, former__isnull=True)
                | Q(changed_at__isnull=False, former__isnull=False),
                name="change_has_former_address",
            ),
            models.CheckConstraint(
                condition=Q(vouched_at__isnull=True) | Q(undone_at__isnull=True), name="change_ends_once"
            ),
            models.UniqueConstraint(
                fields=("submission",),
                condition=Q(changed_at__isnull=False, vouched_at__isnull=True, undone_at__isnull=True),
                name="change_one_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"change {self.pk}"


def unvouched(submission: Submission) -> ContactChange | None:
    """Return the change that the old address has neither vouched for nor undone."""
    rows = ContactChange.objects.filter(submission=submission, changed_at__isnull=False)
    return rows.filter(vouched_at=None, undone_at=None).select_related("new", "former").first()
