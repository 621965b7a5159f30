"""Policy versions: what the controller promised, immutable once published."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from requests_app.rules import policy as rules


class PolicyVersion(models.Model):
    """One published text of the policy file. Publication takes two people (a material change, policy B, VII)."""

    key = models.SlugField()
    version = models.PositiveIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ("-published_at", "-version")
        constraints = (
            models.UniqueConstraint(fields=("key", "version"), name="policy_version_once"),
            models.CheckConstraint(condition=~Q(prepared_by=F("approved_by")), name="policy_two_people"),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.version}"

    @property
    def policy(self) -> rules.Policy:
        """The parsed policy."""
        return rules.parse(self.text)
