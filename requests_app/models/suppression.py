"""Who was erased, so that they are known again: keyed digests, and nothing else of the person or the case."""

import hashlib
import hmac
import uuid

from django.conf import settings
from django.db import models


class SuppressionEntry(models.Model):
    """One identifier of somebody who was erased. `purpose` is what it may be compared for; nothing else.

    `digest`: version of the key, colon, HMAC-SHA-256. The key is in no database, so that a copy of this table names
    nobody; a digest cannot be computed anew under a later key, so the earlier ones are kept.
    """

    class Purpose(models.TextChoices):
        """What an entry may be used for."""

        ERASURE = "erasure", "so that who was erased does not come back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=80)
    kind = models.CharField(max_length=60, help_text="email, phone, number: and the system that gave it")
    normaliser = models.PositiveSmallIntegerField(help_text="version of the rules by which spellings were made one")
    purpose = models.CharField(max_length=12, choices=Purpose, default=Purpose.ERASURE)
    kept = models.JSONField(default=list, help_text="source.table that was kept when the rest was erased")
    added_at = models.DateTimeField(db_index=True, help_text="of the last erasure")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("digest", "purpose"), name="suppressed_once"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.added_at:%d %B %Y}"


class RegisterState(models.Model):
    """How far this database knows the journal of erasures; one row. A backup that is restored knows less."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.PositiveBigIntegerField(default=0, help_text="the last record that is known")
    link = models.CharField(max_length=80, blank=True, help_text="its link of the chain")
    end = models.PositiveBigIntegerField(default=0, help_text="the byte after it")
    replay = models.UUIDField(null=True, help_text="the replay that has begun and not ended")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="register_state_is_one_row"),)

    def __str__(self) -> str:
        return f"record {self.seq}"


class JournalIntent(models.Model):
    """A record that is owed: committed before it is written, gone with what follows from it.

    A record of which this database knows neither the intent nor the end was written after the backup it came from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, help_text="suppress or key")
    body = models.JSONField(help_text="keyed digests, or ids of keys")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SourceRematch(models.Model):
    """A data source that is looked through from time to time for people who were erased and came back."""

    alias = models.CharField(primary_key=True, max_length=40)
    looked_at = models.DateTimeField(null=True)
    back = models.PositiveIntegerField(default=0, help_text="people who could be erased again")
    anew = models.PositiveIntegerField(default=0, help_text="people stored after their erasure")
    next_try_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure_code = models.CharField(max_length=80, blank=True, help_text="class of the last error")

    def __str__(self) -> str:
        return self.alias


def suppression_digests(kind: str, form: str) -> list[str]:
    """Return the keyed digests of a normal form under every key version, the newest first."""
    text = kind.encode() + b"\0" + form.encode()
    return [
        f"{version}:{hmac.new(bytes.fromhex(key), text, hashlib.sha256).hexdigest()}"
        for version, key in sorted(settings.SUPPRESSION_KEYS.items(), reverse=True)
    ]
