"""What was published about one quarter: rounded counts, and nobody in them."""

from django.db import models


class PublishedFigures(models.Model):
    """Written once, when the quarter is over, and never changed: a figure that was read is found again (P36)."""

    first = models.DateField(primary_key=True)
    last = models.DateField()
    body = models.JSONField()
    published_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "published figures"

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
