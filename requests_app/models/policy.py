"""Policy versions: what the controller promised, immutable once published."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from requests_app.rules.policy import Policy
from requests_app.rules.policy_file import parse


class PolicyVersion(models.Model):
    """One published text of the policy file. Publication takes two people (a material change, policy B, VII)."""

    key = models.SlugField()
    version = models.PositiveIntegerField()
    text = models.TextField()
    regimes = models.JSONField(null=True, help_text="the named regime files, frozen")
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
    def policy(self) -> Policy:
        """The parsed policy."""
        return parse(self.text)
