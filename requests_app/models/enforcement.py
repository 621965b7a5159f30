"""What the clock has done, and whether it is alive."""

from django.db import models

from .request import DataSubjectRequest


class MilestoneRecord(models.Model):
    """A milestone is recorded once; an extension arms it anew, since `due_on` is part of the key."""

    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="milestones")
    kind = models.CharField(max_length=24)
    due_on = models.DateField()
    for_date = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dsr", "kind", "due_on", "for_date"), name="milestone_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.for_date}"


class Heartbeat(models.Model):
    """When a sweep last ran, written by the sweep itself; `queue:<name>` is the canary that came through a queue."""

    name = models.CharField(max_length=40, primary_key=True)
    last_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="when beat sent the canary: last_at minus this is the lag")

    def __str__(self) -> str:
        return self.name
