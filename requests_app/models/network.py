"""How often a network did something within an hour."""

from django.db import models


class NetworkCount(models.Model):
    """One network, one thing, one hour of the clock: all three are in the keyed digest, and no address is stored."""

    digest = models.CharField(max_length=64, primary_key=True)
    hour = models.DateTimeField(db_index=True)
    times = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.times} in the hour of {self.hour:%H:%M}"
