"""A complaint, and the request that it is about."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .request import DataSubjectRequest


class Complaint(models.Model):
    """Links a complaint to the request that it is about (P18). Without a row nobody has said yet what it is about."""

    dsr = models.OneToOneField(DataSubjectRequest, models.PROTECT, primary_key=True, related_name="complaint")
    about = models.ForeignKey(
        DataSubjectRequest, models.PROTECT, null=True, related_name="complaints", help_text="empty: none filed here"
    )
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="empty: the person"
    )
    linked_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(dsr=F("about")), name="complaint_about_another"),)

    def __str__(self) -> str:
        return f"{self.dsr_id} about {self.about_id}"
