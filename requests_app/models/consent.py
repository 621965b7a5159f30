"""The consent ledger: every act on a purpose, with its instant and the text that was seen. Never rewritten."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from requests_app.rules.consents import Act

from .policy import PolicyVersion
from .request import DataSubjectRequest


class EntryQuerySet(models.QuerySet["ConsentEntry"]):
    """Entries, and which of them stand."""

    def not_reversed(self) -> Self:
        """Those that nobody took back."""
        return self.filter(reversed_by=None)

    def newest_first(self) -> Self:
        """By the instant of the act; of two at one instant the one written later."""
        return self.order_by("-at", "-pk")


class ConsentEntry(models.Model):
    """One act on one purpose by the holder of an address, or of a browser. Triggers refuse UPDATE and DELETE.

    The latest act by instant is what stands. Taking one back is a further entry, which names it once.
    """

    class How(models.TextChoices):
        """By which way it came."""

        FORM = "form", "the form"
        LINK = "link", "the link of a mail"
        PAGE = "page", "the page of preferences"
        IMPORT = "import", "an imported list"
        API = "api", "the controller's systems"
        STAFF = "staff", "staff"

    key = models.CharField(max_length=64, unique=True, help_text="of what it says: said twice, it is one entry")
    digest = models.CharField(max_length=80, blank=True, help_text="keyed, of the address or of a browser's number")
    purpose = models.CharField(max_length=48)
    act = models.CharField(max_length=9, choices=[(act.value, act.value) for act in Act])
    at = models.DateTimeField(help_text="the instant of the act")
    recorded_at = models.DateTimeField()
    policy = models.ForeignKey(PolicyVersion, models.PROTECT, null=True, related_name="+")
    text_version = models.CharField(max_length=40, blank=True)
    text_sha256 = models.CharField(max_length=64, blank=True, help_text="of the text seen, where the portal knows it")
    mode = models.CharField(max_length=8, blank=True)
    basis = models.CharField(max_length=24, blank=True)
    how = models.CharField(max_length=6, choices=How)
    source = models.CharField(max_length=80, blank=True, help_text="where the controller asked, in its words")
    actor_role = models.CharField(max_length=12)
    actor_ref = models.CharField(max_length=40, blank=True)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, null=True, related_name="consents")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")

    objects = EntryQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("digest", "purpose", "-at", "-id"), name="consent_latest"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(act=Act.UNDONE.value) | Q(reverses__isnull=False), name="consent_undone_names_what"
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.act} {self.at}"


class PreferenceLink(models.Model):
    """A link by which whoever reads the mail of one address decides about one purpose; its secret is stored nowhere.

    The address is sealed by the secret itself, since a request filed by the link needs it: a copy of the database
    opens none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret_digest = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=80, db_index=True, help_text="keyed, of the address")
    address_locked = models.BinaryField()
    purpose = models.CharField(max_length=48)
    language = models.CharField(max_length=5)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.purpose} {self.made_at}"
