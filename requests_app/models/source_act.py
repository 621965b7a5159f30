"""One thing that one data source is told for one request, and what it answered: counts, and nothing personal."""

import json
import uuid

from django.db import models
from django.db.models import Q

from .keys import unseal
from .request import DataSubjectRequest


class SourceAct(models.Model):
    """Due while `next_try_at` is set. `opened_at` tells the clocks of a reopened request apart; `occasion` the times at
    which the same is asked again."""

    class Act(models.TextChoices):
        """What it is told or asked."""

        PLAN = "plan", "what an erasure would reach"
        ERASE = "erase", "erase"
        VERIFY = "verify", "what is left"
        WITHDRAW = "withdraw", "consent withdrawn, or given again"
        RECTIFY = "rectify", "put right"
        RESTRICT = "restrict", "use for nothing but storage"
        LIFT = "lift", "lift the restriction"

    class Status(models.TextChoices):
        """What came of it."""

        WAITING = "waiting", "not told yet"
        PENDING = "pending", "told, the answer comes by itself"
        BY_HAND = "by_hand", "people have to"
        DONE = "done", "done"
        CONTRADICTED = "contradicted", "says done, and still holds data"
        FAILED = "failed", "cannot be told"
        SEVERAL = "several", "several people found"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="source_acts")
    alias = models.CharField(max_length=40, help_text="the data source")
    act = models.CharField(max_length=8, choices=Act)
    occasion = models.CharField(max_length=24, blank=True)
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    owed_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="not before")
    told_at = models.DateTimeField(null=True, help_text="since when it is being told; empty between the tries")
    finished_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure_code = models.CharField(max_length=80, blank=True, help_text="class of the last error")
    answer = models.JSONField(default=dict, help_text="counts by table, and no value of anybody")
    references_sealed = models.BinaryField(default=b"", help_text="whom the source meant when it was first asked")
    attested_by = models.ForeignKey("auth.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("alias", "due_at")
        indexes = (models.Index(fields=("next_try_at",), name="act_due", condition=Q(next_try_at__isnull=False)),)
        constraints = (
            models.UniqueConstraint(fields=("dsr", "alias", "act", "occasion", "opened_at"), name="act_once"),
            models.CheckConstraint(
                condition=~Q(status="waiting") | Q(next_try_at__isnull=False), name="act_waiting_is_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.alias}: {self.act} {self.status}"

    @property
    def place(self) -> str:
        """Where its sealed column stands."""
        return f"sourceact.references.{self.pk}"

    @property
    def references(self) -> tuple[str, ...]:
        """The source's own references to the person, as `find` gave them."""
        text = unseal(self.dsr.submission_id, self.place, self.references_sealed)
        return tuple(json.loads(text)) if text else ()
