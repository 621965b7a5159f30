"""What one table of one data source holds of a person who asked for deletion, and what becomes of it."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from .keys import unseal
from .request import DataSubjectRequest


class ErasureItem(models.Model):
    """Made from a dry run; decided by staff; `written_at` stands there before anything is destroyed.

    A source that does not plan by itself is one item without a table: people erase there, and say so.
    """

    class Way(models.TextChoices):
        """What becomes of it; H10 of the reading of the policies, GDPR 17(3), 18(2)."""

        ERASE = "erase", "erase"
        ANONYMISE = "anonymise", "anonymise"
        KEEP = "keep", "keep on a ground until a date"
        ISOLATE = "isolate", "isolated until it can be erased"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="erasure_items")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    alias = models.CharField(max_length=40, help_text="the data source")
    table = models.CharField(max_length=200, blank=True)
    label = models.JSONField(default=dict, help_text="of the table, in each language; configuration")
    category = models.JSONField(default=dict, help_text="the same of what it holds")
    records = models.PositiveBigIntegerField(help_text="before; of a source without tables nobody knows")
    proposed = models.CharField(max_length=9, choices=Way)
    proposed_why = models.JSONField(default=dict, help_text="of the data map, in each language")
    proposed_until = models.DateField(null=True)
    way = models.CharField(max_length=9, choices=Way, blank=True, help_text="as decided")
    ground = models.CharField(max_length=48, blank=True, help_text="of the catalogue, where it is kept")
    until_on = models.DateField(null=True, help_text="the last day on which it is kept, or isolated")
    told_sealed = models.BinaryField(default=b"", help_text="basis, use, method and note, in words")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    shown_way = models.CharField(max_length=9, blank=True, help_text="what the person was shown when they confirmed")
    written_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done = models.PositiveBigIntegerField(default=0, help_text="records erased or anonymised")
    left = models.PositiveBigIntegerField(default=0, help_text="records still readable when it was asked last")

    class Meta:
        ordering = ("alias", "table")
        constraints = (
            models.UniqueConstraint(fields=("dsr", "alias", "table", "opened_at"), name="item_once"),
            models.CheckConstraint(
                condition=~Q(way="keep") | (~Q(ground="") & Q(until_on__isnull=False)), name="item_kept_with_ground"
            ),
            models.CheckConstraint(condition=~Q(way="isolate") | Q(until_on__isnull=False), name="item_isolated_until"),
            models.CheckConstraint(
                condition=Q(way="", decided_at=None) | (~Q(way="") & Q(decided_at__isnull=False)),
                name="item_decided_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(written_at__isnull=False), name="item_written_before_done"
            ),
            models.CheckConstraint(
                condition=Q(written_at=None) | Q(way__in=("erase", "anonymise")), name="item_written_goes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.alias}.{self.table}: {self.way or self.proposed}"

    @property
    def place(self) -> str:
        """Where its sealed column stands."""
        return f"erasureitem.told.{self.pk}"

    @property
    def told(self) -> dict[str, Any]:
        """The words of the decision: `basis` and `use` of what is kept, `method` and `note` of what is anonymised."""
        text = unseal(self.dsr.submission_id, self.place, self.told_sealed)
        return json.loads(text) if text else {}
