"""A callback of a data source that was taken: kept as long as it could be sent a second time."""

import uuid

from django.db import models


class SourceCallback(models.Model):
    """Its nonce is taken once. `step`: whatever the address named, be there such a step or not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alias = models.CharField(max_length=40, help_text="the data source")
    nonce = models.CharField(max_length=64)
    step = models.UUIDField()
    sent_at = models.DateTimeField(db_index=True, help_text="as it was signed")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("alias", "nonce"), name="callback_once"),)

    def __str__(self) -> str:
        return f"{self.alias} at {self.sent_at:%H:%M:%S}"
