"""What the person can show of an erasure: who said what of which source, and until when something is left."""

from django.db import models

from .request import DataSubjectRequest


class ErasureCertificate(models.Model):
    """One for each stage of what is proved; the later ones say more, and none is changed. `body` is canonical JSON
    without personal data, `ed25519` the signature of its bytes, in hexadecimal."""

    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="certificates")
    number = models.PositiveSmallIntegerField()
    issued_at = models.DateTimeField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    ed25519 = models.CharField(max_length=128)
    revoked_at = models.DateTimeField(null=True, help_text="a source was found to hold data after all")

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("dsr", "number"), name="certificate_number_once"),)

    def __str__(self) -> str:
        return f"certificate {self.number} of {self.dsr_id}"
